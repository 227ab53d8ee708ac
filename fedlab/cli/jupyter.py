"""How `fedlab lab` starts JupyterLab, and `fedlab voila` shows a lesson as a page."""

from __future__ import annotations

import os
import warnings
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fedlab.cli.errors import Refused
from fedlab.text import say

REPOSITORY = Path(__file__).parents[2]  # the lessons are there, and not in the installed package
FIRST_LESSON = "notebooks/00_start_here.ipynb"

# What kernels begin with. Where the C library is glibc, all threads of a kernel then share one heap: with a heap each,
# what one has freed is of no use to another, and a lab that is made and run twenty times takes a third more memory.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}

# How Voilà makes a page of a lesson, alone or as a part of JupyterLab, and that learners do not see teachers' menus.
SETTINGS = str(REPOSITORY / "binder" / "jupyter")


def prepare() -> None:
    """Set up what JupyterLab and Voilà have in common; `Refused` where there are no lessons, or none of the two."""
    if not (REPOSITORY / FIRST_LESSON).exists():
        raise Refused(
            say("The lessons are not in the installed package: clone the repository and type `make lab` in it.")
        )
    try:
        import jupyterlab  # noqa: F401
        import voila  # noqa: F401  when imported, it asks to see a deprecation that is Jupyter's own matter
    except ImportError:
        raise Refused(say("JupyterLab is not installed. Install it with: pip install jupyterlab voila")) from None
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="traitlets")
    os.environ |= ENVIRONMENT | os.environ
    folders = [os.environ.get("JUPYTER_CONFIG_PATH"), SETTINGS]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, folders))


def open_page(options: Sequence[str]) -> None:
    """Show a lesson as a page, without its code; returns when Voilà is shut down.

    options: for Voilà, as they were typed; without a notebook among them it is the first lesson.
    """
    prepare()
    from voila.app import Voila

    named = any(option.endswith(".ipynb") or Path(option).is_dir() for option in options)
    Voila.launch_instance([*options, *([] if named else [str(REPOSITORY / FIRST_LESSON)])])


def open_lab(options: Sequence[str]) -> None:
    """Open JupyterLab; returns when it is shut down. options: for JupyterLab, as they were typed."""
    prepare()
    from jupyterlab.labapp import LabApp

    given = traits_in(options, LabApp)
    ours = {name: value for name, value in jupyter_traits().items() if name.partition(".")[2] not in given}
    if "root_dir" in given:  # where our first lesson is not
        ours.pop("LabApp.default_url", None)
    LabApp.launch_instance([*(f"--{name}={value}" for name, value in ours.items()), *options])


def jupyter_traits() -> dict[str, object]:
    """How JupyterLab starts: in the repository, on the first lesson, on machines without a browser and for root too."""
    traits: dict[str, object] = {
        "ServerApp.root_dir": REPOSITORY,
        "LabApp.default_url": f"/lab/tree/{FIRST_LESSON}",
        "LabApp.app_settings_dir": REPOSITORY / "binder" / "jupyterlab",  # asks the network for nothing
        "Application.log_level": "ERROR",  # the address is told all the same, and easy to find
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        traits["ServerApp.allow_root"] = True
    try:
        webbrowser.get()
    except webbrowser.Error:
        traits["ServerApp.open_browser"] = False
    return traits


def traits_in(options: Sequence[str], app: Any) -> set[str]:
    """The names of the traits that options set: directly, by another name for a trait, or by a flag that sets some.

    JupyterLab takes each trait once, from one class: so what was typed is found here and left to it.
    """
    found = set()
    for option in options:
        typed = option.lstrip("-").partition("=")[0]
        if option.startswith("-") and typed in app.flags:
            found |= {trait for traits in app.flags[typed][0].values() for trait in traits}
        elif option.startswith("-"):
            alias = app.aliases.get(typed, typed)
            found.add((alias if isinstance(alias, str) else alias[0]).rpartition(".")[2])
    return found
