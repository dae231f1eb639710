"""Numbers and names as they are written in sentences."""

from __future__ import annotations

from collections.abc import Iterable

# Names in a sentence.
MOST_LISTED = 8

# Smaller p values are only written as "at most" this one.
SMALLEST_P = 0.001


class Score:
    """How scores and differences are written: accuracies in percent and points, R^2 as it is.

    Attributes
    ----------
    name : "accuracy", "label accuracy" or "R^2"
    """

    def __init__(self, name: str) -> None:
        self.name, self.percent = name, name.endswith("accuracy")

    def value(self, score: float) -> str:
        """A score: "71.2%" or "0.712"."""
        return f"{100 * score:.1f}%" if self.percent else f"{score:.3f}"

    def difference(self, difference: float) -> str:
        """A difference of scores: "1.2 points" or "0.012"."""
        return f"{100 * difference:.1f} points" if self.percent else f"{difference:.3f}"


def listed(names: Iterable[str]) -> str:
    """a; a and b; a, b and c; of many the first ones and how many more.

    Examples
    --------
    >>> listed(["relu", "silu", "gelu"])
    'relu, silu and gelu'
    """
    *head, last = names
    if len(head) >= MOST_LISTED:
        head, last = head[:MOST_LISTED], f"{len(head) + 1 - MOST_LISTED} more"
    return f"{', '.join(head)} and {last}" if head else last


def step_time(seconds: float) -> str:
    """The time of a training step, in three significant digits.

    Examples
    --------
    >>> step_time(0.000412), step_time(0.001), step_time(0.0135)
    ('412 µs', '1.00 ms', '13.5 ms')
    """
    value, unit = (1e6 * seconds, "µs") if seconds < 0.0009995 else (1e3 * seconds, "ms")  # noqa: PLR2004 - 1.00 ms
    return f"{value:#.3g}".rstrip(".") + f" {unit}"


def probability(p: float) -> str:
    """A p value after "p = "."""
    return f"{SMALLEST_P} or less" if p <= SMALLEST_P else f"{p:.3f}"
