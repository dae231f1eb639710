"""Runs commands in this process and compares their output with files that `make golden` rewrites."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from actlab.cli import main

GOLDEN = Path(__file__).parent.parent / "golden"


class Outcome(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `actlab` with these words, in an empty folder, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Outcome:
        code = main(words)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with tests/golden/NAME.txt; with ACTLAB_GOLDEN=write make it the expected one."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("ACTLAB_GOLDEN") == "write":
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        changes = "\n".join(difflib.unified_diff(expected.splitlines(), text.splitlines(), "expected", "got"))
        assert text == expected, f"tests/golden/{name}.txt differs; `make golden` rewrites it\n{changes}"

    return check
