"""The cache of compiled kernels: right numbers whatever happened to the folder, and at most one warning."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from actlab.kernels import cache

pytestmark = pytest.mark.usefixtures("empty")

KERNEL = '''"""A kernel that is quickly compiled."""
from numba import njit, types as t

@njit(t.void(t.Array(t.float64, 1, "C"), t.float64), error_model="numpy", nogil=True)
def kernel_{key}(x, factor):
    for i in range(x.size):
        x[i] *= factor + {add}
'''
MONTH, HOUR = 31 * 24 * 3600.0, 3600.0


class Renderer:
    """Renders the kernel and counts how often it was asked to."""

    def __init__(self, key: str = "twice", add: float = 0.0) -> None:
        self.key, self.add, self.asked = key, add, 0

    def __call__(self, *_cached: bool) -> str:
        """What `cache.kernel` asks for."""
        self.asked += 1
        return KERNEL.format(key=self.key, add=self.add)

    def works(self, expected: float = 2.0) -> bool:
        """Whether the kernel computes what it should."""
        data = np.array([1.0, -3.0])
        cache.kernel(self.key, self)(data, 2.0)
        return data.tolist() == [expected, -3 * expected]


def machine_file(folder: Path) -> Path:
    (file,) = folder.rglob("*.bin")
    return file


# --------------------------------------------------------------------------------------------------- hits and misses


def test_a_second_call_renders_nothing() -> None:
    renderer = Renderer()
    assert renderer.works()
    assert renderer.works()
    assert renderer.asked == 1


def test_the_source_lies_beside_the_machine_code_for_people_to_read(empty: Path) -> None:
    Renderer().works()
    source = machine_file(empty).with_suffix(".py")
    assert source.read_text(encoding="utf-8") == Renderer()()
    assert sorted(empty.rglob("*.*")) == [source.with_suffix(".bin"), source]


def test_two_kernels_in_one_process_are_not_taken_for_one_another(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.ones(1)
    first = cache.kernel("same", Renderer("same", add=1.0))
    monkeypatch.setenv("ACTLAB_CACHE_DIR", str(empty / "other"))
    second = cache.kernel("same", Renderer("same", add=2.0))
    first(data, 0.0)
    assert data == 1.0
    second(data, 0.0)
    assert data == 2.0


def _flipped(content: bytes) -> bytes:
    return content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"\0garbage" * 1000),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "without code": lambda file: file.write_bytes(file.read_bytes()[:200]),
    "a bit flipped": lambda file: file.write_bytes(_flipped(file.read_bytes())),
    "dangling link": lambda file: (file.unlink(), file.symlink_to("nowhere")),
    "link to itself": lambda file: (file.unlink(), file.symlink_to(file)),
    "writable by others": lambda file: file.chmod(0o666),
    "writable by the group": lambda file: file.chmod(0o664),
    "unreadable": lambda file: file.chmod(0o200),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_bad_file_is_made_anew_without_a_word(kind: str, empty: Path) -> None:
    renderer = Renderer()
    assert renderer.works()
    DAMAGE[kind](machine_file(empty))
    assert renderer.works()
    assert renderer.asked == (1 if kind == "unreadable" and os.geteuid() == 0 else 2)
    assert renderer.works()
    assert renderer.asked <= 2, "the file was not repaired"


def test_a_file_of_another_user_is_not_run(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = Renderer()
    assert renderer.works()
    if os.geteuid() == 0:
        os.chown(machine_file(empty), 65534, -1)
    else:
        monkeypatch.setattr(cache, "_user", lambda: os.geteuid() + 1)
    assert renderer.works()
    assert renderer.asked == 2


def test_the_file_of_another_kernel_is_not_run(empty: Path) -> None:
    one, two = Renderer("one", add=1.0), Renderer("two")
    assert one.works(3.0)
    theirs = machine_file(empty)
    mine = theirs.with_name(theirs.name.replace("_one_", "_two_"))
    theirs.rename(mine)
    assert two.works()
    assert two.asked == 1


# -------------------------------------------------------------------------------------------------------- the folder


def _occupied(folder: Path) -> None:
    Renderer().works()
    file = machine_file(folder)
    file.unlink()
    (file / "something").mkdir(parents=True)


FOLDERS: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: folder.write_text("here"),
    "below a file": lambda folder: (folder.mkdir(), (folder / "kernels").write_text("here")),
    "a link to nothing": lambda folder: folder.symlink_to("/proc/nowhere"),
    "a folder where the file should be": _occupied,
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_that_cannot_be_used_is_said_once(kind: str, empty: Path) -> None:
    FOLDERS[kind](empty)
    with pytest.warns(RuntimeWarning) as caught:
        assert [Renderer().works() for _ in range(2)] == [True] * 2
    (warning,) = caught
    text = str(warning.message)
    assert text.startswith(f"actlab cannot use its cache folder {empty} (")
    assert text.endswith(
        "); kernels are compiled anew in each process. Set ACTLAB_CACHE_DIR to a folder that can be written."
    )


@pytest.mark.parametrize("name", ["with spaces", "café 活性化", "a/b/c", "link"])
def test_any_path_will_do(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "link":
        (tmp_path / "real").mkdir()
        (tmp_path / name).symlink_to(tmp_path / "real")
    monkeypatch.setenv("ACTLAB_CACHE_DIR", str(tmp_path / name))
    renderer = Renderer()
    assert renderer.works()
    assert renderer.works()
    assert renderer.asked == 1


def test_the_folder_may_vanish_at_any_time(empty: Path) -> None:
    renderer = Renderer()
    function = cache.kernel(renderer.key, renderer)
    for file in empty.rglob("*.*"):
        file.unlink()
    (empty / "kernels").rmdir()
    data = np.ones(1)
    function(data, 3.0)
    assert data == 3.0
    assert renderer.works()
    assert renderer.asked == 2


def test_nobody_else_can_write_what_is_run(empty: Path) -> None:
    before = os.umask(0)
    try:
        Renderer().works()
    finally:
        os.umask(before)
    assert {oct(path.stat().st_mode & 0o777) for path in empty.rglob("*.*")} == {"0o644"}
    assert oct((empty / "kernels").stat().st_mode & 0o777) == "0o755"


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.folder() == tmp_path / "cache"
    monkeypatch.setenv("ACTLAB_CACHE_DIR", "")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "actlab"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache/actlab"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == tmp_path / "Library/Caches/actlab"


def test_without_a_home_the_folder_is_this_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_kind: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("ACTLAB_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", classmethod(homeless))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert cache.folder() == tmp_path / f"actlab-{os.geteuid()}"


def test_what_nobody_uses_is_dropped(empty: Path) -> None:
    assert Renderer("old").works()
    folder = machine_file(empty).parent
    used = Renderer("used")
    assert used.works()
    ages = {"actlab_x.py": MONTH, "actlab_x.tmp": 2 * HOUR, "actlab_y.tmp": HOUR / 2, "actlab_z.py": 0, "mine": MONTH}
    for name in ages:
        (folder / name).touch()
    ages |= dict.fromkeys((file.name for file in folder.glob("actlab_*_*")), MONTH)
    for name, age in ages.items():
        os.utime(folder / name, (time.time() - age,) * 2)
    assert used.works()  # this is a use: the file is young again
    cache._tidied.clear()  # as in the next process
    assert Renderer("new").works()
    kept = {path.name for path in folder.iterdir()}
    assert {"actlab_y.tmp", "actlab_z.py", "mine"} <= kept
    assert not {"actlab_x.py", "actlab_x.tmp"} & kept
    assert not [name for name in kept if "_old_" in name]
    assert used.works()
    assert used.asked == 1
