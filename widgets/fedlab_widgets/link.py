"""The link: a short string that holds all settings, and the way back from it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.experiment import KINDS
from fedlab_widgets.show_code import is_ours


class Link:
    """restore: called with the experiment that a pasted link holds."""

    def __init__(self, restore: Callable[[Experiment], None]):
        self._restore = restore
        self._text = widgets.HTML()
        self._paste = widgets.Text(
            placeholder="paste a link here and press Enter", description="restore", continuous_update=False
        )
        self._paste.observe(self._pasted, "value")
        self._paste.add_class("fedlab-paste")
        self._answer = widgets.HTML()
        self.view = widgets.VBox([self._text, self._paste, self._answer])

    def show(self, experiment: Experiment) -> None:
        """Show the link of these settings."""
        if all(is_ours(role, getattr(experiment, role)) for role in KINDS):
            self._text.value = f'<code class="fedlab-link">{html.escape(experiment.link())}</code>'
        else:
            self._text.value = "A link cannot hold an algorithm or a partition of your own: share its code instead."

    def _pasted(self, change: Any) -> None:
        if not change["new"].strip():
            return
        try:
            self._restore(Experiment.from_link(change["new"]))
            self._answer.value = "The controls are as in the link."
            self._paste.value = ""
        except ValueError as error:
            self._answer.value = f'<div class="fedlab-complaint" role="alert">{html.escape(str(error))}</div>'
