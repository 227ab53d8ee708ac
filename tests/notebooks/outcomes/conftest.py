"""How CI runs the lessons: nbval compares what they print with the notebooks beside this file.

Their kernels have `FEDLAB_CHECK=1`; `fedlab.lessons.build` makes these notebooks in the same way.
Lessons that do not ask for TensorFlow are run where it is out of reach: they must not need it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

WITHOUT_TENSORFLOW = Path(__file__).parents[2] / "without_tensorflow"


def pytest_configure(config: pytest.Config) -> None:
    config.option.nbval_sanitize_with = config.option.nbval_sanitize_with or str(Path(__file__).with_name("nbval.cfg"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDLAB_CHECK", "1")  # the first cell's setup starts the kernel, which inherits it
        if "%%needs_tensorflow" not in item.path.read_text(encoding="utf-8"):
            patch.setenv("PYTHONPATH", str(WITHOUT_TENSORFLOW), prepend=os.pathsep)
        return (yield)
