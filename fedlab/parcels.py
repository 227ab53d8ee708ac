"""What crosses between a server and parties that are apart, or is kept on disk: arrays and a few plain values.

A `Parcel` goes over a network, into a file or onto a USB stick. Its values are JSON and its arrays NumPy's own format,
both read without pickle: nobody can run code at another place by what is in a parcel. As a file it is an .npz that
`numpy.load` reads too: the values in `about`, the arrays in `0`, `1`, ...
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fedlab.files import write
from fedlab.messages import Message
from fedlab.settings import short_name
from fedlab.text import say


class Parcel(NamedTuple):
    """Plain values, and arrays."""

    about: dict[str, Any]  # what JSON can hold
    arrays: Message


def packed(about: dict[str, Any], value: Any) -> Parcel:
    """A parcel of some values and of a memory: arrays, numbers, text, None, and tuples, lists, dictionaries of them.

    The memory's arrays are the parcel's; `about` tells how it was built of them.
    """
    arrays: list[np.ndarray] = []
    places: dict[int, int] = {}  # of arrays by identity: what occurs twice is kept once

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if id(value) not in places:
                places[id(value)] = len(arrays)
                arrays.append(value)
            return {"array": places[id(value)]}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, (tuple, list)):
            return {type(value).__name__: [plain(part) for part in value]}
        if isinstance(value, dict):
            return {"dict": [[key, plain(part)] for key, part in value.items()]}
        return value

    return Parcel({**about, "memory": plain(value)}, tuple(arrays)) if value is not None else Parcel(about, ())


def unpacked(parcel: Parcel) -> Any:
    """The memory in a parcel that `packed` made; None if there is none."""

    def built(plain: Any) -> Any:
        if not isinstance(plain, dict):
            return plain
        ((kind, content),) = plain.items()
        if kind == "array":
            return parcel.arrays[content]
        if kind == "dict":
            return {key: built(part) for key, part in content}
        parts = [built(part) for part in content]
        return tuple(parts) if kind == "tuple" else parts

    return built(parcel.about.get("memory"))


def save(path: str | Path, parcel: Parcel) -> None:
    """Write a parcel to a file, whole or not at all; `OSError` if that fails."""
    file = io.BytesIO()
    about = np.frombuffer(json.dumps(parcel.about).encode(), np.uint8)
    np.savez(file, about=about, **{str(place): array for place, array in enumerate(parcel.arrays)})  # type: ignore[arg-type]
    write(path, file.getvalue())


def load(path: str | Path) -> Parcel:
    """Read what `save` wrote; `ValueError` with one sentence if there is no such file or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            arrays = tuple(file[str(place)] for place in range(len(file.files) - 1))
    except OSError as error:
        raise ValueError(
            say(
                "Cannot read {path}: {reason}.",
                path=short_name(str(path)),
                reason=error.strerror or say("it is no file of this kind"),
            )
        ) from None
    except (KeyError, ValueError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error):
        about, arrays = None, ()
    if not isinstance(about, dict):
        raise ValueError(
            say("{path} is no file that fedlab party wrote, or it is damaged.", path=short_name(str(path)))
        )
    return Parcel(about, arrays)
