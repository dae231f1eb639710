"""All sections, in the order they run and stand in the tables."""

from __future__ import annotations

from benchmarks.section import Section
from benchmarks.sections import axis, calls, compare, memory, peers, processes

SECTIONS: tuple[Section, ...] = tuple(
    sorted(
        (*peers.SECTIONS, *memory.SECTIONS, *calls.SECTIONS, *processes.SECTIONS, *axis.SECTIONS, *compare.SECTIONS),
        key=lambda section: section.letter,
    )
)
