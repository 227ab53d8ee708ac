"""Trees over columns that two parties keep apart, with FATE's HeteroSecureBoost: `python secureboost.py`.

guest:  knows whether a label is odd, and the first half of the columns: of an image, its upper half.
host:   knows the other half. For each place where one of its columns could split a tree it adds up what the guest sends
        it: gradients under Paillier encryption, which it cannot read. The guest decrypts the sums, and takes the best
        split of both. Neither sees the other's columns.

Each process reads the files in `data` and leaves what it does not know. Rows are matched by their number; where nobody
may learn who is missing, FATE's PSI comes first.
"""

import json
import os
import sys
import time
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from fate.arch import Context
from fate.arch.dataframe import PandasReader
from fate.arch.launchers.multiprocess_launcher import launch
from fate.ml.ensemble.algo.secureboost.hetero.guest import HeteroSecureBoostGuest
from fate.ml.ensemble.algo.secureboost.hetero.host import HeteroSecureBoostHost

from from_fedlab import HERE, examples, settings

IMAGES, TESTED, TREES, DEPTH = 300, 1000, 3, 3


def table(ctx, x, y):
    """What this party knows of some rows, as a table of FATE's."""
    half = x.shape[1] // 2
    columns = pd.DataFrame(x[:, :half] if ctx.is_on_guest else x[:, half:]).add_prefix("column")
    rows = pd.DataFrame({"sample_id": np.arange(len(y)), "id": np.arange(len(y))}).astype(str)
    label, reads = (pd.DataFrame({"y": y % 2}), {"label_name": "y"}) if ctx.is_on_guest else (pd.DataFrame(), {})
    reader = PandasReader(sample_id_name="sample_id", match_id_name="id", dtype="float32", **reads)
    return reader.to_frame(ctx, pd.concat([rows, label, columns], axis=1))


def run(ctx: Context):
    """What each of the two processes does: the guest grows trees without the host's columns first, then with them."""
    parts = [examples(f"party{party}") for party in range(settings()["parties"])]
    x, y = (np.concatenate(part)[:IMAGES] for part in zip(*parts))
    train, test = table(ctx, x, y), table(ctx, *(part[:TESTED] for part in examples("test")))
    found = {"images": len(y), "trees": TREES}
    for name, guest_only in {"alone": TREES, "with the host": 0}.items():
        sub, began = ctx.sub_ctx(name), time.perf_counter()
        shape = {"num_trees": TREES, "max_depth": DEPTH, "complete_secure": guest_only}
        if ctx.is_on_guest:
            trees = HeteroSecureBoostGuest(objective="binary:bce", **shape)
        else:
            trees = HeteroSecureBoostHost(**shape)
        trees.fit(sub, train)
        seconds = time.perf_counter() - began
        answers = trees.predict(sub.sub_ctx("test"), test)
        if ctx.is_on_guest:
            rows = answers.as_pd_df()
            accuracy = float((rows["label"].astype(int) == rows["predict_result"].astype(int)).mean())
            print(f"the guest {name}: test accuracy {100 * accuracy:.1f} %, {seconds:.0f} seconds", flush=True)
            found |= {"guest alone": accuracy} if guest_only else {"accuracy": accuracy, "seconds": seconds}
    if ctx.is_on_guest:
        (HERE / "fate_secureboost.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"  # pandas warns FATE of versions to come, a thousand times
    with TemporaryDirectory() as folder:
        sys.argv += ["--parties", "guest:9999", "host:10000", "--log_level", "ERROR", "--data_dir", folder]
        launch(run)
