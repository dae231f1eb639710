"""The compiled comparison of a kernel's results with the fast reference.

What lies within that reference's error of a boundary between two numbers of the format is left undecided, and so is
every wrong result whose error the reference blurs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from actlab.kernels.instructions import bits_of, float_of, word
from actlab.verification.enclosure import Array, Near
from actlab.verification.finding import Finding
from actlab.verification.formats import Format

Shape: TypeAlias = tuple[int, int, float]  # of a format: digits, lowest exponent, power of two beyond its numbers
Held: TypeAlias = tuple[float, float, float, Array]  # a Promise: ulp, near_root, radius, roots

# Below this distance from 0 a function that vanishes there rounds like its tangent, but for ties.
TANGENT_HOLDS = 2.0**-100
# What a pass notes: largest error in ulp and its input, largest share of the promise and its input, wrong roundings.
_ULP, _WORST, _USED, _USED_AT, _MISROUNDED, _NOTES = range(6)
# Of an ulp: a wrong result whose error is known no better is left undecided.
_BLUR = 2.0**-12
_HALF = 0.5
_EXPONENT, _BIAS, _MANTISSA_BITS = 0x7FF, 1023, 52


@dataclass(frozen=True)
class Promise:
    """What is promised, in units in the last place.

    Attributes
    ----------
    ulp : everywhere else
    near_root : within `radius` of one of the roots
    roots : where the exact result vanishes; 0 is left out
    """

    ulp: float
    near_root: float = math.inf
    roots: tuple[float, ...] = ()
    radius: float = 1e-3

    def at(self, x: float) -> float:
        """What is promised at x."""
        return self.near_root if any(abs(x - root) <= self.radius for root in self.roots) else self.ulp


@dataclass(frozen=True)
class Tangent:
    """f(x) - slope*x has this sign, and is too small to matter unless slope*x is a tie; sign 0: nothing is known."""

    slope: float = 0.0
    sign: int = 0


@dataclass(frozen=True)
class Rules:
    """What results are judged by, beside the references."""

    form: Format
    promise: Promise
    tangent: Tangent = Tangent()


def compare(rules: Rules, x: Array, got: Array, near: Near) -> tuple[Finding, NDArray[np.int64]]:
    """Judge results at finite and NaN inputs; infinite ones are passed over.

    Parameters
    ----------
    x, got : inputs and the kernel's results there, which are numbers of the format
    near : the fast reference

    Returns
    -------
    What was found, and the indices of the inputs left undecided.
    """
    form, promise, tangent = rules.form, rules.promise, rules.tangent
    shape = form.digits, form.lowest, 2.0 ** (form.highest + 1)
    held = promise.ulp, promise.near_root, promise.radius, np.array(promise.roots, np.float64)
    notes, undecided = np.zeros(_NOTES), np.empty(x.size, np.int64)
    left = _compare((x, got, *near), shape, held, (tangent.slope, float(tangent.sign)), (notes, undecided))
    ulp, worst, used, used_at, misrounded = notes.tolist()
    return Finding(ulp, worst, used, used_at, int(misrounded), x.size - left), undecided[:left]


@word
def _exponent_of_ulp(value: float, shape: Shape) -> int:
    """The spacing of the format at a number is 2 to this; below the normal numbers that of the subnormal ones."""
    digits, lowest, _ = shape
    return max(((bits_of(value) >> _MANTISSA_BITS) & _EXPONENT) - _BIAS, lowest) - digits + 1


@word
def _power_of_two(exponent: int) -> float:
    return float_of((exponent + _BIAS) << _MANTISSA_BITS)


@word
def _nearest(value: float, shape: Shape) -> float:
    """The number of the format nearest to another, ties to even: divided by the spacing it is an integer."""
    spacing = _power_of_two(_exponent_of_ulp(value, shape))
    rounded: float = np.rint(value / spacing) * spacing
    return rounded if math.fabs(rounded) < shape[2] else math.copysign(math.inf, value)


@word
def _nearest_to_line(x: float, line: tuple[float, float], shape: Shape) -> float:
    """The number nearest to slope*x, ties to the side to which the function bends."""
    exact = line[0] * x
    spacing = _power_of_two(_exponent_of_ulp(exact, shape))
    below: float = np.floor(exact / spacing)
    tie = exact / spacing - below == _HALF
    return (below + (line[1] > 0.0)) * spacing if tie else _nearest(exact, shape)


@word
def _note(notes: Array, ulp: float, x: float, held: Held) -> float:
    """Keep what is worst; the result is an error that need not be noted."""
    everywhere, near_root, radius, roots = held
    if ulp > notes[_ULP]:
        notes[_ULP], notes[_WORST] = ulp, x
    allowed = everywhere
    for root in roots:
        if math.fabs(x - root) <= radius:
            allowed = near_root
    if ulp > notes[_USED] * allowed:
        notes[_USED], notes[_USED_AT] = ulp / allowed, x
    least: float = min(notes[_ULP], notes[_USED] * min(everywhere, near_root))
    return least


@numba.njit(error_model="numpy", nogil=True)
def _compare(results: Any, shape: Shape, held: Held, line: tuple[float, float], out: Any) -> int:
    (xs, ys, values, errors), (notes, undecided) = results, out
    count, known = 0, 0.0
    for i in range(xs.size):
        x, y, near, doubt = xs[i], ys[i], values[i], errors[i]
        per_unit = _power_of_two(-_exponent_of_ulp(near, shape))
        ulp = math.fabs(y - near) * per_unit
        if ulp + doubt * per_unit < _HALF:  # rounded correctly, as nearly all are
            if ulp > known:
                known = _note(notes, ulp, x, held)
            continue
        if math.isinf(x):
            continue
        if math.isnan(x) or math.isnan(y):
            if math.isnan(x) != math.isnan(y):
                notes[_MISROUNDED] += 1
                known = _note(notes, math.inf, x, held)
            continue
        wanted = _nearest(near - doubt, shape)
        decided = wanted == _nearest(near + doubt, shape) and (y == wanted or doubt * per_unit <= _BLUR)
        if not decided and line[1] != 0.0 and math.fabs(x) < TANGENT_HOLDS:
            wanted, decided = _nearest_to_line(x, line, shape), True
        if not decided:
            undecided[count] = i
            count += 1
            continue
        notes[_MISROUNDED] += y != wanted
        if math.isinf(y) or math.isinf(wanted):
            ulp = 0.0 if y == wanted else math.inf
        known = _note(notes, ulp, x, held)
    return count
