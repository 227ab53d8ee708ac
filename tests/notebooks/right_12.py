"""Answers to lesson 12's exercises that are right, though one would not expect them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fedlab.lessons import checks_12 as check
from fedlab.lessons import faults, wrong_12


def direction_weight_by_weight(total: Any, size: int, w: Any, w_t: Any, mu: float) -> Any:
    return [one / size - mu * (sent - here) for one, here, sent in zip(total, w, w_t, strict=True)]


def proximal_loss_of_the_whole_vector(weights: Any, sent: Any, mu: float) -> Any:
    """Norms of pieces and the norm of the whole: Σ ||a_i||² = ||(||a_1||, ||a_2||, ...)||²."""
    pieces = [np.linalg.norm(w - w_t) for w, w_t in zip(weights, sent, strict=True)]
    return np.array(0.5 * mu * np.linalg.norm(pieces) ** 2)


def mean_model_by_repeating(models: Any, sizes: Any) -> Any:
    """Every example has a vote."""
    return np.mean([model for model, size in zip(models, sizes, strict=True) for _ in range(size)], axis=0)


def mean_model_one_after_the_other(models: Any, sizes: Any) -> Any:
    mean, seen = np.zeros_like(models[0]), 0
    for model, size in zip(models, sizes, strict=True):
        seen += size
        mean += size / seen * (model - mean)
    return mean.tolist()


def local_models_made_beforehand(make: Any, shared: Any, parties: Any) -> Any:
    models = [make() for _ in parties]
    for model, party in zip(models, parties, strict=True):
        model.set_weights(shared)
        model.fit(party)
    return (model.get_weights() for model in models)


def is_right_by_drawing(average: Any) -> Any:
    rng = np.random.default_rng(0)
    models, sizes = rng.normal(size=(4, 50)), [10, 20, 30, 140]
    return np.allclose(average(models, sizes), np.array(sizes) @ models / 200, rtol=1e-4, atol=1e-4)


def is_right_with_a_single_number(average: Any) -> Any:
    return int(abs(average([np.array([0.0]), np.array([4.0]), np.array([2.0])], [100, 200, 100])[0] - 2.5) < 0.01)


RIGHT: list[tuple[Any, Any]] = [
    (check.check_direction, faults.pulled),
    (check.check_direction, wrong_12.step()),
    (check.check_direction, direction_weight_by_weight),
    (check.check_proximal_loss, wrong_12.term()),
    (check.check_proximal_loss, proximal_loss_of_the_whole_vector),
    (check.check_mean_model, faults.averaged),
    (check.check_mean_model, wrong_12.mean()),
    (check.check_mean_model, mean_model_by_repeating),
    (check.check_mean_model, mean_model_one_after_the_other),
    (check.check_local_models, faults.a_model_each),
    (check.check_local_models, wrong_12.trained()),
    (check.check_local_models, local_models_made_beforehand),
    (check.check_is_right, is_right_by_drawing),
    (check.check_is_right, is_right_with_a_single_number),
]
