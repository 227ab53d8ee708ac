"""Files of runs: written next to the notebook, and as links that a browser downloads."""

from __future__ import annotations

import base64
import html
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from fedlab.files import weights_file, write
from fedlab.models import tensors
from fedlab.prepare import prepare
from fedlab.text import say
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.starting import needs_tensorflow, start_tensorflow
from fedlab_widgets.still import still
from fedlab_widgets.threads import begin
from fedlab_widgets.view import View, complaint, lesson

MIME = {".csv": "text/csv", ".json": "application/json", ".png": "image/png", ".zip": "application/zip"}
MOST_IN_A_LINK = 8_000_000  # bytes: servers refuse much longer messages


class Files(View):
    """Buttons that save the selected run, the model after one of its rounds, or the plot. round: says which round."""

    def __init__(self, session: Session, round: Any):
        super().__init__(session)
        self._round = round
        self._answer = self.make(widgets.HTML)
        buttons = [
            self._save(say("Save CSV"), say("save this run's rounds as a table"), ".csv"),
            self._save(say("Save JSON"), say("save this run, to be read again by fedlab"), ".json"),
            self._save(say("Save PNG"), say("save the plot as a picture"), ".png"),
            self._save(say("Save weights"), say("save the shared model after this round, for NumPy"), ".npz"),
        ]
        if find_spec("tensorflow"):
            buttons.append(self._save(say("Save Keras model"), say("save it as a model that Keras loads"), ".keras"))
        self.view = self.make(widgets.VBox, [self.make(widgets.HBox, buttons), self._answer])

    def _save(self, text: str, tooltip: str, ending: str) -> Any:
        return self.button(text, "save", tooltip, lambda: self.save(ending))

    def save(self, ending: str) -> None:
        """Save what has this ending of the selected run."""
        session, run = self.session, self.session.selected["run"]
        if run is None:
            return
        stem = f"fedlab-run-{run.number + 1}"
        if ending == ".csv":
            self._show(save(stem, ending, run.history.to_csv().encode()))
        elif ending == ".json":
            self._show(save(stem, ending, run.history.to_json().encode()))
        elif ending == ".png":
            self._show(save("fedlab-plot", ending, still(session)[0]))
        else:
            self._save_model(run, self._round.value, ending)

    def _save_model(self, run: Run, number: int, ending: str) -> None:
        state = run.history.state_at(number)
        if state is None or state.number != number:
            kept = say("The nearest before it is that of round {kept}.", kept=state.number) if state else ""
            self._show(
                complaint(say("The model of round {number} is not kept. {kept}", number=number, kept=kept).strip())
            )
            return
        stem = f"fedlab-run-{run.number + 1}-round-{number}"
        if ending == ".npz":
            shapes = prepare(run.experiment, self.session.dataset, self.session.model).shapes
            self._show(save(stem, ending, weights_file(state.weights, shapes)))
            return

        def build_and_save() -> None:
            self.session.guard(lambda: self._show(save(stem, ending, keras_file(self.session, run, state.weights))))

        if needs_tensorflow(run.experiment, self.session.model) or ending == ".keras":
            self._show(lesson(say("Please wait: TensorFlow is starting.")))
        begin("fedlab saving", build_and_save, lambda: None)

    def _show(self, answer: str) -> None:
        self._answer.value = answer


def keras_file(session: Session, run: Run, weights: np.ndarray) -> bytes:
    """The run's model with these weights (P,) as a .keras file's bytes; it takes examples divided by their scale."""
    start_tensorflow()
    prepared = prepare(run.experiment, session.dataset, session.model)
    trained = tensors(weights, prepared.shapes)
    if session.model is None:
        from fedlab.engines.keras import build

        data, experiment = prepared.dataset, run.experiment
        model = build(experiment.model, data.train_x.shape[1:], data.classes, experiment.seed)
        model.set_weights(trained)
    else:
        import keras

        model = keras.models.clone_model(session.model)
        model.set_weights(session.model.get_weights())
        for variable, tensor in zip(model.trainable_variables, trained, strict=True):
            variable.assign(tensor)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def in_voila() -> bool:
    """Whether this kernel serves a Voilà page, whose readers have no files next to a notebook."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def save(stem: str, ending: str, content: bytes) -> str:
    """Offer a file, as HTML: a link that downloads it and, but for Voilà, a copy in the working directory."""
    name = f"{stem}{ending}"
    link = ""
    if len(content) <= MOST_IN_A_LINK:
        data, text = base64.b64encode(content).decode(), html.escape(say("Download {name}", name=name))
        mime = MIME.get(ending, "application/octet-stream")
        link = f'<a download="{name}" href="data:{mime};base64,{data}">{text}</a>'
    if in_voila():
        return link or complaint(say("This file is too big for a link: {name}.", name=name))
    path = unused(Path(name))
    try:
        write(path, content)
    except OSError as error:
        reason = html.escape(error.strerror or str(error))
        return f"{link} {html.escape(say('It cannot be written next to the notebook: {reason}.', reason=reason))}"
    bold = f"<b>{html.escape(str(path))}</b>"
    return f"{html.escape(say('Saved next to the notebook as {path}.', path='{path}')).replace('{path}', bold)} {link}"


def unused(path: Path) -> Path:
    """The path, or, so that no file is overwritten, the next free one with a number."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
