"""One party's first upload, as it knows it and as the server gets it: open, under masks, and before a server that lies.

All of it with the kit's own functions, on real images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fedlab import attacks_on_privacy as attack
from fedlab.experiment import Experiment
from fedlab.federation import prepare, run, turn_of
from fedlab.messages import Upload
from fedlab.models.base import tensors
from fedlab.prepare import Prepared
from fedlab.stages import Masks, Place, Turn
from fedlab.stages.secure_sum import ONE, mask, round_to_grid, secret_from, secrets_of, stream


@dataclass(frozen=True)
class Sent:
    """What the parties of the first round have sent."""

    prepared: Prepared
    turn: Turn
    uploads: dict[int, Upload]  # by the party's number

    def update(self, party: int) -> np.ndarray:
        """(P,) its message, of an experiment in which that is its update."""
        return self.uploads[party].message[0]

    def images(self, party: int) -> np.ndarray:
        """(n_k, 784) the images that it holds, pixels from 0 to 1."""
        images, _ = self.prepared.seen_by([party])
        return images.reshape(len(images), -1)

    def labels(self, party: int) -> np.ndarray:
        """(n_k,) what they show."""
        return self.prepared.seen_by([party])[1]

    def recovered(self, party: int) -> float:
        """The share of the party's images that its message gives away."""
        found = attack.candidates(self.update(party), self.prepared.shapes)
        return attack.share_recovered(found, self.images(party))

    def at(self, party: int) -> Place:
        """Where its message is masked."""
        return self.turn.at("secure_sum", party)


def first_round(experiment: Experiment) -> Sent:
    """Run one round, and keep what was sent."""
    experiment = experiment.with_(rounds=1)
    uploads: dict[int, Upload] = {}

    def keep(number: int, upload: Upload) -> None:
        uploads[upload.party] = upload

    list(run(experiment, on_upload=keep))
    prepared = prepare(experiment)
    return Sent(prepared, turn_of(prepared, 1), uploads)


def open_numbers(sent: Sent, party: int) -> np.ndarray:
    """x_k: the party's message as whole numbers, before any mask; negative ones stand at the top of 0 to 2^32 - 1."""
    return round_to_grid((sent.update(party),), sent.at(party))


def masked_numbers(sent: Sent, party: int) -> np.ndarray:
    """y_k: the same under all its masks, which is what travels."""
    (numbers,), _ = Masks().at_party((sent.update(party),), None, sent.at(party))
    return numbers


def without_own_mask(sent: Sent, party: int) -> np.ndarray:
    """What would travel if a party added only the masks that it shares with others, and none of its own."""
    numbers = masked_numbers(sent, party)
    return numbers - stream(secrets_of(sent.at(party), party).own, len(numbers))


def without_shared_masks(y: np.ndarray, sent: Sent, party: int, threshold: int) -> np.ndarray:
    """What a server makes of y_k once it has said "this party has dropped out": t others hand over shares of its key.

    It takes away all masks that the party shares with others. The mask of its own stays, if there is one.
    """
    at, others = sent.at(party), [other for other in sent.turn.chosen if other != party]
    key = secret_from(others[:threshold], at, party, threshold, "key")
    for other in others:
        y = y - mask(key, at, party, other, len(y))
    return y


def as_update(numbers: np.ndarray, sent: Sent, party: int) -> np.ndarray:
    """(P,) whole numbers read as a party's update."""
    at = sent.at(party)
    return numbers.view(np.int32).astype(np.float64) * at.among / (ONE * at.weight)


def one_unit(update: np.ndarray, sent: Sent, unit: int) -> np.ndarray:
    """(28, 28) the change of the weights from each pixel to one unit of the first layer."""
    return tensors(update, sent.prepared.shapes)[0][:, unit].reshape(sent.prepared.dataset.train_x.shape[1:])


def telling_unit(sent: Sent, party: int) -> int:
    """The unit whose change is nearest to one of the party's images: a server finds it by looking at them all."""
    update, shapes = sent.update(party), sent.prepared.shapes
    off = attack.errors(sent.images(party), attack.candidates(update, shapes))
    return int(attack.units_that_moved(update, shapes)[off.argmin()])
