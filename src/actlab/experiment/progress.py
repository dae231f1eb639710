"""How far a comparison has come: to a callback, or as a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

ProgressCallback = Callable[[int, int, str], None]


def _silence(_done: int, _total: int, _text: str, /) -> None:
    """Say nothing."""


@contextmanager
def reporting(callback: ProgressCallback | None) -> Iterator[ProgressCallback]:
    """The callback itself; without one a bar on stderr if that is a terminal, and silence if not."""
    if callback is not None:
        yield callback
    elif sys.stderr.isatty():
        with _bar() as draw:
            yield draw
    else:
        yield _silence


@contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    # Results come in lumps of several seconds: the speed must be averaged over more than rich's 30 s.
    bar = Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=120)
    with bar:
        task = bar.add_task("comparing", total=None)
        yield lambda done, total, text: bar.update(task, completed=done, total=total, description=text)
