"""The one writer of files: whole or not at all, so that no failure leaves half a file or loses the one before."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np


def write(path: str | Path, content: bytes) -> None:
    """Write a file by way of a temporary one beside it, which then takes its place; `OSError` if that fails.

    Whatever goes wrong, the file that was there is still there as it was. A path that is no file (a device, a pipe) is
    written to directly.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        with path.open("wb") as special:
            special.write(content)
        return
    path = path.resolve()  # of a link to a file, the file
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    """The bits that new files do not get here; the system tells it only to those who set it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def weights_file(weights: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> bytes:
    """A model's weights as the bytes of an .npz: one array a tensor, layer_1_kernel, layer_1_bias, and so on.

    weights: (P,) flat. shapes: of the weight tensors, in their order.
    """
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    tensors = [part.reshape(shape) for part, shape in zip(np.split(weights, cuts), shapes, strict=True)]
    names = [f"layer_{place // 2 + 1}_{('kernel', 'bias')[place % 2]}" for place in range(len(shapes))]
    file = io.BytesIO()
    np.savez(file, **dict(zip(names, tensors, strict=True)))  # type: ignore[arg-type]
    return file.getvalue()
