"""The catalogue as the battery sees it: every entry, by kind. A new entry is covered with no change here."""

from __future__ import annotations

from functools import cache

from contract.reference import Reference

import actlab
from actlab.activation import Axis, Elementwise, Random

ALL = tuple(actlab.names())
AXIS = tuple(name for name in ALL if isinstance(actlab.get(name), Axis))
RANDOM = tuple(name for name in ALL if isinstance(actlab.get(name), Random))
# A Random entry outside training is an elementwise function like any other.
ELEMENTWISE = tuple(name for name in ALL if isinstance(actlab.get(name), Elementwise | Random))


def elementwise(name: str) -> Elementwise:
    """The entry as an elementwise function."""
    item = actlab.get(name)
    return item.mean if isinstance(item, Random) else item  # type: ignore[no-any-return]


@cache
def reference(name: str) -> Reference:
    """The exact values of an entry at its default parameters; shared, because many digits take their time."""
    return Reference(elementwise(name))
