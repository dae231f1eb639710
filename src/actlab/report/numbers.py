"""How numbers are written in the report: one function a quantity, a dash where there is no number."""

from __future__ import annotations

import math
from dataclasses import dataclass

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

HALF_DECADE = 0.01  # how far twice the logarithm of a rate may be from whole: 0.00316 and 0.003162 are both meant
SMALL_TIMES = ((1e6, "µs"), (1e3, "ms"))
ROUNDS_TO_1000 = 999.5  # with three digits: better said in the next unit
KIB = 2**10
SMALLEST_SHARE = 0.001  # one decimal of a per cent
ORDINARY_P = 0.1  # from here on the third decimal says nothing
SMALLEST_P = 0.001  # t tests on a few seeds do not support finer statements


def _signed(text: str, value: float, zero: str) -> str:
    """Prefix the sign; what rounds to zero has none."""
    if text == zero:
        return text
    return (MINUS if value < 0 else "+") + text


@dataclass(frozen=True)
class Score:
    """Writes scores: accuracy in per cent, differences of it in percentage points, R^2 as it is.

    Attributes
    ----------
    name : what the score is called
    """

    name: str

    @classmethod
    def of(cls, score: str) -> Score:
        """The writer for a condition's ``score`` ("accuracy", "label accuracy" or "R^2")."""
        return cls(score.replace("^2", "²"))

    @property
    def percent(self) -> bool:
        """Whether the score is a share, to be multiplied by 100."""
        return self.name.endswith("accuracy")

    @property
    def unit(self) -> str:
        """What follows a difference."""
        return "points" if self.percent else ""

    def axis_title(self, which: str) -> str:
        """What stands beside an axis, "test accuracy, %"."""
        return f"{which} {self.name}{', %' if self.percent else ''}"

    @property
    def digits(self) -> int:
        """Decimals that are printed."""
        return 1 if self.percent else 3

    def scale(self, value: float) -> float:
        """The number that is printed: per cent or R^2."""
        return 100 * value if self.percent else value

    def plain(self, value: float) -> str:
        """A score without its unit, "69.9"."""
        if not math.isfinite(value):
            return MISSING
        scaled = round(self.scale(value), self.digits) + 0.0  # -0.0 becomes 0.0
        return f"{scaled:.{self.digits}f}".replace("-", MINUS)

    def tick(self, value: float) -> str:
        """A round score beside an axis, "70"."""
        return f"{self.scale(value):g}".replace("-", MINUS)

    def text(self, value: float) -> str:
        """A score, "69.9 %" or "0.812"."""
        text = self.plain(value)
        return f"{text} %" if self.percent and text != MISSING else text

    def interval(self, low: float, high: float) -> str:
        """An interval, "69.1 to 70.8"; a dash unless both ends are known."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return MISSING
        return f"{self.plain(low)} to {self.plain(high)}"

    def difference(self, value: float) -> str:
        """A difference with its sign, "+0.6"."""
        if not math.isfinite(value):
            return MISSING
        text = f"{abs(self.scale(value)):.{self.digits}f}"
        return _signed(text, value, f"{0:.{self.digits}f}")

    def size(self, value: float) -> str:
        """The size of a difference with its unit, "1.1 points"."""
        text = self.plain(abs(value))
        return f"{text} {self.unit}".rstrip() if text != MISSING else text

    def found(self, value: float) -> str:
        """The smallest difference that could be found; infinite if none could."""
        return "none, with so few seeds" if math.isinf(value) else self.size(value)

    def difference_interval(self, low: float, high: float) -> str:
        """An interval of a difference, "-0.4 to +1.2" with a true minus sign."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return MISSING
        return f"{self.difference(low)} to {self.difference(high)}"


def rate(value: float) -> str:
    """A learning rate, "3e-3"; of a half decade, such as 0.00316, one digit is enough.

    Examples
    --------
    >>> rate(0.00316), rate(0.0025), rate(1.0)
    ('3e-3', '2.5e-3', '1')
    """
    if not (math.isfinite(value) and value > 0):
        return MISSING
    halves = 2 * math.log10(value)
    digits = 0 if abs(halves - round(halves)) < HALF_DECADE else 1
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    head = mantissa.removesuffix(".0")
    return head if int(exponent) == 0 else f"{head}e{int(exponent)}"


def duration(seconds: float) -> str:
    """A short time with three significant digits, "412 µs".

    Examples
    --------
    >>> duration(0.000412), duration(0.001), duration(2.5)
    ('412 µs', '1.00 ms', '2.50 s')
    """
    if not (math.isfinite(seconds) and seconds >= 0):
        return MISSING
    value, unit = _in_unit(seconds)
    return f"{value:#.3g}".rstrip(".") + f" {unit}" if value < ROUNDS_TO_1000 else f"{value:.0f} {unit}"


def duration_tick(seconds: float) -> str:
    """A round time beside an axis, "1 ms"."""
    value, unit = _in_unit(seconds)
    return f"{value:.10g} {unit}"


def _in_unit(seconds: float) -> tuple[float, str]:
    """A time in the unit that suits it."""
    return next(
        ((seconds * factor, unit) for factor, unit in SMALL_TIMES if seconds * factor < ROUNDS_TO_1000), (seconds, "s")
    )


def span(seconds: float) -> str:
    """A waiting time, "2 min 41 s"."""
    if not (math.isfinite(seconds) and seconds >= 0):
        return MISSING
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def memory(size: float) -> str:
    """An amount of memory, "96 KiB".

    Examples
    --------
    >>> memory(98304), memory(512), memory(3 * 2**20)
    ('96 KiB', '512 B', '3 MiB')
    """
    if not (math.isfinite(size) and size >= 0):
        return MISSING
    if size < KIB:
        return f"{size:.0f} B"
    factor, unit = (KIB, "KiB") if size < KIB**2 else (KIB**2, "MiB")
    return f"{float(f'{size / factor:.3g}'):g} {unit}"


def probability(value: float) -> str:
    """A p-value, "0.031"; small ones as a bound.

    Examples
    --------
    >>> probability(0.0312), probability(1e-9)
    ('0.031', '< 0.001')
    """
    if not math.isfinite(value):
        return MISSING
    if value < SMALLEST_P:
        return f"< {SMALLEST_P}"
    return f"{value:.3f}" if value < ORDINARY_P else f"{value:.2f}"


def count(value: float) -> str:
    """A whole number with thin spaces between thousands, "12 345"."""
    return f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}") if math.isfinite(value) else MISSING


def share(value: float) -> str:
    """A share, "12.3 %"; what is there but rounds to nothing is "< 0.1 %".

    Examples
    --------
    >>> share(0.123), share(0.0), share(0.0001)
    ('12.3 %', '0 %', '< 0.1 %')
    """
    if not math.isfinite(value):
        return MISSING
    if 0 < value < SMALLEST_SHARE:
        return f"< {100 * SMALLEST_SHARE:g} %"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def whole_share(value: float) -> str:
    """A share in whole per cent, "62 %"."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else MISSING


def plain(value: float, digits: int = 3) -> str:
    """A number with so many significant digits and a true minus sign.

    Examples
    --------
    >>> plain(0.01234), plain(123456.0), plain(-2.5)
    ('0.0123', '1.23e5', '\N{MINUS SIGN}2.5')
    """
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{digits}g}".replace("-", MINUS)
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{exponent.lstrip('+0').replace(MINUS + '0', MINUS)}" if exponent else text


def decades(value: float) -> str:
    """A width on a logarithmic axis, "1.5 decades"."""
    if not math.isfinite(value):
        return MISSING
    return f"{value:.1f}".removesuffix(".0") + (" decade" if value == 1 else " decades")
