"""Float64 results, which only the exact reference is fit to judge, on a sample of inputs."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from actlab.verification import landmarks
from actlab.verification.exact import Exact, judged
from actlab.verification.finding import Finding
from actlab.verification.formats import FLOAT64

# Promised for value and derivative: so many ulp, and what a relative error of x of so much makes of the result.
_ULP, _OF_X = 2.0, 2.0**-54
_PROMISED_ORDERS = (0, 1)
_NEAR_ROOT = 1e-3


def over(exact: Exact, x: NDArray[Any]) -> list[Finding]:
    """Judge value, derivative and second derivative at finite float64 inputs; nothing is promised for the last.

    Next to its roots an error in ulp of a derivative grows without limit, and is noted only as a share of the promise.
    """
    results = [*exact.item.value_and_grad(x), exact.item.derivative(2)(x)]
    roots = [(), landmarks.roots(exact, 1), landmarks.roots(exact, 2)]
    findings = [Finding()] * len(results)
    for i, t in enumerate(x.tolist()):
        balls = exact.taylor(t, len(results) - 1)
        for order, result in enumerate(results):
            got, known = float(result[i]), findings[order]
            found = judged(FLOAT64, got, balls[order]) or exact.judge(FLOAT64, t, got, order)
            used = 0.0
            if order in _PROMISED_ORDERS and found.ulp > known.used * _ULP:
                used = found.ulp / _allowed(exact, t, order)
            ulp = 0.0 if any(abs(t - root) <= _NEAR_ROOT for root in roots[order]) else found.ulp
            findings[order] = known | Finding(ulp, t, used, t, int(found.misrounded), inputs=1, settled=1)
    return findings


def _allowed(exact: Exact, x: float, order: int) -> float:
    """What is promised for the order-th derivative at x, in ulp of it."""
    inherited = abs(x * exact.at(x, order + 1)) * _OF_X
    return _ULP + inherited / math.ulp(exact.at(x, order))
