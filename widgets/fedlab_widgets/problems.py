"""What went wrong, in one sentence: whose it was, and in which method of the learner's own."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

import fedlab
from fedlab.engines import FlowerMissing
from fedlab.engines.tensorflow_setup import TensorFlowMissing
from fedlab.rounds import Diverged
from fedlab.settings import Kind
from fedlab.text import say

KIT = str(Path(fedlab.__file__).parent)
LONGEST = 300  # characters of a sentence


def in_one_sentence(error: BaseException) -> str:
    """The kit's own errors are sentences already; others get the name of their kind, and where they came from."""
    said = shortened(str(error).strip().partition("\n")[0])
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    is_kit = bool(frames) and frames[-1].f_code.co_filename.startswith(KIT)
    if said and isinstance(error, (ValueError, Diverged, TensorFlowMissing, FlowerMissing)) and is_kit:
        return said
    told = f"{type(error).__name__}: {said}" if said else type(error).__name__
    method = own_method(reversed(frames))
    return say("{method} stopped with {error}.", method=method, error=told.rstrip(".")) if method else told


def shortened(sentence: str) -> str:
    """The sentence, cut where it gets too long to be one."""
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 4] + " ..."


def own_method(frames: Iterable[FrameType]) -> str:
    """The first of these frames that is in a method of a kind that the learner wrote; "" if none is."""
    for frame in frames:
        owner = frame.f_locals.get("self")
        if isinstance(owner, Kind) and not frame.f_code.co_filename.startswith(KIT):
            return f"{type(owner).__name__}.{frame.f_code.co_name}"
    return ""


def method_under_way() -> str:
    """The method of the learner's own that one of the lab's threads is in right now; "" if none is."""
    ours = [thread.ident for thread in threading.enumerate() if thread.name.startswith("fedlab")]
    present = sys._current_frames()
    stacks = (traceback.walk_stack(present[ident]) for ident in ours if ident in present)
    return next(filter(None, (own_method(frame for frame, _ in stack) for stack in stacks)), "")
