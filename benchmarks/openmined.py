"""OpenMined's tools beside the kit's own, and what private answers cost.

    python -m benchmarks.openmined              all parts, some minutes, most for the kit's intersection
    python -m benchmarks.openmined mean psi     some of them; the others stay as they are

mean         of 3 parties with softmax regression and of 10 with a 2NN: plain, under the kit's masks, encrypted by
             TenSEAL. Seconds, all parties' and the server's work together, the median of the turns; bytes that a
             party sends; the largest error
psi          seconds to find 500 of 1,000 and 5,000 of 10,000 names: twenty lines of Python, and openmined-psi
counts       by PyDP, ε = 0.1: what the mean of so many answers is off by, and their price at δ = 10^-5
versions     of the packages

All seconds are those of the processors, which a busy machine makes little longer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import product
from statistics import median
from typing import Any

import click
import numpy as np

from benchmarks.common import RESULTS, in_parts
from benchmarks.vertical import names
from fedlab.messages import Upload
from fedlab.openmined import encrypted_mean, epsilon_of, private_counts
from fedlab.party import PartyReport
from fedlab.stages import Masks, Mean, Turn
from fedlab.vertical import intersection

FILE = RESULTS / "openmined.json"
SIZES = {"softmax": (3, 7_850), "2nn": (10, 199_210)}  # parties, weights
TURNS = 5
EPSILON, DELTA = 0.1, 1e-5

Found = tuple[np.ndarray, int]  # the mean, and the bytes that a party sends


def timed(work: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    """What comes of it, and how many seconds the processors worked."""
    began = time.process_time()
    found = work(*given)
    return found, time.process_time() - began


def plain(updates: Sequence[np.ndarray], counts: Sequence[int], turn: int) -> Found:
    mean = np.zeros_like(updates[0])
    for own, count in zip(updates, counts, strict=True):
        mean += np.float32(count / sum(counts)) * own
    return mean, updates[0].nbytes


def masked(updates: Sequence[np.ndarray], counts: Sequence[int], turn: int) -> Found:
    """By the kit's stage; all report. Each turn is another round, so that no secret is known from before."""
    parties, size, stage = len(updates), len(updates[0]), Masks()
    round_ = Turn(0, turn, parties, parties, 10, size, dict(enumerate(counts)))
    sent = [stage.at_party((own,), None, round_.at("secure_sum", party))[0] for party, own in enumerate(updates)]
    nothing = PartyReport(0, 0, 0, 0.0, 0.0)
    uploads = [Upload(party, counts[party], up, {}, np.zeros(0), nothing) for party, up in enumerate(sent)]
    at = round_.at("secure_sum")
    (mean,) = stage.combine(uploads, Mean(), at)
    return mean, sent[0][0].nbytes + stage.bytes_beside(at, parties)[0] // parties


def encrypted(updates: Sequence[np.ndarray], counts: Sequence[int], turn: int) -> Found:
    found = encrypted_mean(updates, counts)
    return found.mean, found.bytes_up


WAYS: dict[str, Callable[..., Found]] = {"plain": plain, "masks": masked, "encrypted": encrypted}


def means() -> list[dict[str, Any]]:
    found = []
    for (model, (parties, size)), (way, mean_by) in product(SIZES.items(), WAYS.items()):
        rng = np.random.default_rng(0)
        updates = [rng.normal(0, 0.1, size).astype(np.float32) for _ in range(parties)]
        counts = [int(count) for count in rng.integers(100, 1_000, parties)]
        wanted = np.average(np.asarray(updates, np.float64), axis=0, weights=counts)
        seconds = []
        for turn in range(TURNS):
            (mean, sent), took = timed(mean_by, updates, counts, turn)
            seconds.append(took)
        error = float(np.abs(mean - wanted).max())
        found.append(
            {
                "model": model, "parties": parties, "weights": size, "way": way,
                "seconds": float(f"{median(seconds):.2g}"), "bytes up": sent, "error": float(f"{error:.1e}"),
            }
        )  # fmt: skip
    return found


def intersections() -> list[dict[str, Any]]:
    ways = {"twenty lines": intersection.intersection, "openmined-psi": intersection.openmined}
    return [
        {"names": count, "way": way, "seconds": round(timed(find, *names(count))[1], 3)}
        for count, (way, find) in product((1_000, 10_000), ways.items())
    ]


def counts() -> list[dict[str, Any]]:
    """A thousand labels that nobody has, so that every answer is noise; a thousand answers for each."""
    noise, found = np.array([private_counts(np.zeros(0, np.int64), 1_000, EPSILON) for _ in range(1_000)]), []
    for times in (1, 10, 100, 1_000):
        answers = noise.reshape(-1, times, 1_000).mean(axis=1)
        found.append(
            {
                "answers": times,
                "off by": round(float(answers.std()), 2),
                "formula": round(math.sqrt(2 / times) / EPSILON, 2),
                "ε, added": round(times * EPSILON, 2),
                "ε": round(epsilon_of(EPSILON, times, DELTA), 4),
            }
        )
    return found


def versions() -> dict[str, str]:
    return {package: version(package) for package in ("tenseal", "openmined-psi", "python-dp", "dp-accounting")}


PARTS: dict[str, Callable[[], Any]] = {"mean": means, "psi": intersections, "counts": counts, "versions": versions}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    in_parts(FILE, PARTS, parts)


if __name__ == "__main__":
    main()
