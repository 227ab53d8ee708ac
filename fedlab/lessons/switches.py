"""The switches of the lessons; `fedlab.lessons` says what they are for."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def checking() -> bool:
    """Whether the lessons are being checked, not read: `FEDLAB_CHECK=1`."""
    return os.environ.get("FEDLAB_CHECK") == "1"


def predictions_lock() -> bool:
    """Whether Run waits for the learner's prediction; `FEDLAB_PREDICT=0` switches that off."""
    return os.environ.get("FEDLAB_PREDICT") != "0" and not checking()


def size(full: T, short: T) -> T:
    """`full` for a learner; `short` while the lessons are being checked, and where `FEDLAB_SHORT=1` asks for it.

    For the few cells that take long.
    """
    return short if checking() or os.environ.get("FEDLAB_SHORT") == "1" else full
