"""Facts about how the kit is packaged, pinned and built."""

from __future__ import annotations

import os
import re
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fedlab.cli.jupyter import ENVIRONMENT, SETTINGS

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def build(version: str, folder: Path) -> zipfile.ZipFile:
    """Build the wheel, "standard" or "editable", as pip would."""
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=[version])
    return zipfile.ZipFile(path)


def names(requirements: list[str]) -> set[str]:
    """The packages that requirements ask for."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def pins() -> dict[str, str]:
    """constraints.txt: package to version."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def needed(distribution: str, extras: tuple[str, ...]) -> set[str]:
    """Every package that a distribution needs on this machine, directly or through others."""
    found: set[str] = set()
    waiting = [(distribution, extra) for extra in ("", *extras)]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                found.add(canonicalize_name(requirement.name))
                new = {(requirement.name, wanted) for wanted in ("", *requirement.extras)} - seen
                waiting += new
                seen |= new
    return found


def test_the_wheel_holds_both_packages_with_their_data_and_nothing_else(tmp_path: Path) -> None:
    files = build("standard", tmp_path).namelist()
    assert {name.split("/")[0] for name in files} == {
        "fedlab",
        "fedlab_widgets",
        f"fedlab_kit-{PROJECT['version']}.dist-info",
    }
    assert "fedlab/datasets/mnist.npz" in files
    assert any(re.fullmatch(r"fedlab_widgets/.*\.css", name) for name in files)
    for package, folder in (("fedlab", ROOT / "fedlab"), ("fedlab_widgets", ROOT / "widgets" / "fedlab_widgets")):
        sources = {path.relative_to(folder.parent).as_posix() for path in folder.rglob("*.py")}
        assert sources == {name for name in files if name.startswith(f"{package}/") and name.endswith(".py")}


def test_an_editable_install_is_two_folders_that_an_editor_can_follow(tmp_path: Path) -> None:
    wheel = build("editable", tmp_path)
    (path_file,) = [name for name in wheel.namelist() if name.endswith(".pth")]
    assert wheel.read(path_file).decode().split() == [str(ROOT), str(ROOT / "widgets")]
    assert not [name for name in wheel.namelist() if name.endswith(".py")]  # no import hook


def test_the_distribution_has_a_name_of_its_own() -> None:
    assert PROJECT["name"] != "fedlab"


def test_the_base_install_brings_no_tensorflow_and_no_jupyter_server() -> None:
    assert not names(PROJECT["dependencies"]) & {"tensorflow", "tensorflow-cpu", "keras", "jupyterlab", "voila"}


@pytest.mark.parametrize(
    ("system", "machine", "python", "brought"),
    [
        ("linux", "x86_64", "3.11", ["keras", "tensorflow-cpu"]),
        ("linux", "aarch64", "3.13", ["keras", "tensorflow"]),
        ("darwin", "arm64", "3.11", ["keras", "tensorflow"]),
        ("win32", "AMD64", "3.12", ["keras", "tensorflow"]),
        ("darwin", "x86_64", "3.11", []),  # TensorFlow has no build for them since 2.17
        ("linux", "x86_64", "3.14", []),
    ],
)
def test_every_machine_gets_the_one_tensorflow_that_there_is_for_it(
    system: str, machine: str, python: str, brought: list[str]
) -> None:
    here = {"sys_platform": system, "platform_machine": machine, "python_version": python}
    requirements = [Requirement(text) for text in EXTRAS["tensorflow"]]
    assert [r.name for r in requirements if r.marker is None or r.marker.evaluate(here)] == brought


def test_constraints_pin_every_declared_dependency_on_every_system() -> None:
    everything = [*PROJECT["dependencies"], *(text for texts in EXTRAS.values() for text in texts)]
    for text in everything:
        requirement = Requirement(text)
        assert pins()[canonicalize_name(requirement.name)] in requirement.specifier, text


def test_constraints_are_versions_and_nothing_else() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Made by 'make constraints'")
    assert all(re.fullmatch(r"[a-z0-9-]+==[a-z0-9.]+", line) for line in lines[1:])


@pytest.mark.skipif("CI" not in os.environ, reason="only `make test` promises that this environment is the pinned one")
def test_this_environment_is_the_pinned_one() -> None:
    packages = needed(PROJECT["name"], ("tensorflow", "lab", "flower", "privacy", "test"))
    assert len(packages) > 100
    installed = {name: metadata.version(name) for name in packages}
    assert installed == {name: pins()[name] for name in packages}


def test_binder_installs_the_same_pins_as_everyone() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").split("\n")
    assert lines[:2] == ["-c ../constraints.txt", "-e .[lab]"]
    python = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
    assert python in Requirement(f"python{PROJECT['requires-python']}").specifier


def test_ci_runs_the_readmes_second_command() -> None:
    commands = re.findall(r"^ +(make \w+)", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert commands[:2] == ["make lab", "make test"]
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == f"exec {commands[1]}"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_kernels_on_binder_begin_with_what_fedlab_lab_gives_them() -> None:
    """Each in its own language: the start script of the image, run in the repository, exports what Python sets."""
    exported = re.findall(r'^export (\w+)="?([^"\s]+)"?$', (ROOT / "binder" / "start").read_text(), re.MULTILINE)
    given = {name: value.replace("$PWD", str(ROOT)) for name, value in exported}
    assert given == ENVIRONMENT | {"JUPYTER_CONFIG_PATH": SETTINGS}
