"""What the user said about data of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actlab.errors import DataError, OptionError, suggest
from actlab.experiment.data import SCORES, Task
from actlab.experiment.missing import MISSING


@dataclass(frozen=True)
class Request:
    """What is asked of one data set.

    Attributes
    ----------
    who : begins every message
    targets : columns to predict, for files and data frames
    task : what to learn; None recognises it
    missing : what is done about missing values, a key of `MISSING`
    name, source : of the data set that is made
    path : the file that messages name
    """

    who: str
    targets: tuple[str, ...] | None = None
    task: Task | None = None
    missing: str = "refuse"
    name: str = "data"
    source: str = "arrays"
    path: Path | None = None

    def error(self, rule: str) -> DataError:
        """A refusal in one line."""
        place = f"in {self.path}, " if self.path else ""
        return DataError(f"{self.who}: {place}{rule}")


def checked_request(target: str | Sequence[str] | None, task: Any, missing: Any, who: str) -> Request:
    """The request, or one line saying which option makes no sense.

    Raises
    ------
    OptionError
        If the task or the treatment of missing values is unknown, or a target is named twice or not by a string.
    """
    if task is not None and task not in SCORES:
        raise OptionError(_unknown(who, "task", task, tuple(SCORES)))
    if missing not in MISSING:
        raise OptionError(_unknown(who, "missing", missing, tuple(MISSING)))
    return Request(who, None if target is None else _targets(target, who), task, missing)


def _targets(target: str | Sequence[str], who: str) -> tuple[str, ...]:
    names = (target,) if isinstance(target, str) else tuple(target)
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise OptionError(f"{who}: target must be one or several different column names; got target={target!r}")
    return names


def _unknown(who: str, option: str, value: Any, known: tuple[str, ...]) -> str:
    return f"{who}: {option} must be one of {', '.join(known)}; got {option}={value!r}{suggest(str(value), known)}"
