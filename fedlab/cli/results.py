"""What the command line shows: a line for each round, and for a comparison a table and a picture."""

from __future__ import annotations

import io
from dataclasses import replace
from statistics import mean, stdev

from fedlab.differences import differences
from fedlab.experiment import Experiment
from fedlab.history import History
from fedlab.rounds import Round
from fedlab.text import say


def round_line(one: Round, rounds: int) -> str:
    """One round on one line."""
    line = say(
        "round {number} of {rounds}   test accuracy {percent:5.2f} %   test loss {test_loss:.4f}   "
        "train loss {train_loss:.4f}   {megabytes:.1f} MB   {seconds:.2f} s",
        number=str(one.number).rjust(len(str(rounds))),
        rounds=rounds,
        percent=100 * one.test_accuracy,
        test_loss=one.test_loss,
        train_loss=one.train_loss,
        megabytes=(one.bytes_up + one.bytes_down) / 1e6,
        seconds=one.seconds,
    )
    if one.test_auc is not None:
        line += "   " + say("test AUC {auc:.3f}", auc=one.test_auc)
    if one.backdoor is not None:
        line += "   " + say("backdoor {share:.1%}", share=one.backdoor)
    if one.epsilon is not None:
        line += "   " + say("ε {epsilon:.2f}", epsilon=one.epsilon)
    return line + "   " + say("{parties} absent", parties=one.absent) if one.absent else line


def comparison(histories: list[History]) -> str:
    """A table with one row for each experiment; runs that differ in nothing but the seed share a row."""
    head = [
        say("run"),
        say("seeds"),
        say("rounds"),
        say("final AUC, %") if measured_by(histories) == "test_auc" else say("final accuracy, %"),
        say("best AUC, %") if measured_by(histories) == "test_auc" else say("best accuracy, %"),
        say("final test loss"),
        say("MB sent"),
    ]
    groups = by_seed(histories)
    column = measured_by(histories)
    rows = [
        [name, str(len(runs)), str(min(len(run) for run in runs)), *outcome(runs, column)]
        for name, runs in zip(names_of(groups), groups, strict=True)
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = (
        "  ".join(f"{cell:{'<' if column == 0 else '>'}{widths[column]}}" for column, cell in enumerate(row))
        for row in [head, *rows]
    )
    note = [say("± is one standard deviation over the seeds.")] if any(len(runs) > 1 for runs in groups) else []
    return "\n".join([*lines, *note])


def measured_by(histories: list[History]) -> str:
    """The column that tells how good models are: AUC, if that is the measure of all that have a round."""
    rounds = [history.rounds[0] for history in histories if history.rounds]
    return "test_auc" if rounds and all(one.test_auc is not None for one in rounds) else "test_accuracy"


def outcome(runs: list[History], column: str) -> list[str]:
    """What came of runs that differ in their seed; dashes if one of them has no round."""
    if not all(run.rounds for run in runs):
        return ["–"] * 4
    return [
        spread([100 * run.column(column)[-1] for run in runs], 2),
        spread([100 * max(run.column(column)) for run in runs], 2),
        spread([run.rounds[-1].test_loss for run in runs], 4),
        f"{mean(sum(run.column('bytes_up')) + sum(run.column('bytes_down')) for run in runs) / 1e6:.1f}",
    ]


def picture(histories: list[History], kind: str) -> bytes:
    """Test accuracy against rounds, drawn; of several seeds the mean, in a band of one standard deviation.

    AUC instead where all runs are measured by it. Against simulated seconds
    where a run's rounds are the steps of a server that waits for nobody.
    kind: "png", "svg" or "pdf".
    """
    from matplotlib.figure import Figure

    from fedlab.plots import X_AXES, convergence, style

    groups = by_seed([history for history in histories if history.rounds])
    figure = Figure(figsize=(7, 4.5), dpi=200, layout="constrained")
    ax = figure.subplots()
    x = "simulated_seconds" if any(runs[0].experiment.algorithm.asynchronous for runs in groups) else "rounds"
    y, means = measured_by(histories), [mean_of(runs) for runs in groups]
    convergence(ax, means, x, y, labels=names_of(groups))
    for number, runs in enumerate(groups):
        if len(runs) > 1:
            columns = list(zip(*(run.column(y) for run in runs), strict=False))
            low, high = ([mean(c) + sign * stdev(c) for c in columns] for sign in (-1, 1))
            ax.fill_between(X_AXES[x][1](means[number]), low, high, alpha=0.2, lw=0, color=style(number)["color"])
            title = say("mean of {seeds} seeds ± one standard deviation", seeds=len(runs))
            ax.set_title(title, fontsize="small", loc="left")
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def by_seed(histories: list[History]) -> list[list[History]]:
    """The runs in groups that differ in nothing but the seed."""
    groups: dict[Experiment, list[History]] = {}
    for history in histories:
        groups.setdefault(history.experiment.with_(seed=0), []).append(history)
    return list(groups.values())


def names_of(groups: list[list[History]]) -> list[str]:
    """What differs between groups of runs, apart from the seed."""
    return differences([runs[0].experiment.with_(seed=0) for runs in groups])


def mean_of(runs: list[History]) -> History:
    """A history with the mean accuracy, AUC if there is one, and seconds of several, as far as all of them went."""
    together = zip(*(run.rounds for run in runs), strict=False)
    averaged = {"test_accuracy", measured_by(runs), "simulated_seconds"}
    return History(
        runs[0].experiment,
        [replace(one[0], **{name: mean(getattr(r, name) for r in one) for name in averaged}) for one in together],
    )


def spread(values: list[float], digits: int) -> str:
    """The mean, and the standard deviation if there are several values."""
    text = f"{mean(values):.{digits}f}"
    return f"{text} ± {stdev(values):.{digits}f}" if len(values) > 1 else text
