"""The heat map, the federation at work and one number, each drawn in a real browser on a page of its own.

The page gets what Python would send it, and a stand-in for the kernel that keeps what the part tells.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from fedlab import Experiment, run
from fedlab.partitions import label_counts
from fedlab.prepare import prepare
from fedlab_widgets.brake import Brake
from fedlab_widgets.federation import Federation
from fedlab_widgets.holdings import Holdings
from fedlab_widgets.number import Number
from fedlab_widgets.session import Session
from fedlab_widgets.watching import watch

EXPERIMENT = Experiment(
    parties=6, examples=300, model="softmax", rounds=2, partition="dirichlet", stragglers=0.3, dropouts=0.2, seed=1
)
STAND_IN = """async ([source, state, round]) => {
    const read = text => new DataView(Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer);
    const bytes = value => value && value.bytes ? read(value.bytes) : value;
    const whole = values => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, bytes(value)]));
    const values = {state: whole(state), round: whole(round)}, heard = {};
    window.told = [];
    window.model = {
        get: name => values[name], on: (name, act) => (heard[name] ||= []).push(act), off: () => {},
        send: message => window.told.push(message),
        set: (name, value) => { values[name] = whole(value); (heard['change:' + name] || []).forEach(act => act()); },
    };
    const part = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    part.default.render({model: window.model, el: document.querySelector('#part')});
}"""


def sent(values: dict[str, Any]) -> dict[str, Any]:
    """A state as it can be given to a page: its bytes in base64."""
    return {
        name: {"bytes": b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in values.items()
    }


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Draw a part on an empty page: `show(widget)`."""
    contexts = []

    def shown(part: Any, still: bool = False, width: int = 640) -> Page:
        motion: Any = "reduce" if still else "no-preference"
        contexts.append(browser.new_context(viewport={"width": width, "height": 700}, reduced_motion=motion))
        page = contexts[-1].new_page()
        colours = "--ink: #111; --muted: #666; --line: #ccc; --paper: #fff; --shade: #eee; --error: #b42318"
        page.set_content(f'<style>{part._css}</style><main style="{colours}"><div id="part"></div></main>')
        page.evaluate(STAND_IN, [part._esm, sent(part.state), sent(getattr(part, "round", {}))])
        return page

    yield shown
    for context in contexts:
        context.close()


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(EXPERIMENT)
    yield session
    session.close()


@pytest.fixture
def federation(session: Session) -> Iterator[Any]:
    """The federation after a run of two rounds."""
    view = Federation(session)
    view.in_sight = True
    session.run()
    session.wait()
    view.draw()
    yield view.view
    view.close()


def told(page: Page) -> list[dict[str, Any]]:
    return list(page.evaluate("window.told"))


def test_the_map_is_read_with_the_arrow_keys_and_enter_opens_a_party(session: Session, show: Any) -> None:
    view = Holdings(session)
    view.draw()
    page = show(view._map)
    prepared = prepare(EXPERIMENT)
    counts = label_counts(prepared.parties, prepared.dataset.train_y, 10)
    heat_map = page.locator(".fedlab-map")
    expect(heat_map).to_have_attribute("aria-label", re.compile("each of 6 parties"))
    heat_map.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(".fedlab-read")).to_contain_text(f"Party 2, label 3: {counts[2, 3]} of its {counts[2].sum()}")
    page.keyboard.press("Enter")
    assert told(page) == [{"do": "select", "party": 2}]
    view.close()


def test_a_click_on_a_column_opens_its_party(session: Session, show: Any) -> None:
    """The first column begins behind the labels, 46 pixels from the left."""
    view = Holdings(session)
    view.draw()
    page = show(view._map)
    page.locator(".fedlab-map canvas").click(position={"x": 50, "y": 100})
    assert told(page) == [{"do": "select", "party": 0}]
    view.close()


def test_the_map_follows_a_new_state_within_two_frames(session: Session, show: Any) -> None:
    view = Holdings(session)
    view.draw()
    page = show(view._map)
    page.wait_for_timeout(100)
    before = page.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    session.set("alpha", 0.01)
    view.draw()
    drawn = page.evaluate(
        """async state => {
            window.model.set('state', state);
            for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
            return document.querySelector('canvas').toDataURL();
        }""",
        sent(view._map.state),
    )
    assert drawn != before
    view.close()


def test_thousands_of_parties_are_a_picture_too(show: Any) -> None:
    session = Session(EXPERIMENT.with_(parties=3_000, examples=6_000, partition="iid"))
    view = Holdings(session)
    view.draw()
    page = show(view._map)
    page.locator(".fedlab-map").focus()
    page.keyboard.press("End")
    expect(page.locator(".fedlab-read")).to_contain_text("Party 2999, label 0")
    view.close()
    session.close()


def test_a_learner_walks_through_the_six_steps_of_a_round_and_into_the_next(federation: Any, show: Any) -> None:
    page = show(federation, still=True)
    steps = page.locator(".fedlab-steps button")
    names = ["initialise", "local training", "upload", "aggregate", "send back", "repeat until converged"]
    expect(steps).to_have_text([f"{number} {name}" for number, name in enumerate(names, 1)])
    steps.first.click()
    said = page.locator(".fedlab-said")
    sentences = []
    for step in range(6):
        expect(steps.nth(step)).to_have_attribute("aria-current", "step")
        sentences.append(said.text_content())
        page.get_by_role("button", name="next step").click()
    assert len(set(sentences)) == 6
    assert not any("{" in str(sentence) for sentence in sentences)
    steps.first.click()
    page.evaluate("window.told.length = 0")
    page.get_by_role("button", name="next step").click()
    page.get_by_role("button", name="previous step").click()
    page.get_by_role("button", name="previous step").click()
    assert told(page) == [{"do": "step", "at": 1}, {"do": "step", "at": 0}, {"do": "round", "at": 1}]


def test_without_motion_each_step_is_a_still_picture(federation: Any, show: Any) -> None:
    page = show(federation, still=True)
    pictures = set()
    for step in range(6):
        page.locator(".fedlab-steps button").nth(step).click()
        picture = page.locator(".fedlab-stage canvas").evaluate("canvas => canvas.toDataURL()")
        page.wait_for_timeout(60)
        assert page.locator(".fedlab-stage canvas").evaluate("canvas => canvas.toDataURL()") == picture
        pictures.add(picture)
    assert len(pictures) == 6


def test_a_round_that_comes_in_is_played_and_one_that_is_hidden_is_not(federation: Any, show: Any) -> None:
    page = show(federation)
    page.wait_for_timeout(300)  # until the browser has said what is in sight
    page.evaluate("round => window.model.set('round', round)", {**federation.round, "pace": "slow"})
    seen = page.evaluate(
        """async () => {
            const seen = new Set();
            for (let frame = 0; frame < 40; frame++) {
                await new Promise(requestAnimationFrame);
                seen.add(document.querySelector('.fedlab-stage canvas').toDataURL());
            }
            return seen.size;
        }"""
    )
    assert seen > 5
    page.evaluate("document.querySelector('#part').style.marginTop = '5000px'")
    page.wait_for_timeout(200)
    asked = page.evaluate(
        """async () => {
            let asked = 0;
            const ask = window.requestAnimationFrame;
            window.requestAnimationFrame = act => { asked++; return ask(act); };
            await new Promise(later => setTimeout(later, 300));
            return asked;
        }"""
    )
    assert asked == 0


def test_each_party_is_a_button_that_says_how_it_fares(federation: Any, show: Any) -> None:
    """0.3 · 6 are two stragglers, whom FedAvg does not wait for, and 0.2 · 6 is one that falls silent."""
    page = show(federation, still=True)
    parties = page.locator(".fedlab-party")
    expect(parties).to_have_count(6)
    names = [party.get_attribute("aria-label") for party in parties.all()]
    assert sum("falls silent" in str(name) for name in names) == 1
    assert 1 <= sum("does not count" in str(name) for name in names) <= 2
    parties.nth(3).focus()
    page.keyboard.press("Enter")
    assert told(page) == [{"do": "select", "party": 3}]


def test_a_pixel_that_is_clicked_is_the_weight_that_is_shown(session: Session, show: Any) -> None:
    """28 x 28 pixels of 7: the click at (100, 50) is on row 7 and column 14, weight 7 · 28 + 14 = 210 of its unit."""
    brake = Brake()
    brake.release()
    experiment = EXPERIMENT.with_(rounds=1)
    view = Number(session)
    view.show(prepare(experiment), watch(prepare(experiment), None, brake))
    page = show(view.view)
    expect(page.locator(".fedlab-sum")).to_contain_text(" = ")
    page.locator("canvas").click(position={"x": 101, "y": 53})
    assert told(page) == [{"do": "choose", "layer": 0, "index": [210, view.view.state["index"][1]]}]
    view.choose(0, [210, 4])
    page.evaluate("state => window.model.set('state', state)", sent(view.view.state))
    state = list(run(experiment))[-1].state
    assert state is not None
    after = f"{state.weights[210 * 10 + 4]:.5f}"
    expect(page.locator(".fedlab-terms")).to_contain_text(after)
    view.close()


@pytest.mark.parametrize("width", [340, 640])
def test_every_party_has_room_and_none_lies_on_another(federation: Any, show: Any, width: int) -> None:
    page = show(federation, still=True, width=width)
    boxes = [party.bounding_box() for party in page.locator(".fedlab-party").all()]
    for place, one in enumerate(boxes):
        assert one is not None
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= width
        for other in boxes[place + 1 :]:
            assert other is not None
            apart = abs(one["x"] - other["x"]) >= one["width"] or abs(one["y"] - other["y"]) >= one["height"]
            assert apart, json.dumps([one, other])
