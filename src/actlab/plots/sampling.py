"""The numbers behind a picture of an activation; needs NumPy only, so that the terminal plot can use it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from actlab.activation import Activation

Quantity = Literal["value", "derivative"]
Floats = NDArray[np.float64]

DEFAULT_RANGE: Final = (-5.0, 5.0)
_POINTS: Final = 1001  # finer than the pixels of a figure 9 inches wide at 100 dots per inch
_JUMP: Final = 1e-9  # two values one ulp of x apart that differ by more than this share of the range: a jump


@dataclass(frozen=True)
class Curve:
    """One curve, ready to be drawn.

    Attributes
    ----------
    label : what to write beside it, e.g. "swish:beta=2"
    x, y : float64[n]; y is NaN at a jump, so that the line is broken there
    kink_x, kink_y : float64[k], the kinks in the range and the values chosen there
    """

    label: str
    x: Floats
    y: Floats
    kink_x: Floats
    kink_y: Floats


def sample(item: Activation, quantity: Quantity, low: float, high: float, points: int = _POINTS) -> Curve:
    """Compute one curve.

    Parameters
    ----------
    item : Activation. One that works along an axis is evaluated at the pair (x, 0), first member
    quantity : "value" or "derivative"
    low, high : the range of the input, low < high
    points : the number of equally spaced inputs; both neighbours of every kink are added

    Returns
    -------
    Curve
    """
    kinks = _kinks(item, low, high)
    neighbours = np.concatenate([np.nextafter(kinks, -np.inf), kinks, np.nextafter(kinks, np.inf)])
    x = np.unique(np.concatenate([np.linspace(low, high, points), neighbours]))
    y = evaluate(item, quantity, x)
    kink_y = y[np.searchsorted(x, kinks)]
    return Curve(item.label, *_break_at_jumps(x, y, kinks), kinks, kink_y)


def evaluate(item: Activation, quantity: Quantity, x: Floats) -> Floats:
    """Compute value or derivative; along-axis activations at the pair (x, 0), first member."""
    from actlab.activation import Axis

    if isinstance(item, Axis):
        return _of_pair(item, quantity, x)
    single: Any = item
    y = single(x) if quantity == "value" else single.grad(x)
    return np.asarray(y, dtype=np.float64)


def _of_pair(item: Any, quantity: Quantity, x: Floats) -> Floats:
    pair = np.stack([x, np.zeros_like(x)], axis=-1)
    value = item(pair, axis=-1)
    if quantity == "value":
        return np.asarray(value[..., 0])
    first = np.zeros_like(value)
    first[..., 0] = 1.0
    return np.asarray(item.vjp(pair, first, axis=-1)[..., 0])


def _kinks(item: Activation, low: float, high: float) -> Floats:
    places = [float(kink.x) for kink in getattr(item, "kinks", ())]
    return np.array(sorted(x for x in places if low < x < high), dtype=np.float64)


def _break_at_jumps(x: Floats, y: Floats, kinks: Floats) -> tuple[Floats, Floats]:
    """Put a NaN into the line wherever the values beside a kink differ."""
    finite = y[np.isfinite(y)]
    tolerance = _JUMP * float(np.ptp(finite)) if finite.size else 0.0
    before = np.searchsorted(x, kinks) - 1
    jumps = [i for i in before if abs(y[i + 2] - y[i]) > tolerance]
    if not jumps:
        return x, y
    # The value at the kink itself is drawn as a marker; the line must not run through it.
    at = np.array(jumps) + 1
    broken = y.copy()
    broken[at] = np.nan
    return x, broken


def seen_range(item: Activation) -> tuple[float, float]:
    """Find the smallest and the largest value on a wide grid, both infinities included.

    Returns
    -------
    Two floats, NaN where no value is a number. Seen, not proved: an extremum between two points of the grid is
    missed by what the curve bends in that step.
    """
    near = np.linspace(-20.0, 20.0, 40_001)  # every extremum of the catalogue lies here; a step is 1e-3
    far = np.logspace(np.log10(20.0), 300.0, 601)
    y = evaluate(item, "value", np.concatenate([[-np.inf], -far[::-1], near, far, [np.inf]]))
    seen = y[~np.isnan(y)]
    return (float(seen.min()), float(seen.max())) if seen.size else (math.nan, math.nan)
