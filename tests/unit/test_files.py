"""Facts about the writer of files: whatever fails, what was there is still there, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from fedlab.files import require_writable, weights_file, write

not_windows = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
not_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_written_again(tmp_path: Path) -> None:
    for content in (b"first", b"", b"\x00\xff last"):
        write(tmp_path / "a.bin", content)
        assert (tmp_path / "a.bin").read_bytes() == content
        assert names_in(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [OSError(16, "Device or resource busy"), KeyboardInterrupt()])
def test_a_file_that_cannot_take_the_old_one_s_place_leaves_it_and_is_gone(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")

    def fails(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(type(error)):
        write(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.bin"]


@not_windows
def test_a_disk_that_fills_up_leaves_the_file_before(tmp_path: Path) -> None:
    """A process may write 1,000 bytes to each file; the system refuses the rest."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    code = (
        "import resource, sys; from fedlab.files import write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); write(sys.argv[1], bytes(5000))"
    )
    child = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=False)
    assert child.stderr.endswith("OSError: [Errno 27] File too large\n")
    assert target.read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.bin"]


@not_windows
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_permissions_are_kept(mode: int, tmp_path: Path) -> None:
    (tmp_path / "a.bin").touch()
    (tmp_path / "a.bin").chmod(mode)
    write(tmp_path / "a.bin", b"new")
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == mode


@not_windows
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_gets_the_permissions_that_new_files_get(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "a.bin", b"new")
    finally:
        os.umask(before)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o666 & ~umask


@not_windows
@pytest.mark.parametrize("target_is_there", [True, False])
def test_a_link_is_followed_and_stays(target_is_there: bool, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target.bin", tmp_path / "link.bin"
    link.symlink_to(target)
    if target_is_there:
        target.write_bytes(b"old")
    require_writable(link)
    assert target.exists() == target_is_there
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names_in(tmp_path / "folder") == ["target.bin"]


@not_windows
def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    require_writable(pipe)  # which does not wait for a reader
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe, b"through")
    reader.join(timeout=60)
    assert read == [b"through"]
    assert names_in(tmp_path) == ["pipe"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk to try")
def test_a_device_says_what_is_wrong_when_it_is_written_to() -> None:
    require_writable("/dev/full")
    write("/dev/null", b"nowhere")
    with pytest.raises(OSError, match="No space left on device"):
        write("/dev/full", b"new")


@pytest.mark.parametrize("place", ["folder", "nowhere/a.bin", "file/a.bin", 300 * "a"])
def test_where_nothing_can_be_written_is_known_before(place: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for attempt in (require_writable, lambda path: write(path, b"new")):
        with pytest.raises(OSError, match=r"\[Errno"):
            attempt(tmp_path / place)
    assert names_in(tmp_path) == ["file", "folder"]


@not_root
def test_what_nobody_may_overwrite_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    (tmp_path / "a.bin").chmod(0o444)
    for attempt in (require_writable, lambda path: write(path, b"new")):
        with pytest.raises(PermissionError):
            attempt(tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"old"


def test_asking_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old.bin").write_bytes(b"old")
    os.utime(tmp_path / "old.bin", (1, 1))
    require_writable(tmp_path / "old.bin")
    require_writable(tmp_path / "new.bin")
    assert names_in(tmp_path) == ["old.bin"]
    assert (tmp_path / "old.bin").read_bytes() == b"old"
    assert (tmp_path / "old.bin").stat().st_mtime == 1


def test_a_model_is_saved_as_one_array_a_tensor(tmp_path: Path) -> None:
    """Six weights of a layer from 2 to 2: its kernel row by row, then its bias."""
    write(tmp_path / "model.npz", weights_file(np.arange(6, dtype=np.float32), [(2, 2), (2,)]))
    with np.load(tmp_path / "model.npz") as saved:
        assert list(saved) == ["layer_1_kernel", "layer_1_bias"]
        assert saved["layer_1_kernel"].tolist() == [[0, 1], [2, 3]]
        assert saved["layer_1_bias"].tolist() == [4, 5]
