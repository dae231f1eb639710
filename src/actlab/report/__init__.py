"""The report of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actlab.errors import need

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison

WHO = "compare"


def write_report(comparison: Comparison, path: str | Path) -> None:
    """Write the report of a comparison.

    Parameters
    ----------
    comparison : what `actlab.compare` returns
    path : the HTML file; it is replaced if it exists

    Raises
    ------
    MissingExtra
        If Jinja or Matplotlib is not installed.
    OSError
        If the file cannot be written; an older one is then left as it was.

    Notes
    -----
    The page loads nothing from outside and is complete without JavaScript. The same comparison gives the same
    bytes.
    """
    need("jinja2", extra="compare", who=WHO)
    need("matplotlib", extra="compare", who=WHO)
    from actlab.report.page import render

    write_whole(Path(path), render(comparison))


def write_whole(path: Path, text: str) -> None:
    """Write a file, or leave what was there: never a part of it.

    Raises
    ------
    OSError
        With the name of the file.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = str(path)  # a full disk names no file
        raise
