"""Figures as tables: text for a terminal, Markdown for the documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import NamedTuple

from benchmarks.figures import Figure, Verdict, mean, short, shown
from benchmarks.section import Section


class Table(NamedTuple):
    """A head and rows of cells, all as text; the first columns, `words` of them, are set to the left."""

    head: list[str]
    rows: list[list[str]]
    words: int = 1


def of_section(section: Section, figures: Sequence[Figure]) -> Table:
    """Values by the section's rows and columns, our time an element, and errors where they were measured.

    Several figures of one cell are shown by their geometric mean.
    """
    rows = _grouped(figures, section.row)
    columns = list(_grouped(figures, section.column))
    peers = list(dict.fromkeys(figure.peer for figure in figures if not math.isnan(figure.peer_error)))
    head = ["", *columns]
    head += ["ours, ns/element"] if section.times else []
    head += ["ulp, ours", *(f"ulp, {peer}" for peer in peers)] if peers else []
    return Table(head, [[name, *_cells(section, members, columns, peers)] for name, members in rows.items()])


def _cells(section: Section, figures: Sequence[Figure], columns: Sequence[str], peers: Sequence[str]) -> list[str]:
    found = _grouped(figures, section.column)
    values = [shown(_middle(found[column]), section.unit) if column in found else "-" for column in columns]
    times = [f"{mean(figure.ours / figure.size * 1e9 for figure in figures):.2f}"] if section.times else []
    errors = [_largest(figure.peer_error for figure in figures if figure.peer == peer) for peer in peers]
    own = [_largest(figure.own_error for figure in figures)] if peers else []
    return [*values, *times, *map(_error, (*own, *errors))]


def of_verdicts(sections: Iterable[tuple[Section, Sequence[Figure]]]) -> Table:
    """All goals of all sections: the table of promises."""
    rows = []
    for section, figures in sections:
        what = f"{section.letter}: {section.title}"
        for verdict in verdicts(section, figures):
            rows.append([what, verdict.goal.text, verdict.to_reach, verdict.measured, verdict.text])
            what = ""  # said once
    return Table(["what", "figure", "to reach", "measured", ""], rows, words=2)


def verdicts(section: Section, figures: Sequence[Figure]) -> list[Verdict]:
    """What became of the section's goals."""
    return [goal.verdict(figures) for goal in section.goals]


def as_text(table: Table) -> str:
    """Columns of even width, numbers to the right."""
    lines = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    sides = ["<"] * table.words + [">"] * (len(widths) - table.words)
    return "\n".join(
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(line, sides, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(table: Table) -> str:
    """A Markdown table, numbers to the right."""
    rule = ["---"] * table.words + ["---:"] * (len(table.head) - table.words)
    return "\n".join(f"| {' | '.join(line)} |" for line in (table.head, rule, *table.rows))


def _grouped(figures: Sequence[Figure], template: str) -> dict[str, list[Figure]]:
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(template.format(**{**asdict(figure), "size": short(figure.size)}), []).append(figure)
    return groups


def _middle(figures: Sequence[Figure]) -> float:
    values = [figure.value for figure in figures]
    return values[0] if len(values) == 1 else mean(values)


def _largest(values: Iterable[float]) -> float:
    """The largest of those that were measured."""
    return max((value for value in values if not math.isnan(value)), default=math.nan)


def _error(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if value < 100 else f"{value:.0e}"  # noqa: PLR2004 - a hundred ulp need no digits
