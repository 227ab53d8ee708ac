"""Known wrong answers to the exercises of lesson 05, and one right one to differ from: `Clipped`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.experiment import Experiment
from fedlab.messages import Message, Trained
from fedlab.settings import setting


def settles(weight: Callable[[np.ndarray], np.ndarray]) -> Callable[..., float]:
    """The mean of the centres, each weighted by what `weight` makes of q = (1 - rate · curve)^steps."""

    def settles_at(curves: Any, centres: Any, rate: float, steps: int) -> float:
        w = weight((1 - rate * np.asarray(curves)) ** steps)
        return float(w @ centres / w.sum())

    return settles_at


def race(**scaffold: Callable[[Experiment, dict[str, float]], Any]) -> Callable[..., Any]:
    """A fair race in which something about SCAFFOLD is otherwise."""

    def fair_race(base: Experiment, rates: dict[str, float]) -> Any:
        settings = {
            "algorithm": "scaffold",
            "learning_rate": rates["SCAFFOLD"],
            "rounds": base.rounds // 2,
            **{name: value(base, rates) for name, value in scaffold.items()},
        }
        return {"FedAvg": base.with_(learning_rate=rates["FedAvg"]), "SCAFFOLD": base.with_(**settings)}

    return fair_race


def changes_base(base: Experiment, rates: dict[str, float]) -> Any:
    base.learning_rate = rates["FedAvg"]  # type: ignore[misc]
    return {"FedAvg": base, "SCAFFOLD": base}


def nova(average: Callable[..., Any], stride: Callable[..., Any]) -> Callable[..., Any]:
    """w_t minus stride(p, τ) times what `average` makes of p, τ and the distances walked."""

    def nova(shared: Any, weights: Any, sizes: Any, steps: Any) -> Any:
        p, tau = np.asarray(sizes) / np.sum(sizes), np.asarray(steps, float)
        return shared - stride(p, tau) * average(p, tau, shared - np.asarray(weights))

    return nova


class Clipped(FedAvg):
    """A right answer."""

    reach: float = setting(1.0, "How long a party's update may be.", low=0.01, high=100.0)

    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        update = trained.weights - down[0]
        return (self.sent(update, float(np.linalg.norm(update)), trained),), own

    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * min(1.0, self.reach / max(length, 1e-12))


class NeverClips(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update


class AlwaysReaches(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * self.reach / length


class DropsTheLong(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update * float(length <= self.reach)


class DividesByTheLength(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update / max(1.0, length)


class ClipsEachWeight(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return np.clip(update, -self.reach, self.reach)


class WeighsToo(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return trained.examples * super().sent(update, length, trained)


class SendsTheModel(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return super().sent(trained.weights, float(np.linalg.norm(trained.weights)), trained)


class ClipsTheMean(NeverClips):
    def step(self, w: np.ndarray, mean: Message, share: float, server: Any) -> tuple[np.ndarray, Any]:
        return w + min(1.0, self.reach / float(np.linalg.norm(mean[0]))) * mean[0], server


class CountsHeads(Clipped):
    """Undoes the weights n_k that it expects, so that each party counts the same."""

    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return super().sent(update, length, trained) / trained.examples


class ForgetsTheMemory(Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        return super().report(down, own, trained)[0]


class ForgetsTheTuple(Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        (update,), own = super().report(down, own, trained)
        return update, own


class WritesIntoTheModel(Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        update = trained.weights
        update -= down[0]
        return (self.sent(update, float(np.linalg.norm(update)), trained),), own


class RemembersNothing(Clipped):
    def report(self, down: Message, own: Any, trained: Trained) -> Any:
        return super().report(down, own, trained)[0], None


class SendsTheLength(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return np.asarray(min(length, self.reach))


class DividesByZero(Clipped):
    def sent(self, update: np.ndarray, length: float, trained: Trained) -> np.ndarray:
        return update / np.float64(length) * min(length, self.reach)
