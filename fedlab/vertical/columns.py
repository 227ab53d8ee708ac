"""What can be set about a run in which parties hold different columns about the same people."""

from __future__ import annotations

from typing import Any, Literal

from fedlab.settings import InvalidSetting, Settings, setting
from fedlab.text import say
from fedlab.vertical.tables import HOLDERS


class Columns(Settings):
    """One run, described whole: equal `Columns` give equal runs.

    >>> Columns(who="doctor,imaging", model="network", cut=8)
    """

    data: Literal["heart", "mnist_left_right", "mnist_upper_lower"] = setting(
        "heart", "What the columns are about, and who holds which.", choices=tuple(HOLDERS)
    )
    who: str = setting("all", "Which of the parties take part.", choices=("all",))
    label_holder: str = setting("first", "Who knows the label, and so trains the top of the model.", choices=("first",))
    model: Literal["logistic", "network"] = setting(
        "logistic", "Logistic regression adds up what the parties send; a network learns from it.",
        choices=("logistic", "network"),
    )  # fmt: skip
    cut: int = setting(
        4, "How many numbers about a person each party of a network sends: more say more, and cost more.",
        low=1, high=64, slider=(1, 16),
    )  # fmt: skip
    people: int = setting(2_000, "How many people the table has, at most.", low=50, high=10_000, slider=(100, 5_000))
    overlap: float = setting(
        1.0, "The share of the label holder's people whom all parties know: only they can train together.",
        low=0.0, high=1.0,
    )  # fmt: skip
    rounds: int = setting(
        20, "How often the parties go through the people they share.", symbol="T", low=1, high=10_000, slider=(1, 200)
    )
    batch_size: int | Literal["all"] = setting(
        "all", "People in one step.", symbol="B", low=1, high=10_000, choices=(10, 20, 50, 100, "all")
    )
    learning_rate: float = setting(
        0.5, "How far one step goes.", symbol="η", low=1e-6, high=100.0, slider=(0.01, 2.0), scale="log"
    )
    noise: float = setting(
        0.0, "Noise on what comes back over the cut, as a multiple of the power of its largest gradient.",
        symbol="t", low=0.0, high=1_000.0, slider=(0, 10),
    )  # fmt: skip
    fold: int = setting(0, "Which fifth of the people tests the result.", low=0, high=4)
    seed: int = setting(0, "Another seed, another draw.", low=0, high=2**31 - 1, slider=(0, 20))

    def model_post_init(self, context: Any) -> None:
        super().model_post_init(context)
        known = HOLDERS[self.data]
        names = [name.strip() for name in self.who.split(",")]
        strangers = [] if self.who == "all" else [name for name in names if name not in known]
        if strangers or len(set(names)) < len(names):
            raise InvalidSetting(
                "who",
                say(
                    "who is {who}, but it must be all, or some of {known}, each once.",
                    who=repr(self.who), known=", ".join(known),
                ),
            )  # fmt: skip
        if self.label_holder not in ("first", *self.parties):
            raise InvalidSetting(
                "label_holder",
                say(
                    "label_holder is {holder}, but it must be first, or one of those who take part: {parties}.",
                    holder=repr(self.label_holder), parties=", ".join(self.parties),
                ),
            )  # fmt: skip

    @property
    def parties(self) -> tuple[str, ...]:
        """Those who take part, in the order of the table."""
        names = [name.strip() for name in self.who.split(",")]
        return tuple(name for name in HOLDERS[self.data] if self.who == "all" or name in names)

    @property
    def holder(self) -> str:
        """Who knows the label."""
        return self.parties[0] if self.label_holder == "first" else self.label_holder

    def with_(self, **changes: Any) -> Columns:
        """The same with some settings changed."""
        return Columns(**{**self.model_dump(), **changes})
