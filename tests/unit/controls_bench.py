"""A lab's controls without a page: tests say what the page would send, and ask what it would show."""

from __future__ import annotations

from typing import Any

from fedlab import Experiment
from fedlab_widgets.control import Control
from fedlab_widgets.controls import Controls
from fedlab_widgets.kinds import kinds_with, with_settings_for
from fedlab_widgets.session import Session


class Bench:
    """Controls and the session that they are of."""

    def __init__(self, experiment: Experiment | None = None, shown: tuple[str, ...] = (), **more: Any):
        if experiment is None:
            experiment = with_settings_for(shown, Experiment(), kinds_with((), Experiment()))
        self.session = Session(experiment, **more)
        self.controls = Controls(self.session, shown)

    def control(self, name: str) -> Control:
        return self.controls.control(name)

    def say(self, do: str, **values: Any) -> None:
        """What the page sends when the learner does something."""
        self.controls.view._handle_custom_msg({"do": do, **values}, [])

    def type_in(self, name: str, text: str) -> None:
        """What the page sends when a learner types a value and presses Enter."""
        self.say("set", name=name, text=text)

    def choose(self, name: str, value: Any) -> None:
        """What it sends when a learner moves a slider or chooses in a menu."""
        self.say("set", name=name, step=self.control(name).steps.index(value))

    @property
    def state(self) -> dict[str, Any]:
        return dict(self.controls.view.state)

    def value(self, name: str) -> Any:
        """What the page shows: the text in the box, or the entry of the menu."""
        control, value = self.control(name), self.state["values"][name]
        return control.steps[value] if control.options else value

    def refused(self, name: str) -> str:
        return str(self.state["refused"].get(name, ""))

    @property
    def experiment(self) -> Experiment:
        return self.session.wanted.experiment()

    def is_shown(self, name: str) -> bool:
        """Whether a control is on the page and can be seen, by the page's own rules (controls.js)."""
        schema, state = self.controls.view.schema, self.state
        places = [schema["first"]] + [one["controls"] for one in schema["groups"] if one["name"] in state["open"]]
        seen = [spec for specs in places for spec in specs]
        names = [spec["name"] for spec in seen if not spec.get("hidden")]
        own = [spec["own"][state["values"][spec["name"]]] for spec in seen if spec.get("own")]
        return name in names or any(spec["name"] == name for specs in own for spec in specs)
