"""An experiment in FATE, with its local launcher: `fedlab export --to fate FOLDER`, then `python run.py`."""

from __future__ import annotations

from fedlab.bridges.framework import Framework, Word
from fedlab.bridges.plain import CannotExport
from fedlab.experiment import Experiment
from fedlab.text import say

VERSION = "2.2.0"


def require(experiment: Experiment) -> None:
    """Raise `CannotExport` for all but FedAvg, since FATE 2 has nothing else, and for one party alone."""
    if experiment.algorithm.name != "fedavg":
        raise CannotExport(
            say("FATE {version} has no {algorithm}: its HomoNN offers FedAvg alone. Take FedAvg, or another framework.",
                version=VERSION, algorithm=say(experiment.algorithm.title))
        )  # fmt: skip
    if experiment.parties < 2:
        raise CannotExport(say("FATE needs a guest and at least one host: make it two parties or more."))


FATE = Framework(
    "fate",
    "FATE",
    VERSION,
    program=("run.py", "secureboost.py"),
    words={
        "party": Word("guest (party 0) and hosts, each with a FedAVGClient", "class Party(FedAVGClient)"),
        "server": Word("arbiter, with a FedAVGServer", "FedAVGServer(ctx).train()"),
        "round": Word(
            "an aggregation, after `aggregate_freq` epochs", 'fed_args.aggregate_freq = given["local_epochs"]'
        ),
        "average": Word("the aggregator's weighted mean", "super().on_federation(*args, **others)"),
        "optimiser": Word("any optimiser of torch", 'torch.optim.SGD(model.parameters(), lr=given["learning_rate"])'),
        "security": Word("secure aggregation, by masks that cancel out", '"--aggregator", "secure_aggregate"'),
    },
    install="""Then torch, of which there are several builds. On Linux this one brings what graphics cards need as well,
some gigabytes; the build for processors alone does the same here:

    .venv/bin/pip install torch==2.13.0""",
    run="""    .venv/bin/python run.py

FATE starts {parties} processes for the parties and one for the arbiter, and each loads torch. They leave each other
files in a temporary folder, so no port is opened. When all are done, FATE waits ten seconds before it ends.

    .venv/bin/python secureboost.py

is the other half of FATE: two parties know different columns of the same rows. The guest has the labels (it asks if one
is odd) and the first half of the columns (of an image: the upper half), the host has the others. They grow boosted
trees together without showing their columns to each other. That takes a minute or more; what came of it, beside trees
of the guest alone, is in `data/fate_secureboost.json`.""",
    cannot=(
        "Its HomoNN has FedAvg and nothing else: no FedProx, no SCAFFOLD.",
        "It cannot do without anybody: the arbiter waits for every party in every round.",
        "With `--aggregator plaintext`, version 2.2.0 returns the sum of what the parties send, not the mean.",
        "Its local launcher, which runs here, stays on one machine. Between machines FATE needs servers: OSX, RabbitMQ "
        "or Pulsar for what is sent, EggRoll or Spark for the tables, FATE Flow for the jobs.",
        "Its Paillier keys have 1,024 bits, unless `cfg.safety.phe.paillier.minimum_key_size` asks for more. Today "
        "2,048 are the least that is advised.",
    ),
    require=require,
)
