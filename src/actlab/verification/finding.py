"""What judging some results has brought to light, and how two such findings become one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Errors of some results.

    Attributes
    ----------
    max_ulp, worst : the largest error, in units in the last place, and its input
    used, used_at : the largest error as a share of what is promised at its input, and that input
    misrounded : how many results are not the nearest number
    inputs : how many were judged
    settled : how many of these by the exact reference
    left_out : how many were too many for the exact reference and are in no other figure
    """

    max_ulp: float = 0.0
    worst: float = 0.0
    used: float = 0.0
    used_at: float = 0.0
    misrounded: int = 0
    inputs: int = 0
    settled: int = 0
    left_out: int = 0

    @property
    def kept(self) -> bool:
        """Whether every error is within what is promised."""
        return self.used <= 1

    def __or__(self, other: Finding) -> Finding:
        """Both findings as one."""
        worse = self if self.max_ulp >= other.max_ulp else other
        nearer = self if self.used >= other.used else other
        return Finding(
            *(worse.max_ulp, worse.worst, nearer.used, nearer.used_at),
            misrounded=self.misrounded + other.misrounded,
            inputs=self.inputs + other.inputs,
            settled=self.settled + other.settled,
            left_out=self.left_out + other.left_out,
        )
