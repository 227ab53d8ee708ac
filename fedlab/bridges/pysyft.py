"""An experiment on PySyft's datasites, all in one process: `fedlab export --to pysyft FOLDER`, then `python run.py`."""

from __future__ import annotations

from fedlab.bridges.framework import Framework, Word

PYSYFT = Framework(
    "pysyft",
    "PySyft",
    "0.9.5",
    program=("run.py",),
    words={
        "party": Word("Datasite, with its owner", 'sy.orchestra.launch(name=f"party-{party}"'),
        "server": Word("none: a data scientist, with an account on each Datasite", "site.login(**account)"),
        "round": Word("a code request to each owner", "scientist.code.request_code_execution(function)"),
        "average": Word("your own code", "np.average(parts, axis=0, weights=counts)"),
        "optimiser": Word("your own code, in the syft function", "part -= rate * (slope + mu * (part - at_first))"),
        "security": Word("consent: the owner reads a request, and approves it", "request.approve().message"),
    },
    run="""    .venv/bin/python run.py

It opens no port. What PySyft writes goes to a temporary folder, and that goes when the program ends. How the first
request went is in `data/pysyft_consent.json`: what was refused before, what the owner read, and the approval.""",
    cannot=(
        "It has no rounds, no mean and no optimiser: those are your code. PySyft asks the owners.",
        "It does not hurry: a request takes about a second, and longer the more parties there are; a round of 50 takes "
        "more than a minute.",
        "It does not hold *once*: what is approved for a single execution runs as often as it is called (issue 9391).",
        "It does not keep an approved function in: that runs in the Datasite's own process, and may do anything there "
        "(CVE-2026-31220). So an owner has to read it, and this version is no place for real secrets.",
        "It does not say what the weights that come out give away.",
        "It cannot be updated: PySyft 0.10 is another program under the same name, with files in a cloud drive instead "
        "of Datasites to log in to.",
    ),
)
