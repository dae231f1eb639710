"""Loops over arrays as machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

Loop = Callable[..., None]


def compiled(*allowed: str) -> Callable[[Loop], Loop]:
    """A decorator that compiles a loop when it is first called, and keeps it on disk where there is a place for it.

    Parameters
    ----------
    allowed : what LLVM may do to its arithmetic ("reassoc": sums in any order, as vectors need it)
    """
    # NumPy's division by zero: with Python's, which raises, no loop is vectorised.
    options: dict[str, Any] = {"error_model": "numpy", "fastmath": set(allowed)}

    def decorate(loop: Loop) -> Loop:
        try:
            kept: Loop = njit(cache=True, **options)(loop)
        except RuntimeError:  # neither the package's folder nor the user's can be written
            kept = njit(**options)(loop)
        return kept

    return decorate
