"""The part of a kernel's file name that stands for everything but the formula."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numba
import pytest
from kernels.interpreter import PRINTED, SOURCE, finished, start

from actlab.kernels import cache, machine

pytestmark = pytest.mark.usefixtures("empty")


def _toolchain() -> str:
    cache._toolchain.cache_clear()
    return cache._toolchain()


@pytest.fixture
def toolchain() -> Iterator[str]:
    yield _toolchain()
    cache._toolchain.cache_clear()


def test_the_name_is_the_same_in_every_process(toolchain: str) -> None:
    code = "from actlab.kernels import cache; print(cache._toolchain())"
    assert finished(start(code, PYTHONHASHSEED="7"))[0].split() == [toolchain]


@pytest.mark.parametrize("what", ["numba", "python", "settings", "processor"])
def test_the_name_changes_with_what_makes_the_code(what: str, toolchain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        if what == "numba":
            patch.setattr(numba, "__version__", "99.0")
        elif what == "python":
            patch.setattr(sys, "version", "9.9")
        elif what == "settings":
            patch.setattr(numba.config, "OPT", 0)
        else:
            patch.setattr(type(machine._code_generator()), "magic_tuple", lambda _self: ("this", "other CPU", ""))
        assert _toolchain() != toolchain


def test_the_name_changes_with_our_sources_which_may_lie_in_an_archive(
    toolchain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names(change: str) -> str:
        archive = tmp_path / f"archive{len(change)}.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for file in (SOURCE / "actlab").rglob("*.py"):
                text = file.read_text(encoding="utf-8") + (change if file.name == "words.py" else "")
                packed.writestr(str(file.relative_to(SOURCE)), text)
        monkeypatch.setattr(cache, "files", lambda package: zipfile.Path(archive, f"{package}/"))
        return _toolchain()

    assert names("") == toolchain
    assert finished(start(PYTHONPATH=str(tmp_path / "archive0.zip"))) == (PRINTED, "")
    assert names("\n# another version\n") != toolchain
