"""The catalogue as the battery sees it: every entry, by kind. A new entry is covered with no change here."""

from __future__ import annotations

from functools import cache

import actlab
from actlab.activation import Axis, Elementwise, Random
from actlab.verification.exact import Exact

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
def reference(name: str) -> Exact:
    """The exact values of an entry at its default parameters; shared, for what is found out about it is kept."""
    return Exact(elementwise(name))
