"""The convergence plot as a picture on white: for files, and for pages without JavaScript. Drawn only on request."""

from __future__ import annotations

import io
from typing import Any

from fedlab.plots import convergence
from fedlab.text import say
from fedlab_widgets.session import Session

SHOWN = {"test_accuracy": 3, "test_loss": 2}  # one below the other, with the share of the height
SIZE = 660, 370  # pixels of the page
DPI = 80


def still(session: Session) -> tuple[bytes, dict[str, Any]]:
    """The curves that are shown, as PNG, with its size on a page and what it says in words."""
    from matplotlib.figure import Figure

    shown = session.runs.shown
    labels, x = session.runs.labels(shown), session.selected["x"]
    histories = [run.history for run in shown]
    figure = Figure((SIZE[0] / DPI, SIZE[1] / DPI), dpi=2 * DPI, layout="constrained")
    axes = figure.subplots(len(SHOWN), 1, sharex=True, gridspec_kw={"height_ratios": list(SHOWN.values())})
    for place, (ax, y) in enumerate(zip(axes, SHOWN, strict=True)):
        untrained = [run.untrained and run.untrained[place] for run in shown]
        convergence(ax, histories, x, y, list(labels.values()), [run.number for run in shown], untrained)
        ax.label_outer()
        if place and (legend := ax.get_legend()):
            legend.remove()
    if session.prediction:
        session.prediction.draw(axes[0])
    file = io.BytesIO()
    figure.savefig(file, format="png")
    told = [
        say("{run}: {accuracy} after {rounds} rounds", run=labels[run], rounds=run.done,
            accuracy=f"{run.history.rounds[-1].test_accuracy:.1%}")
        for run in shown
    ]  # fmt: skip
    return file.getvalue(), {"width": SIZE[0], "height": SIZE[1], "alt": "; ".join(told) or say("no run yet")}
