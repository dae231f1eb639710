"""actlab: the workbench for neural-network activation functions.

>>> import actlab
>>> actlab.silu(1.0)
0.7310585786300049
>>> actlab.get("lrelu").formula
'where(x > 0, x, negative_slope*x)'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from actlab.activation import Activation as Activation
from actlab.errors import ActlabError as ActlabError
from actlab.errors import UnknownActivation as _UnknownActivation
from actlab.registry import get as get
from actlab.registry import known_names as _known_names
from actlab.registry import names as names

__version__ = "0.1.0"

# Loaded when first asked for: name -> module it lives in (None: the module itself).
_LAZY = {
    "define": "actlab.invention",
    "compare": "actlab.experiment",
    "set_num_threads": "actlab.kernels.threads",
    "get_num_threads": "actlab.kernels.threads",
    "torch": None,
}

if TYPE_CHECKING:
    from actlab import torch as torch
    from actlab.catalogue import *  # noqa: F403 - so that editors and type checkers see every activation
    from actlab.experiment import compare as compare
    from actlab.invention import define as define
    from actlab.kernels.threads import get_num_threads as get_num_threads
    from actlab.kernels.threads import set_num_threads as set_num_threads


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        home = _LAZY[name]
        return (
            importlib.import_module(f"actlab.{name}") if home is None else getattr(importlib.import_module(home), name)
        )
    if not name.startswith("_"):
        try:
            return get(name)
        except _UnknownActivation as error:
            raise AttributeError(f"module 'actlab' has no attribute {name!r}; {error}") from None
    raise AttributeError(f"module 'actlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({"Activation", "ActlabError", "__version__", "get", "names", *_LAZY, *_known_names()})
