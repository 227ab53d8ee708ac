"""Import a package of C++ beside TensorFlow."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType


def load(name: str) -> ModuleType:
    """The module. On Linux its library prefers its own functions to those of libraries that came before it.

    TenSEAL, PyDP and TensorFlow each bring a protobuf and an Abseil, not the same ones. With the usual order of search
    the first two, imported after TensorFlow, call TensorFlow's, and the kernel dies (TenSEAL 0.3.18, PyDP 1.1.5,
    TensorFlow 2.21). Windows and macOS search by library in any case.
    """
    if name in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        return importlib.import_module(name)
    before = sys.getdlopenflags()
    sys.setdlopenflags(before | os.RTLD_DEEPBIND)
    try:
        return importlib.import_module(name)
    finally:
        sys.setdlopenflags(before)
