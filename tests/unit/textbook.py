"""Every algorithm told once more, as its paper's pseudocode: softmax regression in plain NumPy, float64, no engine.

Nothing here knows `fedlab.algorithms` beyond the numbers of an algorithm's settings. Shared with the kit is what papers
leave to chance: who holds what, the first model, who takes part and reports, in which order a party sees its examples.
As everywhere in the kit, parties count by their examples where papers let all count the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from fedlab import Experiment
from fedlab.datasets import Dataset
from fedlab.federation import first_state, prepare
from fedlab.partitions import Partition
from fedlab.randomness import Choice, generator, local_batches, participants
from fedlab.systems import reporting

Models = Iterator[list[np.ndarray]]  # after each round the shared model, (P,), or every party's own
Vectors = dict[int, np.ndarray]  # by party
Present = dict[int, list[np.ndarray]]  # who reports in a round, and that party's batches


class Lopsided(Partition):
    """Party k holds about k times as many examples as party 1; two thirds are dealt out by their labels."""

    name: ClassVar[str] = "lopsided"

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        mixed, rest = np.split(rng.permutation(len(labels)), [len(labels) // 3])
        order = np.concatenate([mixed, rest[np.argsort(labels[rest], kind="stable")]])
        ends = np.cumsum(np.arange(1, parties + 1)) / (parties * (parties + 1) / 2) * len(labels)
        return np.split(order, ends.round().astype(int)[:-1])


def gradient(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of softmax regression's mean loss: x'(p - onehot)/n for the kernel, the mean of p - onehot for the bias."""
    classes = len(w) // (x.shape[1] + 1)
    scores = x @ w[:-classes].reshape(-1, classes) + w[-classes:]
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = (chances / chances.sum(axis=1, keepdims=True) - np.eye(classes)[y]) / len(y)
    return np.concatenate([(x.T @ error).ravel(), error.sum(axis=0)])


class World:
    """The parties with their data, and what chance has in store for them."""

    def __init__(self, experiment: Experiment, dataset: Dataset):
        prepared = prepare(experiment, dataset)
        self.experiment, self.rate, self.rho = experiment, experiment.learning_rate, experiment.momentum
        self.settings: Any = experiment.algorithm
        self.first = first_state(prepared).weights.astype(np.float64)
        x = dataset.train_x.reshape(len(dataset.train_x), -1) / np.float64(dataset.scale)
        self.data = [(x[own], dataset.train_y[own]) for own in prepared.parties]
        self.n = [len(own) for own in prepared.parties]

    def pooled(self) -> World:
        """The same data in one place."""
        self.data = [tuple(map(np.concatenate, zip(*self.data, strict=True)))]  # type: ignore[list-item]
        self.n = [sum(self.n)]
        return self

    def rounds(self) -> Iterator[Present]:
        """For each round who reports, and that party's batches: positions among its examples, one array a step."""
        e = self.experiment
        for number in range(1, e.rounds + 1):
            chosen = participants(e.seed, number, len(self.n), e.participation)
            yield {
                k: local_batches(
                    generator(e.seed, Choice.BATCHES, number, k),
                    self.n[k],
                    self.n[k] if e.batch_size == "all" else int(e.batch_size),
                    epochs,
                )
                for k, epochs in reporting(e, number, chosen).items()
            }

    def mean(self, values: dict[int, np.ndarray], over: int = 0) -> np.ndarray:
        """Σ n_k/n of these parties' values; n counts the examples of these parties, or is given as `over`."""
        n = over or sum(self.n[k] for k in values)
        return np.sum([self.n[k] / n * value for k, value in values.items()], axis=0)

    def train(
        self, present: Present, w: np.ndarray, constant: list[np.ndarray] | None = None, pull: float = 0.0
    ) -> dict[int, np.ndarray]:
        """What local SGD makes of w at each party that is present, by number.

        Along ∇l(v; b) + constant[k] + pull (v - w), with momentum ρ: a velocity that begins at 0.
        """
        models = {}
        for k, batches in present.items():
            (x, y), v, velocity = self.data[k], w, np.zeros_like(w)
            for b in batches:
                more = pull * (v - w) + (constant[k] if constant else 0)
                velocity = self.rho * velocity + gradient(v, x[b], y[b]) + more
                v = v - self.rate * velocity
            models[k] = v
        return models

    def counted(self, batches: list[np.ndarray]) -> float:
        """How often a constant gradient counts in so many steps: step i, from 0, moves by 1 + ρ + .. + ρ^i of it."""
        return sum(self.rho**j for i in range(len(batches)) for j in range(i + 1))


def fedsgd(world: World) -> Models:
    """McMahan et al. 2017, section 2: w <- w - η Σ n_k/n ∇F_k(w)."""
    w = world.first
    for present in world.rounds():
        w = w - world.rate * world.mean({k: gradient(w, *world.data[k]) for k in present})
        yield [w]


def fedavg(world: World) -> Models:
    """McMahan et al. 2017, algorithm 1: w <- Σ n_k/n w_k."""
    w = world.first
    for present in world.rounds():
        w = world.mean(world.train(present, w))
        yield [w]


def fedprox(world: World) -> Models:
    """Li et al. 2020, algorithm 2: each party goes down F_k(v) + μ/2 ||v - w||²."""
    w, mu = world.first, world.settings.mu
    for present in world.rounds():
        w = world.mean(world.train(present, w, pull=mu))
        yield [w]


def fedavgm(world: World) -> Models:
    """Hsu et al. 2019: v <- β v + Σ n_k/n (w - w_k), w <- w - η_s v."""
    w, v = world.first, np.zeros_like(world.first)
    for present in world.rounds():
        v = world.settings.server_momentum * v + w - world.mean(world.train(present, w))
        w = w - world.settings.server_learning_rate * v
        yield [w]


def adaptive(second: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> Callable[[World], Models]:
    """Reddi et al. 2021, algorithm 2. second: v_t from v_{t-1}, Δ_t and β2."""

    def told(world: World) -> Models:
        settings = world.settings
        w, m = world.first, np.zeros_like(world.first)
        v = np.full_like(w, settings.tau**2)
        for present in world.rounds():
            delta = world.mean({k: w_k - w for k, w_k in world.train(present, w).items()})
            m = settings.beta_1 * m + (1 - settings.beta_1) * delta
            v = second(v, delta, getattr(settings, "beta_2", 0.0))
            w = w + settings.server_learning_rate * m / (np.sqrt(v) + settings.tau)
            yield [w]

    return told


def scaffold(world: World) -> Models:
    """Karimireddy et al. 2020, algorithm 1, option II."""
    x, c = world.first, np.zeros_like(world.first)
    c_k = [c] * len(world.n)
    for present in world.rounds():
        y = world.train(present, x, [c - own for own in c_k])
        plus = {k: c_k[k] - c + (x - y[k]) / (world.counted(batches) * world.rate) for k, batches in present.items()}
        x = x + world.settings.server_learning_rate * (world.mean(y) - x)
        c = c + world.mean({k: plus[k] - c_k[k] for k in present}, over=sum(world.n))
        c_k = [plus.get(k, old) for k, old in enumerate(c_k)]
        yield [x]


def fednova(world: World) -> Models:
    """Wang et al. 2020, equation 9: w <- w - τ_eff Σ p_k η d_k, d_k the mean of k's gradients, τ_eff = Σ p_k τ_k."""
    w = world.first
    for present in world.rounds():
        tau = {k: np.array(world.counted(batches)) for k, batches in present.items()}
        d = {k: (w - w_k) / (world.rate * tau[k]) for k, w_k in world.train(present, w).items()}
        w = w - world.mean(tau) * world.rate * world.mean(d)
        yield [w]


def feddyn(world: World) -> Models:
    """Acar et al. 2021, algorithm 1: parties go down F_k(v) - <g_k, v> + α/2 ||v - w||²."""
    w, alpha = world.first, world.settings.feddyn_alpha
    h, g = np.zeros_like(w), [np.zeros_like(w)] * len(world.n)
    for present in world.rounds():
        models = world.train(present, w, [-own for own in g], alpha)
        g = [old - alpha * (models[k] - w) if k in models else old for k, old in enumerate(g)]
        h = h - alpha * world.mean({k: models[k] - w for k in models}, over=sum(world.n))
        w = world.mean(models) - h / alpha
        yield [w]


def loss(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """The mean of log Σ_c exp(score_c) - score_y."""
    classes = len(w) // (x.shape[1] + 1)
    scores = x @ w[:-classes].reshape(-1, classes) + w[-classes:]
    return float((np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]).mean())


def qfedavg(world: World) -> Models:
    """Li et al. 2020 (q-FFL), algorithm 2, L = 1/η: w <- w - Σ p_k F_k^q Δ_k / Σ p_k h_k; F_k as the steps saw it."""
    w, q = world.first, world.settings.q
    for present in world.rounds():
        directions, h = {}, {}
        for k, batches in present.items():
            x, y = world.data[k]
            ends = [w] + [world.train({k: batches[:i]}, w)[k] for i in range(1, len(batches) + 1)]
            f = sum(len(b) * loss(v, x[b], y[b]) for b, v in zip(batches, ends, strict=False)) / sum(map(len, batches))
            delta = (w - ends[-1]) / world.rate
            directions[k] = f**q * delta
            h[k] = np.array(q * f ** (q - 1) * (delta @ delta) + f**q / world.rate)
        w = w - world.mean(directions) / world.mean(h)
        yield [w]


def ditto(world: World) -> Models:
    """Li et al. 2021, algorithm 1: FedAvg's w; and each v_k, which begins at w, goes down F_k(v) + λ/2 ||v - w||²."""
    w, own, pull = world.first, dict[int, np.ndarray](), world.settings.ditto_pull
    for present in world.rounds():
        for k, batches in present.items():
            begin = own.get(k, w)
            towards = [pull * (begin - w)] * len(world.n)  # and pull (v - begin) on the way: together pull (v - w)
            own[k] = world.train({k: batches}, begin, towards, pull)[k]
        w = world.mean(world.train(present, w))
        yield [w, *(own.get(k, w) for k in range(len(world.n)))]


def central(world: World) -> Models:
    """SGD on all the data in one place."""
    world, w = world.pooled(), world.first
    for present in world.rounds():
        w = world.train(present, w)[0]
        yield [w]


def alone(world: World) -> Models:
    """Every party by itself, from the same first model."""
    models = [world.first] * len(world.n)
    for present in world.rounds():
        models = [world.train({k: present[k]}, w)[k] if k in present else w for k, w in enumerate(models)]
        yield models


def fedbuff(world: World) -> Models:
    """Nguyen et al. 2022, algorithm 1: w <- w + η_s Σ n_k/n (1 + τ_k)^-a (w_k - w_start,k) over the first B_s."""

    def server(w: np.ndarray, found: Vectors, start: list[np.ndarray], age: dict[int, int]) -> np.ndarray:
        s = world.settings
        steps = {k: (1 + age[k]) ** -s.staleness * (found[k] - start[k]) for k in found}
        return np.asarray(w + s.server_learning_rate * world.mean(steps))

    return without_rounds(world, world.settings.buffer, server)


def fedasync(world: World) -> Models:
    """Xie et al. 2019, algorithm 1: w <- (1 - α_τ) w + α_τ w_k, α_τ = α (1 + τ)^-a, whenever a party is ready."""

    def server(w: np.ndarray, found: Vectors, start: list[np.ndarray], age: dict[int, int]) -> np.ndarray:
        ((k, model),) = found.items()
        alpha = world.settings.mixing * (1 + age[k]) ** -world.settings.staleness
        return (1 - alpha) * w + alpha * model

    return without_rounds(world, 1, server)


def without_rounds(world: World, needed: int, server: Callable[..., np.ndarray]) -> Models:
    """Parties train at their own speed, a thousand examples a second beside a model of float32 down and up."""
    e, parties = world.experiment, range(len(world.n))
    takes = [8e-6 * 2 * 4 * len(world.first) / e.bandwidth + e.local_epochs * n / 1_000 for n in world.n]
    w, now, ready = world.first, 0.0, list(takes)
    start, since = [w for _ in parties], [0 for _ in parties]
    for done, batches in enumerate(world.rounds()):
        here = sorted(sorted(parties, key=lambda k: (ready[k], k))[:needed])
        now = max(now, *(ready[k] for k in here))
        found = {k: world.train({k: batches[k]}, start[k])[k] for k in here}
        w = server(w, found, start, {k: done - since[k] for k in here})
        for k in here:
            start[k], since[k], ready[k] = w, done + 1, now + takes[k]
        yield [w]


TOLD: dict[str, Callable[[World], Models]] = {
    "fedsgd": fedsgd,
    "fedavg": fedavg,
    "fedprox": fedprox,
    "fedavgm": fedavgm,
    "fedadagrad": adaptive(lambda v, delta, beta_2: v + delta**2),
    "fedadam": adaptive(lambda v, delta, beta_2: beta_2 * v + (1 - beta_2) * delta**2),
    "fedyogi": adaptive(lambda v, delta, beta_2: v - (1 - beta_2) * delta**2 * np.sign(v - delta**2)),
    "scaffold": scaffold,
    "fednova": fednova,
    "feddyn": feddyn,
    "qfedavg": qfedavg,
    "ditto": ditto,
    "fedbuff": fedbuff,
    "fedasync": fedasync,
    "central": central,
    "alone": alone,
}


def tell(experiment: Experiment, dataset: Dataset) -> list[list[np.ndarray]]:
    """The models after each round of an experiment with softmax regression, as its algorithm's paper has them."""
    return list(TOLD[experiment.algorithm.name](World(experiment, dataset)))
