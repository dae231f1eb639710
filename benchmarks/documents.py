"""Results as files: CSV and JSON of all figures, tables between the markers of a Markdown document."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.section import Section
from benchmarks.tables import as_markdown, of_section, of_verdicts, verdicts

Results = Sequence[tuple[Section, Sequence[Figure]]]


def write_csv(path: Path, results: Results) -> None:
    """One row a figure; empty where there is no number."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["section", *(field.name for field in fields(Figure))])
        writer.writeheader()
        for section, figures in results:
            writer.writerows({"section": section.letter, **_plain(figure)} for figure in figures)


def write_json(path: Path, results: Results, about: dict[str, str]) -> None:
    """What was measured on what, and for each section its goals and figures; null where there is no number."""
    sections = [
        {
            "section": section.letter,
            "title": section.title,
            "goals": [
                {
                    "goal": verdict.goal.text,
                    "to_reach": verdict.to_reach,
                    "measured": verdict.measured,
                    "is": verdict.text,
                }
                for verdict in verdicts(section, figures)
            ],
            "figures": [_plain(figure) for figure in figures],
        }
        for section, figures in results
    ]
    path.write_text(json.dumps({**about, "sections": sections}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check(path: Path) -> None:
    """Whether `write_markdown` will find a place in this document.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it has no markers.
    """
    text = path.read_text(encoding="utf-8")
    if not any(_markers(part).search(text) for part in ("summary", "details")):
        raise ValueError(
            f"{path} must have a place for the tables; write <!-- bench:summary --> and <!-- /bench:summary --> into it"
        )


def write_markdown(path: Path, results: Results, about: dict[str, str]) -> None:
    """Put the tables between the markers the document has, `bench:summary` and `bench:details`."""
    text = path.read_text(encoding="utf-8")
    for part, table in (("summary", summary(results, about)), ("details", details(results))):
        if _markers(part).search(text):
            before, after = _markers(part).split(text, maxsplit=1)
            text = f"{before}<!-- bench:{part} -->\n{table}\n<!-- /bench:{part} -->{after}"
    path.write_text(text, encoding="utf-8")


def summary(results: Results, about: dict[str, str]) -> str:
    """The table of goals, and what it was measured on."""
    return (
        f"Measured by `{about['command']}` on {about['date']}: {about['processor']}, load {about['load']} at the "
        f"start; {about['versions']}.\n\n{as_markdown(of_verdicts(results))}"
    )


def details(results: Results) -> str:
    """Every section's own table."""
    parts = []
    for section, figures in results:
        note = f"{section.note}\n\n" if section.note else ""
        parts.append(f"### {section.letter}: {section.title}\n\n{note}{as_markdown(of_section(section, figures))}")
    return "\n\n".join(parts)


def _markers(part: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- bench:{part} -->.*?<!-- /bench:{part} -->", re.DOTALL)


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(figure).items()
    }
