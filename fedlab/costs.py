"""What a run costs: megabytes and seconds until an accuracy, at given prices of sending and computing.

A round takes as long as the slowest party whose work counts:

    m d / D  +  u s + E n i  +  m p / U  +  wait        seconds

    d, p   megabytes down to one party, and up from it      D, U   megabytes a second of a line, down and up
    m      how many share a line: all parties of the round, or 1 if each has its own
    u      local steps of the party, E ceil(n / B)          s      seconds a step, however many images are in its batch
    E n    images that it looks at in them                  i      seconds an image, besides

Evaluation and the server's own work take no time. The clock of a run, its *simulated seconds*, is this formula with a
line for each party, at the experiment's `bandwidth` and, on the way up, its `uplink` if it has one, and a fast device
that trains on `PACE` images a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fedlab.systems import slow_parties
from fedlab.text import say

if TYPE_CHECKING:
    from fedlab.experiment import Experiment
    from fedlab.history import History
    from fedlab.rounds import Round

PACE = 1_000  # examples that a fast device trains on in a second: a convention, not a measurement


@dataclass(frozen=True)
class Prices:
    """down, up: megabytes a second. shared: whether all parties of a round share the line. The others are seconds."""

    down: float
    up: float
    shared: bool = False
    step: float = 0.0
    image: float = 0.0
    wait: float = 0.0

    def __post_init__(self) -> None:
        for speed in (self.down, self.up):
            if not 0 < speed < math.inf:
                raise ValueError(say("A line needs a speed above 0, but it is {speed:g}.", speed=speed))
        for price in (self.step, self.image, self.wait):
            if not 0 <= price < math.inf:
                raise ValueError(say("Seconds must be 0 or more, but they are {seconds:g}.", seconds=price))


@dataclass(frozen=True)
class Seconds:
    """Where the time goes."""

    down: float = 0.0
    work: float = 0.0
    up: float = 0.0
    wait: float = 0.0

    @property
    def total(self) -> float:
        return self.down + self.work + self.up + self.wait

    def __add__(self, other: Seconds) -> Seconds:
        return Seconds(self.down + other.down, self.work + other.work, self.up + other.up, self.wait + other.wait)


@dataclass(frozen=True)
class Cost:
    """What a run has cost when it first reached the goal. computing: seconds of work, all its parties together."""

    rounds: int
    megabytes: float
    seconds: Seconds
    computing: float


def until(history: History, goal: float, prices: Prices) -> Cost | None:
    """What it takes until the test accuracy first reaches `goal` (0 to 1); None if it never does.

    None as well where nobody waits for all (`Asynchronous`): other prices would put other parties into its steps.
    """
    rounds = history.rounds_to(goal)
    if rounds is None or history.experiment.algorithm.asynchronous:
        return None
    paid, experiment = history.rounds[:rounds], history.experiment
    return Cost(
        rounds,
        sum(one.bytes_down + one.bytes_up for one in paid) / 1e6,
        sum((of_round(one, experiment, prices) for one in paid), Seconds()),
        sum(sum(work(experiment, examples_in(one), prices)) for one in paid),
    )


def of_round(one: Round, experiment: Experiment, prices: Prices) -> Seconds:
    """The seconds of one round."""
    asked, reported = len(one.parties) + one.absent, len(one.parties)
    return Seconds(
        down=one.bytes_down / 1e6 / (1 if prices.shared else asked) / prices.down,
        work=max(work(experiment, examples_in(one), prices)),
        up=one.bytes_up / 1e6 / (1 if prices.shared else reported) / prices.up,
        wait=prices.wait,
    )


def clock(experiment: Experiment, examples: Mapping[int, int], bytes_each_way: tuple[int, int]) -> float:
    """The simulated seconds of a round.

    examples: n_k of each party whose work counts. bytes_each_way: what the server sends to one party, and back.
    """
    down, up = bytes_each_way
    if experiment.uplink == "same":
        travel = 8e-6 * (down + up) / experiment.bandwidth  # megabits
    else:
        travel = 8e-6 * down / experiment.bandwidth + 1e-3 * up / experiment.uplink  # kilobytes
    return travel + max(work(experiment, examples, clock_prices(experiment)), default=0.0)


def clock_prices(experiment: Experiment) -> Prices:
    """Those that the clock goes by: a line for each party, with the experiment's bandwidth and uplink."""
    down = experiment.bandwidth / 8
    up = down if experiment.uplink == "same" else experiment.uplink / 1_000
    return Prices(down, up, image=1 / PACE)


def examples_in(one: Round) -> dict[int, int]:
    """n_k of each party whose work counted in a round."""
    return {report.party: report.examples for report in one.parties}


def work(experiment: Experiment, examples: Mapping[int, int], prices: Prices) -> list[float]:
    """Seconds that each party computes in a round. A straggler takes as long for less: that is what makes it one."""
    slow = slow_parties(experiment)
    return [
        (steps(experiment, n) * prices.step + epochs(experiment) * n * prices.image)
        * (experiment.slowdown if party in slow else 1)
        for party, n in examples.items()
    ]


def epochs(experiment: Experiment) -> int:
    """E, or 2 E where a party trains a model of its own as well: how often it goes through its examples in a round."""
    return experiment.local_epochs * (1 if experiment.algorithm.own_training() is None else 2)


def steps(experiment: Experiment, examples: int) -> int:
    """u_k = E ceil(n_k / B): the local steps that a party with so many examples takes in a round. E is `epochs`."""
    batch = examples if experiment.batch_size == "all" else experiment.batch_size
    return epochs(experiment) * -(-examples // int(batch))


def first_by_speed(costs: Sequence[Cost]) -> list[tuple[float, int]]:
    """Which run is first, on slow lines and on fast ones: (from how many times the present speed on, its place).

    A line x times as fast leaves work and waiting as they are and divides the rest by x: each run is a curve
    a + b / x, and the one with the least b leads at first. It is overtaken where the next one's curve crosses it.
    """
    travel = [one.seconds.down + one.seconds.up for one in costs]
    fixed = [one.seconds.work + one.seconds.wait for one in costs]
    leader = min(range(len(costs)), key=lambda one: (travel[one], fixed[one]))
    found = [(0.0, leader)]
    while ahead := [one for one in range(len(costs)) if fixed[one] < fixed[leader]]:
        crossings = {one: (travel[one] - travel[leader]) / (fixed[leader] - fixed[one]) for one in ahead}
        leader = min(ahead, key=lambda one: (crossings[one], fixed[one]))
        found.append((crossings[leader], leader))
    return found
