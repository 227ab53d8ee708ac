"""An experiment in TensorFlow Federated's simulation: `fedlab export --to tff FOLDER`, then `python run.py`."""

from __future__ import annotations

from fedlab.bridges.framework import Framework, Word
from fedlab.bridges.plain import CannotExport
from fedlab.experiment import Experiment
from fedlab.prepare import prepare
from fedlab.text import say

MESSAGE = 100 * 2**20  # bytes of a party's data set that TFF sends to its worker, at most


def require_small(experiment: Experiment) -> None:
    """Raise `CannotExport` if a party's examples, in float32, and the order of its batches do not fit in a message."""
    prepared = prepare(experiment)
    number, label = 4, prepared.dataset.train_y.itemsize
    example = number * prepared.shapes[0][0] + label + 8 * experiment.local_epochs
    party, size = max(((k, len(own) * example) for k, own in enumerate(prepared.training)), key=lambda one: one[1])
    if size > MESSAGE:
        raise CannotExport(
            say("TensorFlow Federated takes a party's examples as one message of at most 100 MB, and those of party "
                "{party} have {size:.0f}: take more parties or fewer examples.", party=party, size=size / 2**20)
        )  # fmt: skip


TFF = Framework(
    "tff",
    "TensorFlow Federated",
    "0.87.0",
    program=("run.py",),
    words={
        "party": Word("client: one `tf.data.Dataset` of a list", "[data_of(party, number) for party in"),
        "server": Word("SERVER, a placement: its state goes into a round and comes out", "state = result.state"),
        "round": Word("a call of `next` of a learning process", "result = process.next(state,"),
        "average": Word(
            "part of `build_weighted_fed_avg`; others are `tff.aggregators`",
            "tff.learning.algorithms.build_weighted_fed_avg(model_fn, client_optimizer_fn=optimizer)",
        ),
        "optimiser": Word("`tff.learning.optimizers`", 'tff.learning.optimizers.build_sgdm(GIVEN["learning_rate"])'),
        "security": Word("aggregators, simulated: `tff.learning.secure_aggregator`, `tff.learning.dp_aggregator`"),
    },
    install="""It asks for jaxlib 0.4.14, which is not to be had any more, so no resolver finds versions that fit: hence
`--no-deps`, and jaxlib 0.4.18, which does it too. There are wheels for Linux on x86-64, and Python 3.9 to 3.11.""",
    run="""    unshare --map-root-user --net --pid --fork --kill-child --mount-proc \\
        sh -c 'ip link set lo up && exec .venv/bin/python run.py'

`.venv/bin/python run.py` alone does it too. But TensorFlow Federated trains in a process beside it, `worker_binary`,
which takes work from anybody who reaches its port, over all networks of the machine. `unshare` gives both a network of
their own, without the others.""",
    cannot=(
        "It has no machines to run on: it simulates parties, all on this one. It was made for research.",
        "Its worker asks nobody who they are: see above.",
        "Its own FedProx, `build_weighted_fed_prox`, pushes parties away from the shared model: the term has the wrong "
        "sign. `Proximal` in the program is right. `run.py --as-it-is` runs theirs.",
        "It takes a party's examples as one message of at most 100 MB: 33,000 images of MNIST.",
        "It leaves out, without a word, a party whose training breaks down.",
        "It stays with Python 3.11, TensorFlow 2.14 and NumPy 1: there is no later version to install.",
    ),
    require=require_small,
)
