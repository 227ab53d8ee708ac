"""This federation with FATE's HomoNN: `python run.py` starts a process for each party and one for the server.

guest:    party 0. Whoever asks for a training is the guest in FATE; here it also judges the model after each round.
hosts:    party 1, 2, ... They bring more examples of the same kind.
arbiter:  the server. It has no examples, and adds up weights under masks, which cancel out in the sum.

The processes leave each other files in a temporary folder; no port is opened. `--aggregator plaintext`: without masks.
"""

import os
import sys
from itertools import chain, islice
from tempfile import TemporaryDirectory

os.environ["HF_HOME"] = os.environ["TORCHINDUCTOR_CACHE_DIR"] = ".cache"  # libraries under FATE leave a file: here
import torch
from fate.arch import Context
from fate.arch.config import cfg
from fate.arch.launchers.argparser import HfArgumentParser
from fate.arch.launchers.multiprocess_launcher import launch
from fate.ml.nn.homo.fedavg import FedAVGArguments, FedAVGClient, FedAVGServer, TrainingArguments
from torch.utils.data import DataLoader, Sampler, TensorDataset
from transformers.trainer_callback import PrinterCallback

from from_fedlab import Journal, batches, examples, first_weights, settings


class Order(Sampler):
    """The rows of each batch in fedlab's order; going through it once is one local epoch."""

    def __init__(self, given, party, n):
        numbers = range(1, given["rounds"] + 1)
        self.batches = chain.from_iterable(batches(given, number, party, n) for number in numbers)
        self.in_an_epoch = -(-n // (given["batch_size"] or n))

    def __len__(self):
        return self.in_an_epoch

    def __iter__(self):
        return islice(self.batches, self.in_an_epoch)


class Party(FedAVGClient):
    """FATE's client, which is a Trainer of the library transformers: with batches in an order of its own."""

    def __init__(self, order, journal, **others):
        self.order, self.journal = order, journal
        super().__init__(**others)
        self.remove_callback(PrinterCallback)  # the journal is enough

    def get_train_dataloader(self):
        return DataLoader(self.train_dataset, batch_sampler=self.order)

    def on_federation(self, *args, **others):
        super().on_federation(*args, **others)  # send weights to the arbiter, and take the average that comes back
        if self.journal:
            self.journal.round([part.detach().numpy().T for part in self.model.parameters()])


def first_model():
    """The first shared model in torch, which keeps kernels as (outputs, inputs)."""
    weights, layers = first_weights(), []
    for kernel, bias in zip(weights[0::2], weights[1::2]):
        layer = torch.nn.Linear(*kernel.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(kernel.T.copy()), torch.from_numpy(bias)
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def run(ctx: Context):
    """What each process does: FATE calls it everywhere with a context that knows who is here."""
    cfg.federation.split_large_object.max_message_size = 2**30  # whole models: pieces need more processes, to join them
    if ctx.is_on_arbiter:
        FedAVGServer(ctx).train()
        return
    torch.set_num_threads(1)  # all parties share this machine
    given, party = settings(), int(ctx.local.party[1]) - 9999
    x, y = examples(f"party{party}")
    model = first_model()
    (fed_args, *_) = HfArgumentParser(FedAVGArguments).parse_args_into_dataclasses(return_remaining_strings=True)
    fed_args.aggregate_freq = given["local_epochs"]  # by epochs
    Party(
        order=Order(given, party, len(y)),
        journal=Journal("fate") if ctx.is_on_guest else None,
        ctx=ctx,
        model=model,
        train_set=TensorDataset(torch.from_numpy(x), torch.from_numpy(y).long()),
        loss_fn=torch.nn.CrossEntropyLoss(),
        optimizer=torch.optim.SGD(model.parameters(), lr=given["learning_rate"]),
        training_args=TrainingArguments(
            num_train_epochs=given["rounds"] * given["local_epochs"],
            max_grad_norm=0,  # gradients as they are: the library would clip them
            logging_strategy="no",
        ),
        fed_args=fed_args,
    ).train()


if __name__ == "__main__":
    parties = settings()["parties"]
    hosts = [f"host:{9999 + party}" for party in range(1, parties)]
    with TemporaryDirectory() as folder:
        sys.argv[1:1] = ["--parties", "guest:9999", *hosts, f"arbiter:{9999 + parties}"]
        sys.argv[1:1] = ["--aggregator", "secure_aggregate", "--log_level", "ERROR", "--data_dir", folder]
        launch(run)  # gives each process this command line, and ends this one
