"""Data sets: images or features with labels, split into training and test examples.

An experiment names one of `DATASETS`; arrays of your own go in as `run(experiment, dataset=Dataset(...))`.
"""

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.mnist import MNIST, mnist
from fedlab.datasets.synthetic import Synthetic, SyntheticIID

DATASETS: dict[str, type[Source]] = {kind.name: kind for kind in (MNIST, Synthetic, SyntheticIID)}

__all__ = ["DATASETS", "MNIST", "Dataset", "Source", "Synthetic", "SyntheticIID", "mnist"]
