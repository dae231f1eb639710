"""Work out every constant of the machine-code words and write `src/actlab/kernels/polynomials.py`.

Run `python tools/fit_polynomials.py` to rewrite the file, with `--check` to compare it instead (exit 1 when
they differ). Everything is computed by mpmath with 60 digits and rounded to float64 once, at the end.

Each polynomial interpolates its function at the Chebyshev nodes of the stated interval (`mpmath.chebyfit`),
which stays within a bit of the best possible maximum error and cannot fail to converge. The error noted
beside a polynomial is the largest absolute one before its coefficients are rounded.
"""
# ruff: noqa: INP001, T201  (a script, not a package; it talks on stderr)

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpmath import mp, mpf

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = Path(__file__).resolve().parents[1] / "src" / "actlab" / "kernels" / "polynomials.py"
DIGITS = 60

HEADER = '''"""Constants of the machine-code words.

Written by tools/fit_polynomials.py, which says how: change that file and run it, do not edit this one.
Coefficients run from the constant term upwards. A name ending in _LO holds what rounding the one ending in
_HI (or without ending) to float64 left over.
"""
'''


@dataclass(frozen=True)
class Polynomial:
    """One function to be approximated on one interval by `terms` coefficients."""

    name: str
    meaning: str
    function: Callable[[Any], Any]
    interval: tuple[Any, Any]
    terms: int

    def text(self) -> str:
        """Source text of the coefficient tuple, with what it means and how good it is."""
        highest_first, error = mp.chebyfit(self.function, self.interval, self.terms, error=True)
        note = f"# {self.meaning}; error 2^{float(mp.log(error, 2)):.1f}"
        rows = "\n".join(f"    {float(c)!r}," for c in reversed(highest_first))
        return f"{note}\n{self.name} = (\n{rows}\n)"


def taylor_safe(function: Callable[[Any], Any], at_zero: Any) -> Callable[[Any], Any]:
    """Wrap a quotient that is 0/0 at zero; elsewhere the extra digits absorb its cancellation."""
    return lambda x: mpf(at_zero) if mp.fabs(x) < mpf(10) ** -25 else function(x)


def log_remainder(z: Any) -> Any:
    """R(z)/z where log((1+s)/(1-s)) = 2s + s R(s^2)."""
    s = mp.sqrt(z)
    return ((mp.log((1 + s) / (1 - s)) / s) - 2) / z


def erf_remainder(z: Any) -> Any:
    """What erf(x)/x exceeds 1 by, where z = x^2."""
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def normal_tail(t: Any) -> Any:
    """(1+a) e^(a^2/2) Phi(-a) where t = (a-m)/(a+m): it varies little, so that rounding errors stay small."""
    a = TAIL_MIDDLE * (1 + t) / (1 - t)
    return (1 + a) * mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


TAIL_MIDDLE = mpf("5.5")  # the m that needs the fewest terms, found by trying 3, 3.5, ... 7
TAIL_END = 40  # Phi(-40) is 0 in float64
TAIL32_END = 20  # Phi(-20) is 1e-89, far below the smallest float32


def tail32(t: Any) -> Any:
    """e^(a^2/2) Phi(-a), without the factor that costs a division."""
    a = TAIL_MIDDLE * (1 + t) / (1 - t)
    return mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


def polynomials() -> tuple[Polynomial, ...]:
    """The polynomials on the intervals where the words use them, a hair wider where rounding may step out."""
    half_ln2 = mp.log(2) / 2 * mpf("1.0001")
    s = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")
    last, last32 = (mpf(end - TAIL_MIDDLE) / (end + TAIL_MIDDLE) for end in (TAIL_END, TAIL32_END))
    exp_remainder = taylor_safe(lambda r: (mp.exp(r) - 1 - r) / r**2, "0.5")
    return (
        Polynomial(
            "EXP",
            "P(r) in e^r = 1 + r + r^2 P(r), |r| <= ln(2)/2",
            exp_remainder,
            (-half_ln2, half_ln2),
            11,
        ),
        Polynomial("EXP32", "the same, for results in float32", exp_remainder, (-half_ln2, half_ln2), 9),
        Polynomial(
            "LOG",
            "P(z) in log((1+s)/(1-s)) = 2s + s z P(z), z = s^2, |s| <= (sqrt(2)-1)/(sqrt(2)+1)",
            taylor_safe(log_remainder, mpf(2) / 3),
            (0, s**2),
            7,
        ),
        Polynomial(
            "ERF",
            "P(z) in erf(x) = x + x P(z), z = x^2, |x| <= 1",
            taylor_safe(erf_remainder, 2 / mp.sqrt(mp.pi) - 1),
            (0, 1),
            12,
        ),
        Polynomial(
            "TAIL",
            "P(t) = (1+a) e^(a^2/2) Phi(-a), t = (a-m)/(a+m), m = TAIL_MIDDLE, 0 <= a <= TAIL_END",
            normal_tail,
            (-1, last),
            23,
        ),
        Polynomial(
            "TAIL32",
            "P(t) = e^(a^2/2) Phi(-a), the same t, 0 <= a <= TAIL32_END, for results that are rounded to float32",
            tail32,
            (-1, last32),
            20,
        ),
    )


def pair(name: str, value: Any, bits: int = 53) -> str:
    """Source text of a constant as a sum of two doubles, the first one with so many significant bits."""
    exponent = mp.floor(mp.log(value, 2)) + 1 - bits
    high = mp.nint(value / mpf(2) ** exponent) * mpf(2) ** exponent
    return f"{name}_HI = {float(high)!r}\n{name}_LO = {float(value - high)!r}"


def module_text() -> str:
    """The whole generated file."""
    constants = (
        f"LOG2_E = {float(1 / mp.log(2))!r}",
        "# 42 bits: k*LN2_HI is exact for every exponent k\n" + pair("LN2", mp.log(2), bits=42),
        "# 1/sqrt(2 pi), the height of the normal density\n" + pair("NORMAL_PEAK", 1 / mp.sqrt(2 * mp.pi)),
        pair("SQRT2", mp.sqrt(2)),
        pair("PI", mp.pi),
        f"TAIL_MIDDLE = {float(TAIL_MIDDLE)!r}\nTAIL_END = {float(TAIL_END)!r}\nTAIL32_END = {float(TAIL32_END)!r}",
    )
    return "\n".join((HEADER, *constants, "", "\n\n".join(p.text() for p in polynomials()), ""))


def main() -> int:
    """Write or check the file."""
    mp.dps = DIGITS
    text = module_text()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(text)
        return 0
    same = TARGET.read_text() == text
    print(f"{TARGET.name}: {'as fitted' if same else 'differs from what this script fits'}", file=sys.stderr)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
