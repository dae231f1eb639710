"""The first call of a function in a new process."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal, highest, where
from benchmarks.section import Section

# A process a second: the shortest formula, the usual ones, and the one whose kernel is longest.
_SAMPLE = ("relu", "sigmoid", "silu", "gelu", "mish", "softplus", "hard_swish")
_WARM = 3  # processes that find the kernel compiled


def _first_calls(bench: Bench) -> Iterator[Figure]:
    for function in bench.chosen(*_SAMPLE) or bench.elementwise:
        with tempfile.TemporaryDirectory() as cache:
            cold = _process(function, cache)
            warm = [_process(function, cache) for _ in range(_WARM)]
        seconds = statistics.median(run["seconds"] for run in warm)
        yield _figure(function, "cold (ms)", cold["seconds"], cold["seconds"] * 1e3)
        yield _figure(function, "warm (ms)", seconds, seconds * 1e3)
        yield _figure(function, "loads SymPy", math.nan, sum(run["sympy"] for run in warm))


def _process(function: str, cache: str) -> dict[str, Any]:
    """The answer of `benchmarks.first_call` in a process with this cache folder."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "benchmarks.first_call", function],
        env={**os.environ, "ACTLAB_CACHE_DIR": cache},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _figure(function: str, what: str, seconds: float, value: float) -> Figure:
    return Figure(function, what, "", "float32", 1000, 1, seconds, math.nan, value)


def _total(figures: Any) -> tuple[float, str]:
    return sum(figure.value for figure in figures), ""


SECTIONS = (
    Section(
        "J",
        "first call in a new process, after imports",
        _first_calls,
        (
            Goal("cache warm, slowest function", 50, highest, where(what="warm (ms)"), at_most=True, unit="ms"),
            Goal("warm processes that load SymPy", 0, _total, where(what="loads SymPy"), at_most=True, unit=""),
            Goal("cold compile, slowest function", 1500, highest, where(what="cold (ms)"), at_most=True, unit="ms"),
        ),
        column="{what}",
        unit="",
        times=False,
    ),
)
