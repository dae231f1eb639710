"""The same activation inside each framework; the array's type decides which, and only that one is loaded."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from actlab.errors import UnsupportedType

# Root module of an array's type -> module that handles it. The module loads the framework, so it must be there already.
_HOMES = {
    "torch": "actlab.frameworks.torch",
    "numpy": "actlab.frameworks.numpy",
    "builtins": "actlab.frameworks.numpy",
}

_known: dict[type, ModuleType] = {}


def of(x: Any, who: str) -> ModuleType:
    """The module that computes on arrays like x.

    Raises
    ------
    UnsupportedType
        If no module knows the type; nothing is ever converted silently.
    """
    found = _known.get(type(x))
    if found is None:
        found = _known[type(x)] = _find(type(x), who)
    return found


def _find(kind: type, who: str) -> ModuleType:
    for base in kind.__mro__[:-1] or (kind,):
        home = _HOMES.get(base.__module__.partition(".")[0])
        if home is not None:
            return importlib.import_module(home)
    raise UnsupportedType(
        f"{who}: x must be a NumPy array, a PyTorch tensor, a number or a list; "
        f"got {kind.__module__}.{kind.__qualname__}; pass numpy.asarray(x) if a copy is what you want"
    )
