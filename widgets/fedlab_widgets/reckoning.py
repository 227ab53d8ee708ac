"""What the cost calculator says: a table, the formula with its numbers, and who is first on which line."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise

from fedlab import History
from fedlab.costs import Cost, Prices, epochs, examples_in, of_round, steps
from fedlab.differences import differences
from fedlab.text import say
from fedlab_widgets.table import line_of


def duration(seconds: float) -> str:
    """Seconds as a person would say them."""
    if seconds < 120:
        return say("{seconds:.3g} s", seconds=seconds)
    if seconds < 7200:
        return say("{minutes:.3g} min", minutes=seconds / 60)
    return say("{hours:,.3g} h", hours=seconds / 3600)


def names_of(runs: Sequence[History]) -> list[str]:
    texts = differences([run.experiment for run in runs])
    return [
        say("{what}, from round {number} of another run", what=text, number=run.forked_at) if run.forked_at else text
        for text, run in zip(texts, runs, strict=True)
    ]


def first_now(order: Sequence[tuple[float, int]]) -> int:
    """Which is first at the present speed."""
    return [leader for start, leader in order if start <= 1][-1]


def table(
    started: Sequence[tuple[int, History]], names: Sequence[str], costs: Sequence[Cost | None], first: int | None
) -> str:
    """One row a run, as HTML."""
    titles = (
        say("line"), say("run"), say("rounds"), say("MB sent"), say("download"), say("work"), say("upload"),
        say("waiting"), say("time"), say("computing, all parties"),
    )  # fmt: skip
    rows = []
    for place, ((number, history), name, cost) in enumerate(zip(started, names, costs, strict=True)):
        if cost:
            spent = cost.seconds
            times = (spent.down, spent.work, spent.up, spent.wait, spent.total, cost.computing)
            cells = [str(cost.rounds), f"{cost.megabytes:,.1f}", *map(duration, times)]
        else:
            best = max(history.column("test_accuracy"))
            cells = [say("not reached in {rounds} rounds: {best:.1%} at best", rounds=len(history), best=best)]
        span = "" if cost else ' colspan="8"'
        inside = "".join(f"<td{span}>{html.escape(cell)}</td>" for cell in cells)
        look = ' class="fedlab-first-run"' if place == first else ""
        rows.append(f"<tr{look}><td>{line_of(number)}</td><td>{html.escape(name)}</td>{inside}</tr>")
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    return f'<div class="fedlab-wide"><table class="fedlab-runs"><tr>{head}</tr>{"".join(rows)}</table></div>'


def formula(name: str, history: History, cost: Cost, prices: Prices) -> str:
    """The formula with its numbers, for a run's first round, as HTML."""
    one, experiment = history.rounds[0], history.experiment
    asked, reported = len(one.parties) + one.absent, len(one.parties)
    most = max(examples_in(one).values())
    line = say(
        "{name}: {down} / {down_speed:.3g} MB/s + {steps:,} steps × {step:g} s + {images:,} images × {image:g} s + "
        "{up} / {up_speed:.3g} MB/s + {wait:g} s = {round} for the first round; {time} for {rounds}.",
        name=name,
        down=_megabytes(one.bytes_down, asked, prices),
        down_speed=prices.down,
        steps=steps(experiment, most),
        step=prices.step,
        images=epochs(experiment) * most,
        image=prices.image,
        up=_megabytes(one.bytes_up, reported, prices),
        up_speed=prices.up,
        wait=prices.wait,
        round=duration(of_round(one, experiment, prices).total),
        time=duration(cost.seconds.total),
        rounds=cost.rounds,
    )
    return f'<div class="fedlab-reckoning">{html.escape(line)}</div>'


def _megabytes(sent: int, parties: int, prices: Prices) -> str:
    each = f"{sent / parties / 1e6:.3g} MB"
    return f"{parties} × {each}" if prices.shared else each


def verdict(names: Sequence[str], costs: Sequence[Cost], order: Sequence[tuple[float, int]], prices: Prices) -> str:
    """Which run is first, and at which speed of the line that changes, as HTML."""
    first = first_now(order)
    told = [
        say("First at this line: {name}, after {time}.", name=names[first], time=duration(costs[first].seconds.total))
    ]
    if len(costs) > 1 and len(order) == 1:
        told.append(say("It is first at every speed of the line."))
    for (_, before), (start, after) in pairwise(order):
        told.append(
            say(
                "Up to {speed} it is {before}, from there on {after}.",
                speed=_speed(start, prices), before=names[before], after=names[after],
            )
        )  # fmt: skip
    return f"<p><b>{html.escape(told[0])}</b> {html.escape(' '.join(told[1:]))}</p>"


def _speed(times: float, prices: Prices) -> str:
    """So many times the present speed, in words."""
    down, up = (f"{times * speed:.3g} MB/s" for speed in (prices.down, prices.up))
    return down if down == up else say("{down} down and {up} up", down=down, up=up)
