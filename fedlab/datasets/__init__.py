"""Data sets: images or features with labels, split into training and test examples.

An experiment names one of `DATASETS`; arrays of your own go in as `run(experiment, dataset=Dataset(...))`.
"""

from fedlab.datasets.base import Dataset, Source
from fedlab.datasets.car_parks import CarParks
from fedlab.datasets.csv_table import csv_source, from_csv
from fedlab.datasets.heart import Heart
from fedlab.datasets.lending import Lending
from fedlab.datasets.mnist import MNIST, mnist
from fedlab.datasets.synthetic import Synthetic, SyntheticIID
from fedlab.datasets.vowels import Vowels

DATASETS: dict[str, type[Source]] = {
    kind.name: kind for kind in (MNIST, Heart, Lending, CarParks, Vowels, Synthetic, SyntheticIID)
}

__all__ = ["DATASETS", "MNIST", "Dataset", "Source", "Synthetic", "SyntheticIID", "csv_source", "from_csv", "mnist"]
