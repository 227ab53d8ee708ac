"""What lesson 07 says of what the server can see, and of what hiding it costs: three seeds each.

    python -m benchmarks.lesson_07           all parts, ten minutes on two quiet processors
    python -m benchmarks.lesson_07 leak      the share of a party's images that its upload gives away
    python -m benchmarks.lesson_07 noise     the same with the party's own noise, and what a federation learns with it
    python -m benchmarks.lesson_07 sizes     clip and noise with 100 parties, and with as many as 10^4 and 10^6
    python -m benchmarks.lesson_07 members   who was in the data, by the loss, beside what ε allows
    python -m benchmarks.lesson_07 stops     what each protection stops, and what it costs

Accuracies and shares are in percent. 10^4 and 10^6 parties are 100 of them with noise as small as theirs: a hundredth
and a ten-thousandth on a mean of so many more. Their ε is that of the noise in units of the clip, which is the same.
Nothing but the clip is tuned for privacy, and whoever tunes it on the test images, as we do, flatters the result.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import click
import numpy as np
from scipy.optimize import brentq

from benchmarks.common import save
from fedlab import Experiment, Round, run
from fedlab import attacks_on_privacy as attack
from fedlab.accounting import Release, epsilon
from fedlab.diagnostics import losses, predictions
from fedlab.lessons.progress import as_far_as_it_goes
from fedlab.lessons.published_07 import FILE
from fedlab.messages import Message, Upload
from fedlab.prepare import Prepared, prepare
from fedlab.rounds import State

SEEDS = (0, 1, 2)
BATCHES, EPOCHS = (1, 2, 4, 8, 16, 32, 64, 128), (1, 5, 20)
NOISES = (0.0, 0.0001, 0.001, 0.01, 0.1, 1.0)
READABLE = 0.1  # an image that is off by less (RMS, of pixels from 0 to 1) can still be read
ONE_BATCH = Experiment(parties=24, examples=24, batch_size="all", rounds=1)
TRAINED = Experiment(parties=1, examples=8_000, batch_size=32, local_epochs=8, rounds=1)  # 2,000 steps

HUNDRED = Experiment(parties=100, examples=60_000, participation=0.1, rounds=20)
DELTAS = {100: 1e-3, 10_000: 1e-5, 1_000_000: 1e-7}  # a tenth of one in the number of parties
CLIPS = (0.1, 0.3, 1.0)  # 3 clips next to nothing: as 1 without noise, and worse with it

FEW = Experiment(parties=10, examples=200, batch_size=10, rounds=10, local_epochs=10)
FEW_DELTA = 0.01

SMALL = Experiment(parties=100, examples=800, participation=0.1, batch_size="all", rounds=50, local_epochs=5)


def percent(share: float) -> float:
    return round(100 * float(share), 2)


def images_of(prepared: Prepared, parties: Sequence[int]) -> np.ndarray:
    """(n, 784) the images of these parties, pixels from 0 to 1."""
    images, _ = prepared.seen_by(parties)
    return images.reshape(len(images), -1)


def read(experiment: Experiment, start: State | None = None) -> dict[str, float]:
    """What the server reads from the uploads of one round: means over the parties.

    share: of the images that are recovered; readable: that are found roughly; blind: that somebody accepts who has no
    image to compare with.
    """
    uploads, prepared = list[Upload](), prepare(experiment)
    list(run(experiment, start=start, on_upload=lambda number, upload: uploads.append(upload)))
    shares = []
    for upload in uploads:
        found, own = attack.candidates(upload.message[0], prepared.shapes), images_of(prepared, [upload.party])
        off = attack.errors(found, own)
        blind = attack.share_recovered(attack.agreed(found), own)
        shares.append(((off < attack.SAME).mean(), (off < READABLE).mean(), blind))
    return dict(zip(("share", "readable", "blind"), map(percent, np.mean(shares, axis=0)), strict=True))


def trained(seed: int) -> State:
    """A model after 2,000 steps, as the first shared model of another run."""
    (one,) = run(TRAINED.with_(seed=seed))
    assert one.state is not None
    return State(0, one.state.weights)


def leak() -> list[dict[str, Any]]:
    """24 parties with one batch each, one to twenty steps on it; and ten with 500 images in batches of 32."""
    found = []
    for seed in SEEDS:
        after = trained(seed)
        for size in BATCHES:
            plan = ONE_BATCH.with_(examples=ONE_BATCH.parties * size, seed=seed)
            for epochs in EPOCHS:
                row = {"model": "new", "B": size, "images": size, "E": epochs, "seed": seed}
                found.append({**row, **read(plan.with_(local_epochs=epochs))})
            row = {"model": "trained", "B": size, "images": size, "E": 1, "seed": seed}
            found.append({**row, **read(plan, after)})
        for epochs, (model, start) in product((1, 5), {"new": None, "trained": after}.items()):
            usual = Experiment(rounds=1, local_epochs=epochs, seed=seed)
            row = {"model": model, "B": 32, "images": 500, "E": epochs, "seed": seed}
            found.append({**row, **read(usual, start)})
    return found


def last_of(experiment: Experiment) -> Round | None:
    """The last round; None of a run that broke down before it, as with too much noise."""
    history = as_far_as_it_goes(experiment)
    return history.rounds[-1] if len(history) == experiment.rounds else None


def noise() -> list[dict[str, Any]]:
    """Clip 1 and noise at the party: what its upload gives away, and what ten parties of the lab learn in 20 rounds."""
    found = []
    for seed, sigma in product(SEEDS, NOISES):
        own = {"privacy": "dp", "dp_where": "party", "dp_clip": 1.0, "dp_noise": sigma, "seed": seed}
        last = last_of(Experiment(rounds=20, **own))
        for size in (1, 8):
            seen = read(ONE_BATCH.with_(examples=ONE_BATCH.parties * size, **own))
            row = {"σ": sigma, "seed": seed, "B": size, **seen}
            found.append({**row, "accuracy": last and percent(last.test_accuracy), "ε": last and last.epsilon})
    return found


def noise_for(target: float, delta: float, share: float, rounds: int) -> float:
    """The least σ, rounded up to a thousandth, whose ε after so many rounds is at most the target."""

    def too_much(log: float) -> float:
        return epsilon({Release(math.exp(log), share): rounds}, delta) - target

    return math.ceil(1_000 * math.exp(brentq(too_much, math.log(0.02), math.log(100), xtol=1e-4))) / 1_000


def sizes() -> list[dict[str, Any]]:
    """20 rounds: FedAvg; the same clipped; and with the noise that makes ε at 100 parties 1, 3, 8, 30."""
    sigmas = {target: noise_for(target, DELTAS[100], HUNDRED.participation, HUNDRED.rounds) for target in (1, 3, 8, 30)}
    found = list[dict[str, Any]]()
    for seed in SEEDS:
        plan = HUNDRED.with_(seed=seed)
        row = {"parties": 100, "δ": None, "S": None, "σ": 0.0, "ε": None, "seed": seed}
        found.append({**row, "accuracy": accuracies(plan)})
        for clip, (size, delta) in product(CLIPS, DELTAS.items()):
            for sigma in (0.0, *sigmas.values()) if size == 100 else sigmas.values():
                private = plan.with_(privacy="dp", dp_clip=clip, dp_noise=sigma * 100 / size, dp_delta=delta)
                spent = epsilon({Release(sigma, plan.participation): plan.rounds}, delta) if sigma else None
                row = {"parties": size, "δ": delta, "S": clip, "σ": sigma, "ε": spent, "seed": seed}
                found.append({**row, "accuracy": accuracies(private)})
                print(*found[-1].values(), flush=True)
    return found


def accuracies(experiment: Experiment) -> list[float]:
    """Percent of the test images right, after each round; fewer rounds if it broke down."""
    return [percent(one.test_accuracy) for one in as_far_as_it_goes(experiment)]


def members() -> list[dict[str, Any]]:
    """Ten parties with 20 images each, trained until they know them by heart, and with noise for ε from 0.5 to 1,000.

    Members are the images of the parties; others are the test images. Whether a party took part is what ε hides, and
    its images come and go with it.
    """
    found = []
    plans: dict[float | None, dict[str, Any]] = {None: {}}
    for target in (0.5, 1, 2, 4, 8, 16, 64, 250, 1_000):
        sigma = noise_for(target, FEW_DELTA, 1.0, FEW.rounds)
        plans[target] = {"privacy": "dp", "dp_clip": 1.0, "dp_noise": sigma, "dp_delta": FEW_DELTA}
    for (target, private), model, seed in product(plans.items(), ("2nn", "softmax"), SEEDS):
        experiment = FEW.with_(**private, model=model, seed=seed)
        row = {"model": model, "seed": seed, "about": target, "σ": private.get("dp_noise", 0.0), "δ": FEW_DELTA}
        last = last_of(experiment)
        if last is None or last.state is None:
            found.append(row)
            continue
        prepared, w = prepare(experiment), last.state.weights
        data, own = prepared.dataset, np.concatenate(prepared.training)
        of = {"members": (data.train_x[own], data.train_y[own]), "others": (data.test_x, data.test_y)}
        lost = {who: losses(experiment, w, data, x, y) for who, (x, y) in of.items()}
        right = {who: float((predictions(experiment, w, data, x) == y).mean()) for who, (x, y) in of.items()}
        best = attack.best_membership(lost["members"], lost["others"])
        row |= {"ε": last.epsilon, "advantage": percent(best.advantage), "found": percent(best.found)}
        row |= {"blamed": percent(best.blamed), "train": percent(right["members"]), "test": percent(right["others"])}
        found.append(row)
    return found


def stops() -> list[dict[str, Any]]:
    """100 parties with 8 images each, ten a round, 50 rounds: what is read in round 1, what is known after the last."""
    sigma = noise_for(8, DELTAS[100], SMALL.participation, SMALL.rounds)
    server = {"privacy": "dp", "dp_clip": 0.3, "dp_noise": sigma, "dp_delta": DELTAS[100]}
    party = {**server, "dp_where": "party"}
    protections: dict[str, dict[str, Any]] = {
        "nothing": {},
        "a batch of 64": {"examples": 6_400},
        "masks": {"secure_sum": "masks"},
        "noise at the server": server,
        "masks, and noise at the server": {**server, "secure_sum": "masks"},
        "little noise at the party": {**party, "dp_noise": 0.01},
        "much noise at the party": {**party, "dp_noise": 1.0},
    }
    found = []
    for (name, own), seed in product(protections.items(), SEEDS):
        experiment = SMALL.with_(**own, seed=seed)
        found.append({"protection": name, "seed": seed, "σ": own.get("dp_noise", 0.0), **seen_and_learned(experiment)})
    return found


def seen_and_learned(experiment: Experiment) -> dict[str, Any]:
    """The share of the images that the uploads of round 1, and their mean, give away; accuracy, ε and bytes of all."""
    uploads, means = list[Upload](), list[Message]()

    def keep(kept: list[Any]) -> Callable[[int, Any], None]:
        return lambda number, message: kept.append(message) if number == 1 else None

    rounds, prepared = list(run(experiment, on_upload=keep(uploads), on_mean=keep(means))), prepare(experiment)
    single = [
        attack.share_recovered(
            attack.candidates(one.message[0], prepared.shapes), images_of(prepared, [one.party])
        )
        for one in uploads
    ]  # fmt: skip
    of_mean = attack.candidates(means[0][0], prepared.shapes)
    came = sum(len(one.parties) for one in rounds)
    return {
        "upload": percent(float(np.mean(single))),
        "sum": percent(attack.share_recovered(of_mean, images_of(prepared, [one.party for one in uploads]))),
        "accuracy": percent(rounds[-1].test_accuracy),
        "ε": rounds[-1].epsilon,
        "bytes": round(sum(one.bytes_up for one in rounds) / came),  # up, a party and round
    }


PARTS = {"leak": leak, "noise": noise, "sizes": sizes, "members": members, "stops": stops}


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
def main(parts: tuple[str, ...]) -> None:
    earlier = json.loads(FILE.read_text(encoding="utf-8"))["results"] if parts and FILE.exists() else {}
    save(FILE, {**earlier, **{part: PARTS[part]() for part in parts or PARTS}})


if __name__ == "__main__":
    main()
