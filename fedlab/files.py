"""The one writer of files: whole or not at all, so that no failure leaves half a file or loses the one before."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from fedlab.models import tensors


def write(path: str | Path, content: bytes) -> None:
    """Write a file by way of a temporary one beside it, which then takes its place; `OSError` if that fails.

    Whatever goes wrong, the file that was there is still there as it was. Links are followed, permissions kept. What is
    no file (a device, a pipe) is written to directly.
    """
    path = Path(path)
    if is_device(path):
        with path.open("wb") as device:
            device.write(content)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if path.exists():
            with suppress(OSError):  # some network disks have no permissions
                temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def require_writable(path: str | Path) -> None:
    """`OSError` if `write` could not write there now; leaves nothing behind and changes nothing."""
    path = Path(path)
    if not is_device(path):
        with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))):
            pass


def is_device(path: Path) -> bool:
    """Whether something is there that is no file; `OSError` if it is a folder, or nobody may write to it."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return not stat.S_ISREG(mode)


def weights_file(weights: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> bytes:
    """A model's weights as the bytes of an .npz: one array a tensor, layer_1_kernel, layer_1_bias, and so on.

    weights: (P,) flat. shapes: of the weight tensors, in their order.
    """
    names = [f"layer_{place // 2 + 1}_{('kernel', 'bias')[place % 2]}" for place in range(len(shapes))]
    file = io.BytesIO()
    np.savez(file, **dict(zip(names, tensors(weights, shapes), strict=True)))  # type: ignore[arg-type]
    return file.getvalue()
