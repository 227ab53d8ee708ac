"""The models: what an experiment trains. To add one, write a subclass of `Dense` or `Model` and name it in `MODELS`.

A Keras classifier of your own works just as well: `run(experiment, model=my_model)`.
"""

from fedlab.models.base import Model, tensors
from fedlab.models.cnn import CNN
from fedlab.models.dense import MLP, Dense, Softmax, TwoNN

MODELS: dict[str, type[Model]] = {kind.name: kind for kind in (Softmax, TwoNN, MLP, CNN)}

__all__ = ["CNN", "MLP", "MODELS", "Dense", "Model", "Softmax", "TwoNN", "tensors"]
