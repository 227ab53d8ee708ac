"""The way out of the lab: the selected run as a program of another framework."""

from __future__ import annotations

import html
import io
import tempfile
import zipfile
from pathlib import Path

import ipywidgets as widgets

from fedlab import Experiment
from fedlab.bridges import TARGETS, CannotExport, Framework
from fedlab.rounds import Diverged
from fedlab.text import say
from fedlab_widgets.runs import Run
from fedlab_widgets.saving import in_voila, save, unused
from fedlab_widgets.session import Session
from fedlab_widgets.threads import begin
from fedlab_widgets.view import View, complaint, lesson


class Leaving(View):
    """A choice of frameworks, and a button that writes the selected run's program for one of them."""

    def __init__(self, session: Session):
        super().__init__(session)
        options = [(framework.title, name) for name, framework in TARGETS.items()]
        self._target = self.make(widgets.Dropdown, options=options, description=say("for"))
        write = self.button(
            say("Write it for another framework"), "sign-out",
            say("a folder with a program of that framework that trains the same, the data, and a page about it"),
            self.write,
        )  # fmt: skip
        write.layout.width = "auto"
        self._answer = self.make(widgets.HTML)
        self._row = self.make(widgets.HBox, [self._target, write])
        self.view = self.make(widgets.VBox, [self._row, self._answer])

    def draw(self) -> None:
        run = self.session.selected["run"]
        self.put(self._row.layout, display=None if run and run.done else "none")

    def write(self) -> None:
        """Write the selected run's program, and say where it is."""
        run, framework = self.session.selected["run"], TARGETS[self._target.value]
        if run is None or not run.done:
            return
        self._answer.value = lesson(say("Please wait: the kit trains it once more, to have its own result beside it."))

        def work() -> None:
            self.session.guard(lambda: setattr(self._answer, "value", self._written(run, framework)))

        begin("fedlab export", work, lambda: None)

    def _written(self, run: Run, framework: Framework) -> str:
        """What the page says when it is done, as HTML."""
        try:
            experiment = exportable(run, self.session)
            if in_voila():  # its readers have no folder next to a notebook
                return save(f"fedlab-{framework.name}", ".zip", zipped(framework, experiment))
            folder = unused(Path(f"fedlab-{framework.name}"))
            framework.export(experiment, folder)
        except (CannotExport, Diverged) as error:
            return complaint(str(error))
        except OSError as error:
            reason = error.strerror or str(error)
            return complaint(say("It cannot be written next to the notebook: {reason}.", reason=reason))
        text = say("Written next to the notebook as {folder}: begin with README.md.", folder=folder)
        return html.escape(text)


def exportable(run: Run, session: Session) -> Experiment:
    """The rounds that a run has made, as an experiment of its own; `CannotExport` if it is none."""
    if run.origin:
        raise CannotExport(say("This run went on from another one, which a program cannot: choose one from round 1."))
    if session.dataset is not None or session.model is not None:
        raise CannotExport(say("A program cannot take data or a model of your own along: use the kit's."))
    return run.experiment.with_(rounds=run.done)


def zipped(framework: Framework, experiment: Experiment) -> bytes:
    """The folder as one file."""
    file = io.BytesIO()
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = Path(temporary) / f"fedlab-{framework.name}"
        for path in framework.export(experiment, folder):
            archive.write(path, path.resolve().relative_to(folder.resolve().parent))
    return file.getvalue()
