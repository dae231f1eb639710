"""The set a parameter may lie in, written as mathematicians write it: "(0, inf)", "[1, 8]"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_WRITTEN = re.compile(r"([\[(])\s*([^,\s]+)\s*,\s*([^,\s]+)\s*([\])])")


@dataclass(frozen=True)
class Interval:
    """A real interval; infinite ends are always open."""

    low: float
    high: float
    low_open: bool = True
    high_open: bool = True

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read "(0, inf)" or "[0, 1]".

        Examples
        --------
        >>> Interval.parse("[0, 1)")
        Interval(low=0.0, high=1.0, low_open=False, high_open=True)
        """
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"an interval is written like (0, inf) or [0, 1]; got {text!r}")
        left, low, high, right = match.groups()
        return cls(float(low), float(high), left == "(", right == ")")

    def __contains__(self, value: float) -> bool:
        above = value > self.low or (value == self.low and not self.low_open)
        below = value < self.high or (value == self.high and not self.high_open)
        return above and below

    def __str__(self) -> str:
        ends = [f"{end:g}" for end in (self.low, self.high)]
        return f"{'(' if self.low_open else '['}{', '.join(ends)}{')' if self.high_open else ']'}"

    def sign(self) -> int | None:
        """1 or -1 if every member has that sign, 0 if the only member is 0, else None."""
        if self.low > 0 or (self.low == 0 and self.low_open):
            return 1
        if self.high < 0 or (self.high == 0 and self.high_open):
            return -1
        return 0 if self.low == self.high == 0 else None

    def above_zero(self) -> Interval:
        """The members greater than 0."""
        return self if self.low > 0 else replace(self, low=0.0, low_open=True)

    def below_zero(self) -> Interval:
        """The members less than 0."""
        return self if self.high < 0 else replace(self, high=0.0, high_open=True)


EVERYWHERE = Interval(float("-inf"), float("inf"))
