"""The benchmarks stand beside the package; what they change in the process is put back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import actlab

sys.path.insert(0, str(Path(__file__).parents[2]))


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    """Benchmarks set the number of threads of everybody who is loaded."""
    ours = actlab.get_num_threads()
    theirs = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
    yield
    actlab.set_num_threads(ours)
    if theirs is not None:
        sys.modules["torch"].set_num_threads(theirs)
