"""The same activation inside each framework; the array's type decides which, and only that one is loaded."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from actlab.errors import UnsupportedType

# Library, array class in it -> module that computes on it; that module loads the library, which must be there already.
_HOMES = (
    ("numpy", "ndarray", "numpy"),
    ("numpy", "generic", "numpy"),
    ("torch", "Tensor", "torch"),
    ("dask.array", "Array", "dask"),
    ("xarray", "DataArray", "xarray"),
    ("xarray", "Dataset", "xarray"),
    ("pandas", "Series", "pandas"),
    ("pandas", "DataFrame", "pandas"),
)

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
    for library, name, home in _HOMES:
        # A class that merely borrows from a library, as sparse.COO does from NumPy, is none of its arrays.
        if issubclass(kind, getattr(sys.modules.get(library), name, ())):
            return importlib.import_module(f"{__name__}.{home}")
    if kind.__module__ == "builtins" or issubclass(kind, int | float | list | tuple):
        return importlib.import_module(f"{__name__}.numpy")
    raise UnsupportedType(
        f"{who}: x must be an array of NumPy, PyTorch, Dask, xarray or pandas, a number or a list; "
        f"got {kind.__module__}.{kind.__qualname__}; convert it first, for example with numpy.asarray(x)"
    )
