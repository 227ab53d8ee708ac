"""What `python -m benchmarks.flower` has written down is what the kit claims."""

from __future__ import annotations

import json

import pytest

from benchmarks.common import RESULTS


@pytest.mark.parametrize("parties", ["3", "10"])
def test_flowers_weights_and_the_local_engines_do_not_differ_in_a_single_bit(parties: str) -> None:
    results = json.loads((RESULTS / "flower.json").read_text())["results"][parties]
    differences = {name: one["largest difference"] for name, one in results["algorithms"].items()}
    assert differences == {"fedavg": 0, "fedprox": 0, "scaffold": 0}
    measured = {"local engine", "engine flower"}
    for name, one in results["algorithms"].items():
        assert one["seconds"].keys() == (measured | {"Flower's quick-start"} if name == "fedavg" else measured)
        assert one["test accuracy"] > 0.8  # it has learned something that could differ
    assert results["peak_mb"].keys() == measured | {"Flower's quick-start"}
