"""How CI checks the saved outputs of the notebooks beside this file: nbval, with `FEDLAB_CHECK=1` in their kernels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

collect_ignore_glob = ["solutions/*"]


def pytest_configure(config: pytest.Config) -> None:
    config.option.nbval_sanitize_with = config.option.nbval_sanitize_with or str(Path(__file__).with_name("nbval.cfg"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDLAB_CHECK", "1")  # the first cell's setup starts the kernel, which inherits it
        return (yield)
