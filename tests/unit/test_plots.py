"""Facts about the pictures and the words in their legends."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from fedlab import Experiment, History, Round
from fedlab.differences import differences
from fedlab.plots import convergence, holdings, party_images, style
from fedlab.plots.behind import confusion_matrix, one_round, served
from fedlab.text import speak


def history(experiment: Experiment = Experiment(), accuracies: tuple[float, ...] = (0.5, 0.75)) -> History:
    """A history with these accuracies, and in round t a loss of 1/t, 3 MB up, 1 MB down and 2 simulated seconds."""
    return History(
        experiment,
        [
            Round(t, accuracy, 1 / t, 1.0, (), 3_000_000, 1_000_000, 0.1, None, simulated_seconds=2.0)
            for t, accuracy in enumerate(accuracies, 1)
        ],
    )


@pytest.mark.parametrize(
    ("x", "values"), [("rounds", [1, 2]), ("bytes", [4, 8]), ("simulated_seconds", [2, 4]), ("bytes_up", [3, 6])]
)
@pytest.mark.parametrize(("y", "heights"), [("test_accuracy", [0.5, 0.75]), ("test_loss", [1, 0.5])])
def test_a_curve_has_one_point_a_round(x: str, values: list[float], y: str, heights: list[float]) -> None:
    ax = Figure().subplots()
    convergence(ax, [history()], x, y)
    (line,) = ax.get_lines()
    assert list(line.get_xdata()) == values  # type: ignore[arg-type]
    assert list(line.get_ydata()) == heights  # type: ignore[arg-type]
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_a_curve_comes_from_the_untrained_model_and_its_axis_is_fitted_to_the_rounds() -> None:
    """Rounds of 80 and 89 %, 10 % before them: the axis begins 3 points lower, and a twentieth of 12 points is free."""
    ax = Figure().subplots()
    convergence(ax, [history(accuracies=(0.8, 0.89))], untrained=[0.1])
    curve, beginning = ax.get_lines()
    assert list(curve.get_ydata()) == [0.8, 0.89]  # type: ignore[arg-type]
    assert (beginning.get_xdata(), beginning.get_ydata()) == ([0, 1], [0.1, 0.8])
    assert ax.get_ylim() == pytest.approx((0.764, 0.896))
    legend = ax.get_legend()
    assert legend is not None
    assert legend.get_title().get_text() == "untrained: 10%"


def test_the_last_label_of_the_axis_has_room() -> None:
    """Two rounds of 4 MB: a 26th of the axis is free beyond 8 MB. Where nothing is sent or run, the axis goes to 1."""
    silent = History(Experiment(), [replace(one, bytes_up=0, bytes_down=0) for one in history()])
    for histories, end in (([history()], 8), ([silent], 1), ([], 1)):
        ax = Figure().subplots()
        convergence(ax, histories, "bytes")
        assert ax.get_xlim() == pytest.approx((0, 1.04 * end))


def private(epsilons: tuple[float | None, ...]) -> History:
    """A history with these ε."""
    experiment = Experiment(privacy="dp")
    return History(experiment, [replace(one, epsilon=e) for one, e in zip(history(), epsilons, strict=True)])


def test_against_epsilon_a_curve_has_its_epsilons_and_the_axis_is_one_of_ratios() -> None:
    """ε of 2 and 8: the axis goes from 2 / 1.3 to 8 · 1.3, and the beginning comes from its left end, not from 0."""
    ax = Figure().subplots()
    convergence(ax, [private((2.0, 8.0))], "epsilon", untrained=[0.1])
    curve, beginning = ax.get_lines()
    assert list(curve.get_xdata()) == [2, 8]  # type: ignore[arg-type]
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((2 / 1.3, 8 * 1.3))
    assert list(beginning.get_xdata()) == pytest.approx([2 / 1.3, 2])  # type: ignore[arg-type]


def test_runs_that_promise_nothing_are_left_out_of_epsilon_and_named() -> None:
    """No ε at all, as without noise, or none from some round on: then nothing is promised for the whole."""
    ax = Figure().subplots()
    histories = [history(), private((1.0, 3.0)), private((1.0, None))]
    convergence(ax, histories, "epsilon", labels=["open", "hidden", "given up"], untrained=[0.2, 0.1, 0.1])
    assert [list(line.get_xdata()) for line in ax.get_lines()[:1]] == [[1, 3]]  # type: ignore[arg-type]
    assert "open; given up" in ax.get_xlabel()
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["hidden"]
    assert legend.get_title().get_text() == "untrained: 10%"
    assert ax.get_lines()[0].get_color() == style(1)["color"], "a run's colour is the same on each axis"


def test_where_no_run_promises_anything_epsilon_is_an_empty_axis_and_not_an_error() -> None:
    ax = Figure().subplots()
    convergence(ax, [history()], "epsilon", untrained=[0.1])
    assert len(ax.get_lines()) == 0
    assert "FedAvg" in ax.get_xlabel()


def test_labels_are_said_in_the_learners_language() -> None:
    """The tables of axes hold keys, which are said when a plot is drawn; so are the names of settings in a legend."""
    before = speak({"round": "轮", "test loss": "测试损失", "parties": "参与方", "label": "标签",
                    "party ({parties:,})": "参与方（{parties:,}）"})  # fmt: skip
    try:
        ax, map_ax = (Figure().subplots() for _ in range(2))
        convergence(ax, [history(), history(Experiment(parties=3))], y="test_loss")
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("轮", "测试损失")
        legend = ax.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["参与方 = 10", "参与方 = 3"]
        holdings(map_ax, np.ones((3, 10), int))
        assert (map_ax.get_xlabel(), map_ax.get_ylabel()) == ("参与方（3）", "标签")
    finally:
        speak(before)


def test_what_lies_behind_is_drawn_with_words_on_every_axis() -> None:
    axes = [Figure().subplots() for _ in range(3)]
    served(axes[0], np.array([0.5, 0.25, 0.75]), 0.6)
    confusion_matrix(axes[1], np.eye(4, dtype=int))
    shown = one_round(axes[2], np.zeros(3), np.ones(3), [np.array([1.0, 0, 0]), np.array([0, 1.0, 0])])
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in axes)
    assert list(axes[0].get_lines()[0].get_ydata()) == [0.25, 0.5, 0.75]  # type: ignore[arg-type]
    assert [text.get_text() for text in axes[1].texts] == ["100"] * 4
    assert 0 < shown <= 1


def test_no_solid_curve_hides_a_broken_one_that_runs_along_it() -> None:
    """Five runs that are alike: the two solid ones, the first and the fifth, are wide and lie below all others."""
    ax = Figure().subplots()
    convergence(ax, [history()] * 5)
    first, *broken, fifth = ax.get_lines()
    for solid in (first, fifth):
        assert all(solid.get_zorder() < line.get_zorder() for line in broken)
        assert all(solid.get_linewidth() > line.get_linewidth() for line in broken)


def test_the_legend_says_what_differs() -> None:
    ax = Figure().subplots()
    convergence(ax, [history(), history(Experiment(algorithm="fedprox", mu=0.5))])
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["FedAvg", "FedProx, μ = 0.5"]


def test_a_plot_without_runs_is_empty_and_not_an_error() -> None:
    ax = Figure().subplots()
    convergence(ax, [])
    assert len(ax.get_lines()) == 0


def test_no_two_of_the_first_28_curves_look_the_same_even_without_colour() -> None:
    """4 lines and 8 markers take turns, so 8 curves differ without their colour; with 7 colours it is 4 x 7 curves."""
    assert len({(style(n)["linestyle"], style(n)["marker"]) for n in range(8)}) == 8
    assert len({(style(n)["linestyle"], style(n)["color"]) for n in range(28)}) == 28


@pytest.mark.parametrize("parties", [1, 2, 20, 100, 1_000])
def test_the_heat_map_has_a_column_for_each_party_as_far_as_columns_can_be_told_apart(parties: int) -> None:
    """Party 0 holds 0, 1, ..., 9 examples of the ten labels, 45 in all: of label 3 a share of 3/45."""
    counts = np.arange(parties * 10).reshape(parties, 10)
    ax = Figure().subplots()
    holdings(ax, counts)
    image = np.asarray(ax.get_images()[0].get_array())
    assert image.shape == (10, min(parties, 200))
    assert image[3, 0] == pytest.approx(3 / 45)
    assert f"{parties:,}" in ax.get_xlabel()
    texts = [text.get_text() for text in ax.texts]
    assert ("7" in texts) == (parties <= 20)


def test_a_large_party_does_not_make_the_others_pale() -> None:
    """The first party holds 1 example of each of two labels, the second 9,000: the same mix, the same colour."""
    ax = Figure().subplots()
    holdings(ax, np.array([[1, 1], [9_000, 9_000]]))
    assert np.asarray(ax.get_images()[0].get_array()).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_all_of_the_colour_bar_is_in_the_picture() -> None:
    figure = Figure((6, 3))
    holdings(figure.subplots(gridspec_kw={"right": 0.985}), np.full((30, 10), 10_000))
    figure.draw_without_rendering()
    bar = figure.axes[1].get_tightbbox()
    assert bar is not None
    assert bar.x1 < figure.bbox.x1


@pytest.mark.parametrize(("parties", "numbers"), [(3, ["2", "1", "0"]), (40, ["39", "0"])])
def test_who_is_served_worst_can_be_told_by_its_number(parties: int, numbers: list[str]) -> None:
    """Party 0 is served best, the last one worst."""
    ax = Figure().subplots()
    served(ax, np.linspace(0.9, 0.1, parties), 0.6)
    assert [text.get_text() for text in ax.get_xticklabels()] == numbers
    assert [text.get_text() for text in ax.texts] == (["parties 39, 38, 37"] if parties > 20 else [])


def test_owners_stand_by_their_names_where_numbers_would_tell_nothing() -> None:
    """Of few parties all, in the order of the axis; of many the three worst served, and at the ends of the axis."""
    few, many = (Figure().subplots() for _ in range(2))
    served(few, np.array([0.9, 0.3, 0.6]), 0.6, ["Cleveland", "Hungary", "Switzerland"])
    assert [text.get_text() for text in few.texts] == ["Hungary", "Switzerland", "Cleveland"]
    assert [text.get_text() for text in few.get_xticklabels()] == [""] * 3
    served(many, np.linspace(0.9, 0.1, 28), 0.6, [f"park {number}" for number in range(28)])
    assert [text.get_text() for text in many.texts] == ["parties park 27,\npark 26,\npark 25"]
    assert [text.get_text() for text in many.get_xticklabels()] == ["park 27", "park 0"]


def test_party_images_show_each_image_with_its_label() -> None:
    images = np.zeros((5, 28, 28), np.uint8)
    images[3] = 255
    ax = Figure().subplots()
    party_images(ax, images, np.array([7, 2, 1, 0, 4]))
    canvas = np.asarray(ax.get_images()[0].get_array())
    assert (canvas == 255).sum() == 28 * 28
    assert [text.get_text() for text in ax.texts] == ["7", "2", "1", "0", "4"]


@pytest.mark.parametrize(
    ("experiments", "labels"),
    [
        ([Experiment()], ["FedAvg"]),
        ([Experiment(rounds=1), Experiment(rounds=2)], ["FedAvg", "FedAvg"]),
        ([Experiment(), Experiment(parties=1_000)], ["parties = 10", "parties = 1,000"]),
        (
            [Experiment(), Experiment(partition="dirichlet", alpha=0.1)],
            ["IID", "Dirichlet, α = 0.1"],
        ),
        (
            [Experiment(partition="dirichlet", alpha=a) for a in (0.1, 1.0)],
            ["α = 0.1", "α = 1"],
        ),
        ([Experiment(model="softmax"), Experiment()], ["Softmax regression", "2NN"]),
        (
            [Experiment(learning_rate=0.1), Experiment(learning_rate=0.25)],
            ["learning rate = 0.1", "learning rate = 0.25"],
        ),
        # FedSGD fixes E and B, so they are no difference between it and FedAvg
        ([Experiment(algorithm="fedsgd"), Experiment(local_epochs=5)], ["FedSGD", "FedAvg"]),
    ],
)
def test_a_label_says_only_what_differs(experiments: list[Experiment], labels: list[str]) -> None:
    assert differences(experiments) == labels


def test_axes_without_a_curve_show_what_there_could_be() -> None:
    """Accuracies from 0 to 1, and not around 0, where none can be."""
    ax = Figure().subplots()
    convergence(ax, [])
    assert ax.get_ylim() == (0, 1)


def test_runs_with_long_names_leave_room_for_their_curves() -> None:
    """Of eight names of 150 characters the beginning and the end are told, and the axes keep most of the figure."""
    names = [f"parties = {number}, " + "examples = 60,000, " * 7 + f"seed = {number}" for number in range(8)]
    figure = Figure((8, 4), layout="constrained")
    ax = figure.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convergence(ax, [history()] * 8, labels=names)
        figure.savefig(io.BytesIO())
    assert ax.get_position().width > 0.7
    legend = ax.get_legend()
    assert legend is not None
    told = [text.get_text() for text in legend.get_texts()]
    for number, one in enumerate(told):
        assert one.startswith(f"parties = {number}")
        assert one.endswith(f"seed = {number}")
        assert len(one) < 60


def test_runs_that_are_left_out_leave_room_too() -> None:
    """On the axis of ε nothing is promised here, so all eight are named below it."""
    figure = Figure((8, 4), layout="constrained")
    ax = figure.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convergence(ax, [history()] * 8, "epsilon", labels=["examples = 60,000, " * 8] * 8)
        figure.savefig(io.BytesIO())
    assert ax.get_position().width > 0.7
