"""This federation on datasites of PySyft 0.9.5: `python run.py` plays everybody, in one process that opens no port.

owner:           a party. Puts its examples on a datasite of its own, reads each request to use them, and approves it.
data scientist:  the server. In each round, asks each owner to train there on examples that it cannot see, and averages.
"""

import io
import json
import logging
import os
import tempfile
from contextlib import redirect_stdout

import numpy as np

from from_fedlab import HERE, Journal, examples, first_weights, settings

scratch = tempfile.TemporaryDirectory()  # for the datasites' databases; it goes when the program ends
tempfile.tempdir = os.environ["MPLCONFIGDIR"] = scratch.name
os.environ["TQDM_DISABLE"] = "1"
logging.getLogger("syft.server.server").disabled = True  # it announces each key that it makes

import syft as sy  # noqa: E402


def train(inputs, labels, weights, plan):
    """One party's part of a round. Its text is sent, so it imports what it needs and uses nothing from outside."""
    import numpy as np

    shared, weights, n = weights, [part.copy() for part in weights], len(labels)
    rate, mu, size = np.float32(plan["learning_rate"]), np.float32(plan["mu"]), plan["batch_size"] or n
    shuffles = np.random.default_rng(plan["shuffle"])
    for _ in range(plan["local_epochs"]):
        order = shuffles.permutation(n)
        for rows in [order[start : start + size] for start in range(0, n, size)]:
            layers = [inputs[rows]]
            for kernel, bias in zip(weights[0:-2:2], weights[1:-2:2]):
                layers.append(np.maximum(layers[-1] @ kernel + bias, 0))
            logits = layers[-1] @ weights[-2] + weights[-1]
            exp = np.exp(logits - logits.max(axis=1, keepdims=True))
            slope = exp / exp.sum(axis=1, keepdims=True)
            slope[np.arange(len(rows)), labels[rows]] -= 1
            slope, slopes = slope / len(rows), []
            for layer in reversed(range(len(layers))):
                slopes = [layers[layer].T @ slope, slope.sum(axis=0), *slopes]
                slope = slope @ weights[2 * layer].T * (layers[layer] > 0)
            for part, slope, at_first in zip(weights, slopes, shared):
                part -= rate * (slope + mu * (part - at_first))  # μ = 0 is FedAvg
    return weights, n


def open_datasite(party):
    """A party's datasite with its examples; its owner and the data scientist, each logged in there."""
    site = sy.orchestra.launch(name=f"party-{party}", reset=True)
    owner = site.login(email="info@openmined.org", password="changethis")  # as PySyft makes it: for this machine only
    x, y = examples(f"party{party}")
    noise = np.random.default_rng(party).random((10, x.shape[1]), np.float32)  # a mock is for anybody to see
    inputs = sy.Asset(name="inputs", data=x, mock=noise)
    labels = sy.Asset(name="labels", data=y, mock=np.zeros(10, y.dtype))
    owner.upload_dataset(sy.Dataset(name="examples", asset_list=[inputs, labels]))
    account = {"email": "dana@server.example", "password": "a password"}
    owner.register(name="Dana", password_verify=account["password"], **account)
    return owner, site.login(**account)


def request_training(scientist, weights, plan):
    """The data scientist asks to train here once, on exactly these inputs; how to do it, when that is approved."""
    inputs = {asset.name: asset for asset in scientist.datasets["examples"].assets}
    train(inputs["inputs"].mock, inputs["labels"].mock, weights, plan)  # does it run at all?
    for name, what in {"weights": weights, "plan": plan}.items():
        inputs[name] = sy.ActionObject.from_obj(what).send(scientist)
    function = sy.syft_function(
        input_policy=sy.ExactMatch(**inputs),
        output_policy=sy.SingleExecutionExactOutput(),  # 0.9.5 counts, but does not stop: see README.md
        name=f"train_round_{plan['round']}",  # a datasite takes a text once: a new name makes it a new one
    )(train)
    scientist.code.request_code_execution(function)
    return lambda: getattr(scientist.code, function.func_name)(**inputs).get()


def refusal(act):
    """What PySyft answers to what is not allowed: some of it is printed, some is an error."""
    with redirect_stdout(io.StringIO()) as said:
        try:
            assert act() is None, "This was not refused."
        except sy.SyftException as error:
            return str(error).split("> ")[-1]
    return said.getvalue().split("SyftError: ")[-1].strip()


def review(owner):
    """The owner reads who asks for what, and approves; `request.deny(reason="...")` would say no. Both in words."""
    (request,) = owner.requests.get_all_pending()
    who = f"{request.requesting_user_name}, {request.requesting_user_email}"
    return {"request": f"{who}\n{request.code.raw_code}", "approved": request.approve().message}


given, weights, journal = settings(), first_weights(), Journal("pysyft")
quiet = redirect_stdout(io.StringIO())  # PySyft says much
with quiet:
    sites = [open_datasite(party) for party in range(given["parties"])]
    asset = sites[0][1].datasets["examples"].assets["inputs"]
    consent = {"asked": 'datasets["examples"].assets["inputs"].data', "answer": refusal(lambda: asset.data)}
for number in range(1, given["rounds"] + 1):
    answers = []
    for party, (owner, scientist) in enumerate(sites):
        plan = given | {"round": number, "shuffle": [given["seed"], 4, number, party]}
        with quiet:
            run = request_training(scientist, weights, plan)
            early = {"run at once": refusal(run)} if number == 1 and party == 0 else {}
            decision = review(owner)
            answers.append(run())
        if early:  # how the first request went, for you to read
            consent |= early | decision
            print("\n".join(f"{step}: {text[:400]}" for step, text in consent.items()))
            (HERE / "pysyft_consent.json").write_text(json.dumps(consent, indent=1))
    models, counts = zip(*answers)
    weights = [np.average(parts, axis=0, weights=counts).astype(np.float32) for parts in zip(*models)]
    journal.round(weights)
