"""Data sets: images or features with labels, split into training and test examples."""

from fedlab.datasets.base import Dataset
from fedlab.datasets.mnist import mnist

__all__ = ["Dataset", "mnist"]
