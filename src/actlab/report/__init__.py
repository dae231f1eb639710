"""The report of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actlab.errors import need

if TYPE_CHECKING:
    from actlab.experiment.result import Comparison

WHO = "actlab compare"


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

    Notes
    -----
    The page loads nothing from outside and is complete without JavaScript. The same comparison gives the same
    bytes.
    """
    need("jinja2", extra="compare", who=WHO)
    need("matplotlib", extra="compare", who=WHO)
    from actlab.report.page import render

    Path(path).write_text(render(comparison), encoding="utf-8")
