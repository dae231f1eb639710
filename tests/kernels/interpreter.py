"""New interpreters, for what only shows in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
#: A call, and what it prints.
CALL, PRINTED = "import actlab, numpy; print(*actlab.relu(numpy.array([-1.0, 2.0])))", "0.0 2.0\n"


def start(code: str = CALL, **changes: str) -> subprocess.Popen[str]:
    """A new interpreter; a variable that is given empty is removed from its environment."""
    environment = {"PYTHONPATH": str(SOURCE)} | os.environ | changes
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code]  # Python's own, of fork beside threads
    given = {name: value for name, value in environment.items() if value}
    return subprocess.Popen(command, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What it printed and what it complained about."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out, err
