"""Properties of every experiment: whatever is registered, and whatever its settings, it survives JSON and its link."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fedlab import Experiment
from fedlab.experiment import KINDS
from fedlab.prepare import prepare
from fedlab.roles import ON_THE_WAY
from fedlab.settings import About, InvalidSetting, Settings, settings_of

KIND_CLASSES: list[type[Settings]] = [kind for kinds in KINDS.values() for kind in kinds.values()]
OWNERS: list[type[Settings]] = [Experiment, *KIND_CLASSES]
OWN = [name for name in settings_of(Experiment) if name not in KINDS]
RANGES = [
    (owner, name, about) for owner in OWNERS for name, about in settings_of(owner).items() if about.low is not None
]
CHOICES = [
    (owner, name, choice) for owner in OWNERS for name, about in settings_of(owner).items() for choice in about.choices
]


def is_whole(owner: type[Settings], name: str) -> bool:
    return "int" in str(owner.model_fields[name].annotation)


def values(owner: type[Settings], name: str) -> st.SearchStrategy[Any]:
    """Every value that a setting says it allows."""
    about = settings_of(owner)[name]
    if about.low is None or about.high is None:
        return st.sampled_from(about.choices) if about.choices else st.booleans()
    words = [choice for choice in about.choices if isinstance(choice, str)]
    numbers = (
        st.integers(int(about.low), int(about.high))
        if is_whole(owner, name)
        else st.floats(about.low, about.high, allow_nan=False)
    )
    return numbers | st.sampled_from(words) if words else numbers


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    """Any experiment of the kit's own kinds."""
    settings: dict[str, Any] = {}
    fixed: dict[str, Any] = {}
    for role, kinds in KINDS.items():
        kind = kinds[draw(st.sampled_from(sorted(kinds)))]
        settings |= {role: kind.name} | {name: draw(values(kind, name)) for name in settings_of(kind)}
        fixed |= kind.fixes
    settings |= {name: draw(values(Experiment, name)) for name in OWN if name not in fixed and draw(st.booleans())}
    settings["examples"] = draw(st.integers(1, 60_000))
    settings["parties"] = draw(st.integers(1, settings["examples"]))
    for role in (*ON_THE_WAY, "aggregation", ""):
        try:
            return Experiment(**settings)
        except InvalidSetting as error:  # some fit only some of the others: then without what stands in the way
            assert_one_sentence(error)
        for name in [role, *settings_of(KINDS[role][settings[role]])] if role else []:
            del settings[name]
    assume(False)
    raise AssertionError


def assert_one_sentence(error: Exception, longest: int = 400) -> None:
    text = str(error)
    assert 10 < len(text) < longest, text
    assert "\n" not in text
    assert text[-1] in ".?"
    assert "pydantic" not in text


@given(experiments())
def test_an_experiment_survives_json(experiment: Experiment) -> None:
    again = Experiment.from_json(experiment.to_json())
    assert again == experiment
    assert again.to_json() == experiment.to_json()


@given(experiments())
def test_an_experiment_survives_its_link(experiment: Experiment) -> None:
    again = Experiment.from_link(experiment.link())
    assert again == experiment
    assert again.link() == experiment.link()


@given(experiments())
def test_an_experiment_survives_being_taken_apart(experiment: Experiment) -> None:
    assert Experiment(**experiment.to_dict()) == experiment
    assert experiment.with_() == experiment
    assert hash(experiment.with_()) == hash(experiment)


@given(experiments(), st.data())
def test_any_experiment_can_be_prepared_or_gets_one_sentence(experiment: Experiment, data: st.DataObject) -> None:
    """Everything that can be refused is refused before an engine starts; with few examples, so that it is quick."""
    examples = data.draw(st.integers(1, 300))
    try:
        few = experiment.with_(examples=examples, parties=data.draw(st.integers(1, min(20, examples))))
        prepared = prepare(few)
    except ValueError as error:
        assert_one_sentence(error)
        return
    assert len(prepared.parties) == few.parties
    assert all(len(own) > 0 for own in prepared.parties)
    assert prepared.size == len(prepared.first_weights())
    assert prepared.seen.train_x.shape == prepared.dataset.train_x.shape


@pytest.mark.parametrize(("role", "kind"), [(role, kind) for role, kinds in KINDS.items() for kind in kinds.values()])
@given(data=st.data())
def test_any_kind_with_any_settings_survives_json_and_link(role: str, kind: Any, data: st.DataObject) -> None:
    """Each kind of each role by itself: models and stages as well as algorithms, partitions and data sets."""
    settings = {name: data.draw(values(kind, name)) for name in settings_of(kind)}
    many = Experiment(parties=60_000, examples=60_000)  # so many that there are enough for any number of liars
    experiment = many.with_(**{role: kind.name}, **settings)
    assert getattr(experiment, role) == kind(**settings)
    assert experiment.own_kinds == []
    assert Experiment.from_json(experiment.to_json()) == Experiment.from_link(experiment.link()) == experiment
    assert many.with_(**{role: kind(**settings)}) == experiment


@given(experiments(), experiments())
def test_with_takes_over_what_is_named_and_keeps_the_rest(one: Experiment, other: Experiment) -> None:
    """Another algorithm brings its own settings and those that it fixes; the partition stays, and vice versa."""
    for role in KINDS:
        chosen = getattr(other, role)
        fixed = chosen.fixes
        try:
            changed = one.with_(**{role: chosen})
        except InvalidSetting as error:
            assert_one_sentence(error)
            continue
        assert getattr(changed, role) == chosen
        kept = [name for name in settings_of(Experiment) if name != role and name not in fixed]
        assert all(getattr(changed, name) == getattr(one, name) for name in kept)
        assert all(getattr(changed, name) == value for name, value in fixed.items())
        try:
            named = one.with_(**{role: chosen.name})
        except InvalidSetting as error:  # with its usual settings it does not go with the others
            assert_one_sentence(error)
        else:
            assert named.to_dict().keys() == changed.to_dict().keys()


@given(experiments(), st.data())
def test_a_link_with_one_changed_character_is_refused_or_means_the_same(
    experiment: Experiment, data: st.DataObject
) -> None:
    """Refused with one sentence; a full-width 1 in the version is still a 1."""
    link = experiment.link()
    place = data.draw(st.integers(0, len(link) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda c: c != link[place]))
    try:
        again = Experiment.from_link(link[:place] + character + link[place + 1 :])
    except ValueError as error:
        assert_one_sentence(error)
    else:
        assert again == experiment


@given(experiments(), st.data())
def test_a_part_of_a_link_is_refused(experiment: Experiment, data: st.DataObject) -> None:
    link = experiment.link()
    first, last = sorted((data.draw(st.integers(0, len(link))), data.draw(st.integers(0, len(link)))))
    assume((first, last) != (0, len(link)))
    with pytest.raises(ValueError, match="link") as caught:
        Experiment.from_link(link[first:last])
    assert_one_sentence(caught.value)


@given(st.text())
def test_no_text_is_taken_for_a_link_or_for_json(text: str) -> None:
    for read in (Experiment.from_link, Experiment.from_json):
        with pytest.raises(ValueError, match=r"\w") as caught:
            read(text)
        assert_one_sentence(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*settings_of(Experiment), "alpha", "mu", "self", "x"]), JSON, max_size=4))
def test_any_values_make_an_experiment_or_one_sentence(settings: dict[str, Any]) -> None:
    try:
        Experiment(**settings)
    except InvalidSetting as error:
        assert_one_sentence(error, longest=1_000)  # it may repeat a long text that is not a value


# Ranges


def build(owner: type[Settings], name: str, value: object) -> Settings:
    """The owner with this one value; an experiment with enough examples for its parties, or few enough parties."""
    if owner is Experiment and name == "away":
        return Experiment(parties=60_000, examples=60_000, away=value)
    if owner is Experiment and name == "parties":
        return Experiment(parties=value, examples=60_000)
    if owner is Experiment and name == "examples":
        return Experiment(parties=1, examples=value)
    return owner(**{name: value})


@pytest.mark.parametrize(("owner", "name", "about"), RANGES, ids=str)
def test_both_ends_of_a_range_are_accepted(owner: type[Settings], name: str, about: About) -> None:
    for value in (about.low, about.high, *about.shown_range):
        assert getattr(build(owner, name, value), name) == value


@pytest.mark.parametrize(("owner", "name", "about"), RANGES, ids=str)
def test_just_outside_a_range_is_refused_with_the_name_and_the_range(
    owner: type[Settings], name: str, about: About
) -> None:
    assert about.low is not None
    assert about.high is not None
    if is_whole(owner, name):
        outside: list[float] = [about.low - 1, about.high + 1]
        ends = f"from {about.low:d} to {about.high:d}"
    else:
        outside = [math.nextafter(about.low, -math.inf), math.nextafter(about.high, math.inf), math.nan, math.inf]
        ends = f"from {about.low:g} to {about.high:g}"
    for value in outside:
        with pytest.raises(InvalidSetting) as caught:
            build(owner, name, value)
        assert caught.value.setting == name
        assert str(caught.value).startswith(f"{name} is ")
        assert ends in str(caught.value)
        assert_one_sentence(caught.value)


@pytest.mark.parametrize(("owner", "name", "choice"), CHOICES, ids=str)
def test_every_choice_on_offer_is_accepted(owner: type[Settings], name: str, choice: object) -> None:
    chosen = getattr(build(owner, name, choice), name)
    assert getattr(chosen, "name", chosen) == choice


@pytest.mark.parametrize("owner", OWNERS)
def test_every_setting_explains_itself(owner: type[Settings]) -> None:
    """A range around its default and one sentence for the learner; a slider within the range."""
    for name, about in settings_of(owner).items():
        assert about.lesson.endswith("."), name
        assert len(about.lesson) < 160, name
        default = getattr(owner(), name)
        if about.low is not None and about.high is not None:
            assert about.low <= about.shown_range[0] < about.shown_range[1] <= about.high, name
            assert default in about.choices or about.low <= default <= about.high, name
        else:
            assert getattr(default, "name", default) in (*about.choices, True, False), name
    assert set(settings_of(owner)) == set(owner.model_fields) - {"events"}  # which are no setting but their changes


@pytest.mark.parametrize("kind", KIND_CLASSES)
def test_every_kind_introduces_itself(kind: Any) -> None:
    """A name for files and links, a title for menus, and one sentence; the names are lower case without blanks."""
    assert kind.name == kind.name.lower()
    assert kind.name.replace("_", "").isalnum()
    assert 0 < len(kind.title) < 60
    assert kind.lesson.endswith(".")
    assert kind.__doc__
    for role, kinds in KINDS.items():
        if kind in kinds.values():
            assert not set(settings_of(kind)) & set(settings_of(Experiment)), f"{role} {kind.name} hides a setting"


def test_a_name_means_one_thing_in_one_experiment() -> None:
    """A partition and an algorithm that stand in one experiment cannot both own a name, for it is written flat."""
    owned = [{name for kind in kinds.values() for name in settings_of(kind)} for kinds in KINDS.values()]
    for first in range(len(owned)):
        for second in range(first):
            assert not owned[first] & owned[second]
