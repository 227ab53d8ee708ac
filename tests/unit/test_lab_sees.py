"""What the server sees: the tab shows the upload of the run, and recovers from it what the attack recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab import attacks_on_privacy as attack
from fedlab.datasets import Dataset
from fedlab.messages import Upload, size_of
from fedlab.models.base import tensors
from fedlab.prepare import prepare
from fedlab.roles import KINDS
from fedlab_widgets import Lab
from fedlab_widgets.sees import Sees

SMALL = Experiment(parties=6, examples=24, batch_size="all", local_epochs=1, rounds=2)  # 4 images a party
OPEN: list[Lab] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def looked(experiment: Experiment, party: int = 0, dataset: Dataset | None = None) -> Sees:
    """The tab of a lab that has run, after a look at the newest round."""
    lab = Lab(experiment, dataset=dataset)
    OPEN.append(lab)
    lab.run()
    sees = lab._sees
    sees.draw()
    sees._party.value = party
    sees.look()
    sees.wait()
    return sees


def text(sees: Sees) -> str:
    """All that is said, but the numbers."""
    return " ".join([sees._text.value, *(one for part in sees._page.state["parts"] for one in part["says"])])


def facts(sees: Sees) -> dict[str, str]:
    return dict(sees._page.state["facts"])


def sent(experiment: Experiment, dataset: Dataset | None = None) -> list[Upload]:
    """What the parties send in the last round, without the lab."""
    kept: list[Upload] = []
    rounds = experiment.rounds
    list(run(experiment, dataset=dataset, on_upload=lambda n, one: kept.append(one) if n == rounds else None))
    return kept


def recovered(experiment: Experiment, update: np.ndarray, parties: list[int]) -> int:
    """How many images of these parties are recovered, without the lab."""
    prepared = prepare(experiment)
    own = np.concatenate([prepared.training[party] for party in parties])
    images = (prepared.dataset.train_x[own] / prepared.dataset.scale).reshape(len(own), -1)
    return round(attack.share_recovered(attack.candidates(update, prepared.shapes), images) * len(own))


def test_the_upload_that_is_shown_is_the_runs_and_so_is_what_is_recovered_from_it() -> None:
    sees, upload = looked(SMALL, party=3), sent(SMALL)[3]
    assert "round 2: what the server gets from party 3" in text(sees)
    assert facts(sees)["bytes"] == f"{size_of(upload.message):,}" == "796,840"
    assert f"{upload.message[0][np.flatnonzero(upload.message[0])[0]]:.6f}, " in facts(sees)["the first that are not 0"]
    same = recovered(SMALL, upload.message[0], [3])
    assert same > 0
    assert f"Recovered: {same} of 4 images" in text(sees)
    assert sum(sees._page.state["parts"][0]["pairs"]["same"]) == same


def test_of_the_run_a_party_has_chosen_its_images_are_shown() -> None:
    pairs = looked(SMALL, party=3)._page.state["parts"][0]["pairs"]
    prepared = prepare(SMALL)
    own = prepared.dataset.train_x[prepared.training[3]].reshape(4, 784)
    assert np.array_equal(np.frombuffer(pairs["own"], np.uint8).reshape(4, 784), own)


def test_the_picture_is_the_change_of_a_units_weights_and_a_wrong_unit_is_the_nearest() -> None:
    sees, upload = looked(SMALL), sent(SMALL)[0]
    kernel = tensors(upload.message[0], prepare(SMALL).shapes)[0]
    for asked, unit in ((17, 17), (-3, 0), (999, 199)):
        sees._choose_unit(asked)
        (choice,) = sees._page.state["choices"]
        assert (choice["at"], choice["last"]) == (unit, 199)
        change = np.frombuffer(sees._page.state["unit"]["changes"], np.uint8).astype(float) - 128
        most = np.abs(kernel[:, unit]).max()
        assert change / 127 == pytest.approx(kernel[:, unit] / (most or 1), abs=0.5 / 127 + 1e-6)


def test_the_unit_that_is_shown_first_gives_one_of_the_images_away() -> None:
    sees, prepared = looked(SMALL), prepare(SMALL)
    kernel, bias = tensors(sent(SMALL)[0].message[0].astype(float), prepared.shapes)[:2]
    unit = sees._page.state["choices"][0]["at"]
    own = (prepared.dataset.train_x[prepared.training[0]] / 255).reshape(4, 784)
    assert attack.errors((kernel[:, unit] / bias[unit])[None], own).min() < attack.SAME


def test_another_party_of_the_same_round_is_shown_without_another_look() -> None:
    sees = looked(SMALL)
    sees._party.value = 5
    sees.draw()
    assert "from party 5" in text(sees)
    assert facts(sees)["from party"] == "5"


def test_of_many_parties_the_chosen_one_is_kept_and_others_ask_for_a_look() -> None:
    """Fifty are kept, and number 57 is beyond them."""
    many = SMALL.with_(parties=60, examples=60, rounds=1, model="softmax")
    sees = looked(many, party=57)
    assert "Its one image is recovered" in text(sees)
    sees._party.value = 55
    sees.draw()
    assert "Press Look to see what party 55 has sent" in text(sees)
    assert sees._page.state["facts"] == []


def test_clipping_and_the_servers_noise_leave_the_upload_as_readable_and_the_partys_own_noise_does_not() -> None:
    """The server adds its noise to the mean, when it has seen every upload."""
    plain = recovered(SMALL, sent(SMALL.with_(privacy="dp", dp_noise=0.0))[0].message[0], [0])
    clipped = looked(SMALL.with_(privacy="dp", dp_noise=0.0))
    assert plain > 0
    assert f"Recovered: {plain} of 4" in text(clipped)
    assert "clipping alone hides nothing" in text(clipped)
    by_server = looked(SMALL.with_(privacy="dp", dp_noise=0.1, rounds=1))
    assert f"Recovered: {recovered(SMALL, sent(SMALL.with_(rounds=1))[0].message[0], [0])} of 4" in text(by_server)
    assert "has seen the upload without it" in text(by_server)
    by_party = looked(SMALL.with_(privacy="dp", dp_noise=0.1, dp_where="party"))
    assert "Recovered: 0 of 4" in text(by_party)
    assert "added noise of 0.1 to every number" in text(by_party)


def test_under_masks_nothing_is_read_from_the_upload_and_from_the_sum_as_much_as_from_one_batch() -> None:
    """The sum of six uploads of one step each is that of a step on all 24 images, rounded; the mean is a party's alone
    where one reports."""
    masked = SMALL.with_(rounds=1, examples=6, secure_sum="masks")
    sees = looked(masked)
    one, both = sees._page.state["parts"]
    assert facts(sees)["what they are"].startswith("199,210 whole numbers modulo 2³² (uint32)")
    assert one["says"][0] == "Its one image is not recovered."
    together = np.mean([one.message[0] for one in sent(masked.with_(secure_sum="none"))], axis=0)
    exact = recovered(masked, together, list(range(6)))
    assert exact >= 4
    found = sum(both["pairs"]["same"])
    assert f"Recovered: {found} of 6 images" in both["says"][1]
    assert 1 <= found <= exact  # the grid of the masks costs some


def test_the_servers_own_noise_does_not_hide_the_sum_from_the_server() -> None:
    """With two parties of one image each both are read from the sum of their masked uploads, before noise is added."""
    two = Experiment(parties=2, examples=2, batch_size="all", local_epochs=1, rounds=1, secure_sum="masks")
    noisy = looked(two.with_(privacy="dp", dp_noise=5.0, dp_clip=1.0))
    assert "Recovered: 2 of 2" in noisy._page.state["parts"][1]["says"][1]


def test_a_code_is_decoded_and_then_attacked() -> None:
    """Top-k with a share of 1 is all of the update at twice the bytes; a hundredth of it leaves holes in each image."""
    whole = looked(SMALL.with_(compression="topk", topk_share=1.0))
    assert facts(whole)["bytes"] == f"{2 * 796_840:,}"
    assert f"Recovered: {recovered(SMALL, sent(SMALL)[0].message[0], [0])} of 4" in text(whole)
    assert "on what the server decodes (Top-k" in text(whole)
    assert "Recovered: 0 of 4" in text(looked(SMALL.with_(compression="topk")))


def test_random_k_is_put_where_everybody_knows_that_it_belongs() -> None:
    """A share of 1 sends every number in place, and the server knows the places without being told."""
    sees = looked(SMALL.with_(compression="randomk", randomk_share=1.0))
    assert f"Recovered: {recovered(SMALL, sent(SMALL)[0].message[0], [0])} of 4" in text(sees)


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"algorithm": "alone"}, "trains alone here and sends nothing"), ({"algorithm": "central"}, "One computer holds")],
)
def test_where_nothing_travels_there_is_nothing_to_see(settings: dict[str, Any], why: str) -> None:
    sees = looked(SMALL.with_(**settings))
    assert why in text(sees)
    assert sees._page.state["facts"] == []


def test_of_a_party_that_took_no_part_it_is_said_who_did() -> None:
    some = SMALL.with_(participation=0.5)
    took_part = [one.party for one in sent(some)]
    (absent, *_) = [party for party in range(6) if party not in took_part]
    sees = looked(some, party=absent)
    assert f"Party {absent} did not take part in round 2." in text(sees)
    assert f"These sent something: {', '.join(map(str, took_part))}." in text(sees)


def test_instead_of_a_party_that_took_no_part_one_is_shown_that_did() -> None:
    """Of a hundred parties ten take part in a round: who presses Look without knowing which sees something."""
    some = SMALL.with_(participation=0.5)
    took_part = [one.party for one in sent(some)]
    (absent, *_) = [party for party in range(6) if party not in took_part]
    sees = looked(some, party=absent)
    assert f"Here is what party {min(took_part)} sent." in text(sees)
    assert dict(sees._page.state["facts"])["from party"] == str(min(took_part))
    sees.draw()
    assert sees._party.value == min(took_part)


def test_a_liar_that_sends_the_model_back_gives_nothing_away() -> None:
    sees = looked(SMALL.with_(attack="free_rider", attackers=6))
    assert "This party lies" in text(sees)
    assert "Recovered: 0 of 4" in text(sees)
    assert facts(sees)["the first that are not 0"] == "all are 0"


def test_what_has_happened_before_the_round_counts() -> None:
    """Masks from round 2 on: round 1 is read, round 2 is not."""
    sees = looked(SMALL.with_(examples=6, events=[(1, {"secure_sum": "masks"})]))
    assert "under masks" in facts(sees)["what they are"]
    sees._menu.round.value = 1
    sees.look()
    sees.wait()
    assert "Its one image is recovered" in text(sees)


def test_a_cnn_is_shown_as_numbers_with_a_sentence_that_says_why_nothing_is_read(tensorflow: None) -> None:
    sees = looked(SMALL.with_(model="cnn", rounds=1))
    assert facts(sees)["what they are"].endswith("(float32)")
    assert sees._page.state["unit"] is None
    (part,) = sees._page.state["parts"]
    assert part["pairs"] is None
    assert "does not begin with a dense layer" in part["says"][0]


def test_examples_that_are_no_images_are_compared_and_not_drawn(blobs: Dataset) -> None:
    """One example with softmax: each label's quotient is that example."""
    sees = looked(SMALL.with_(model="softmax", examples=6), dataset=blobs)
    (part,) = sees._page.state["parts"]
    assert (part["pairs"], sees._page.state["unit"]) == (None, None)
    assert "These examples are no images" in part["says"][0]
    assert "recovered" in part["says"][1]


@pytest.mark.parametrize(
    ("dataset", "called", "label"), [("heart", "patients", "healthy"), ("lending", "loans", "repaid")]
)
@pytest.mark.parametrize("settings", [{}, {"secure_sum": "masks"}, {"algorithm": "ditto"}, {"model": "mlp"}], ids=str)
def test_of_a_table_it_speaks_in_the_tables_own_words(
    dataset: str, called: str, label: str, settings: dict[str, Any]
) -> None:
    """Owners by their names; no picture; and an image is named once, where it is said that these are none.

    What rises is the bias of the label that most have there: in Hungary the healthy, of the loans those repaid.
    """
    plan = Experiment(dataset=dataset, partition="natural", rounds=1, **{"model": "softmax", **settings})
    sees, prepared = looked(plan, party=1), prepare(plan)
    told = text(sees).replace("These examples are no images", "")
    assert facts(sees)["from party"] == f"1, {prepared.names[1]}"
    assert f"of {len(prepared.training[1]):,} {called}, " in told
    assert "image" not in told
    assert "pixel" not in told
    assert ("secure_sum" in settings) or f": {label}" in told
    assert sees._page.state["unit"] is None
    assert all(part["pairs"] is None for part in sees._page.state["parts"])


@pytest.mark.parametrize("dataset", ["heart", "lending"])
def test_a_party_with_one_line_of_a_table_gives_it_away(dataset: str) -> None:
    """One example with softmax: each label's quotient ΔW / Δb is that example, whatever its columns mean."""
    plan = Experiment(dataset=dataset, partition="iid", parties=5, examples=5, model="softmax", batch_size="all")
    sees = looked(plan.with_(rounds=1))
    assert "Its one example is recovered." in text(sees)


def test_before_a_run_the_tab_says_what_it_is_for() -> None:
    lab = Lab(SMALL)
    OPEN.append(lab)
    lab._sees.draw()
    assert lab._sees._look.disabled
    lab._sees.look()
    assert "The examples never leave a party" in lab._sees._text.value


@pytest.mark.parametrize(
    ("role", "name"),
    [(role, name) for role in ("algorithm", "compression", "privacy", "attack") for name in KINDS[role]],
)
def test_every_kind_is_told_in_sentences(role: str, name: str, is_one_sentence: Callable[[object], bool]) -> None:
    """Whatever is on the way, there are sentences, and none of them is an error's."""
    sees = looked(SMALL.with_(model="softmax", **{role: name}))
    assert "fedlab-complaint" not in sees._text.value
    for part in sees._page.state["parts"]:
        for one in part["says"]:
            assert one.endswith(".") or one.endswith(".)")
            assert "\n" not in one
    if sees._page.state["parts"]:
        assert int(facts(sees)["bytes"].replace(",", "")) > 0
