"""Activations for PyTorch: `module("prelu", num_parameters=64)`, classes such as `SiLU`, `replace`, `MaxoutLinear`.

>>> import actlab.torch
>>> from actlab.torch import SiLU
>>> SiLU()
SiLU()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actlab.errors import need as _need

_need("torch", extra="torch", who="actlab.torch")

from actlab.errors import suggest as _suggest  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.modules import ActivationModule as ActivationModule  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.modules import MaxoutLinear as MaxoutLinear  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.modules import class_name as _class_name  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.modules import class_of as _class_of  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.modules import module as module  # noqa: E402 - once torch is known to be there
from actlab.frameworks.torch.replace import replace as replace  # noqa: E402 - once torch is known to be there
from actlab.registry import names as _names  # noqa: E402 - once torch is known to be there

if TYPE_CHECKING:
    from torch import nn as _nn


def _classes() -> dict[str, str]:
    """Class name -> activation name."""
    return {_class_name(name): name for name in _names()}


def __getattr__(name: str) -> type[_nn.Module]:
    known = {} if name.startswith("_") else _classes()
    if name in known:
        return _class_of(known[name])
    raise AttributeError(f"module 'actlab.torch' has no attribute {name!r}{_suggest(name, known)}")


def __dir__() -> list[str]:
    return sorted({"ActivationModule", "MaxoutLinear", "module", "replace", *_classes()})
