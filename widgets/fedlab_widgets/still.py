"""The convergence plot as a picture on white: for files, and for pages without JavaScript. Drawn only on request."""

from __future__ import annotations

import io
from typing import Any

from fedlab.plots import X_AXES, convergence
from fedlab.text import say
from fedlab_widgets.session import Session

HEIGHTS = 3, 2  # of what is measured and of the loss, one below the other
SIZE = 660, 370  # pixels of the page
DPI = 80


def still(session: Session) -> tuple[bytes, dict[str, Any]]:
    """The curves that are shown, as PNG, with its size on a page and what it says in words."""
    from matplotlib.figure import Figure
    from PIL import Image

    shown = session.runs.shown
    labels, x = session.runs.labels(shown), session.selected["x"]
    histories = [run.history for run in shown]
    measures = {run.score_name for run in shown}
    score = "test_accuracy" if "auc" not in measures else "test_auc" if len(measures) == 1 else "score"
    figure = Figure((SIZE[0] / DPI, SIZE[1] / DPI), dpi=2 * DPI, layout="constrained")
    axes = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": HEIGHTS})
    for place, (ax, y) in enumerate(zip(axes, (score, "test_loss"), strict=True)):
        untrained = [run.untrained and run.untrained[place] for run in shown]
        convergence(ax, histories, x, y, list(labels.values()), [run.number for run in shown], untrained)
        ax.label_outer()
        if place and (legend := ax.get_legend()):
            legend.remove()
    if session.prediction:
        session.prediction.draw(axes[0])
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    file = io.BytesIO()  # 256 colours: a third of the size, and no eye sees it
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    told = [
        say("{run}: {accuracy} after {rounds} rounds", run=labels[run], rounds=run.done,
            accuracy=f"{run.history.rounds[-1].score:.1%}")
        for run in shown
    ]  # fmt: skip
    about, against = "; ".join(told) or say("no run yet"), say(X_AXES[x][0])
    alt = {
        "test_accuracy": say("Test accuracy and loss against {x}. {about}.", x=against, about=about),
        "test_auc": say("Test AUC and loss against {x}. {about}.", x=against, about=about),
        "score": say("Test accuracy or AUC, and loss, against {x}. {about}.", x=against, about=about),
    }[score]
    return file.getvalue(), {"width": SIZE[0], "height": SIZE[1], "alt": alt}
