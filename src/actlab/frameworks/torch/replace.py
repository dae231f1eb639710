"""Swapping the activation modules of an existing model."""

from __future__ import annotations

from typing import Any

from torch import nn

from actlab.activation import Activation, get
from actlab.errors import ActlabError, UnsupportedType
from actlab.frameworks.torch.modules import ActivationModule, class_name, module


def replace(model: nn.Module, old: str | Activation | type[nn.Module], new: str | Activation, **options: Any) -> int:
    """Put the activation `new` wherever the model has a module of the activation `old`, in place.

    Parameters
    ----------
    model : any module; its submodules are searched, one that is used in several places is replaced once and shared
    old : activation name ("relu" finds torch.nn.ReLU and actlab's own), or a module class
    new : what to put there; options go to `actlab.torch.module`

    Returns
    -------
    int, how many modules were replaced. Functional calls (F.relu(x) inside forward) are not modules and stay.

    Raises
    ------
    UnsupportedType
        If `model` is not a module, or is itself the activation: the caller must then replace its own variable.
    ActlabError
        If nothing was found to replace.

    Examples
    --------
    >>> import torch, actlab.torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> actlab.torch.replace(model, "relu", "silu")
    1
    >>> model[1]
    SiLU()
    """
    if not isinstance(model, nn.Module):
        raise UnsupportedType(f"replace: model must be a torch.nn.Module; got {type(model).__name__}")
    if _is_old(model, old):
        raise UnsupportedType(
            "replace: model must contain the activation, not be it; write model = actlab.torch.module(...)"
        )
    exchanged: dict[int, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):  # noqa: SLF001 - named_children() would skip a repeated child
            if child is not None and _is_old(child, old):
                if id(child) not in exchanged:
                    exchanged[id(child)] = _like(module(new, **options), child, model)
                parent._modules[name] = exchanged[id(child)]  # noqa: SLF001 - setattr fails for names like "0.relu"
    if not exchanged:
        what = old.__name__ if isinstance(old, type) else get(old).name
        raise ActlabError(
            f"replace: model must contain a {what} module; found none; calls such as F.{what}(x) are not modules"
        )
    return len(exchanged)


def _is_old(candidate: nn.Module, old: str | Activation | type[nn.Module]) -> bool:
    if isinstance(old, type):
        return isinstance(candidate, old)
    item = get(old)
    if isinstance(candidate, ActivationModule):
        return candidate.item.name == item.name
    return type(candidate) is getattr(nn, class_name(item.name), None) and _same_variant(candidate, item.name)


def _same_variant(candidate: nn.Module, name: str) -> bool:
    """torch.nn.GELU is two functions in one class."""
    return name != "gelu" or getattr(candidate, "approximate", "none") == "none"


def _like(new: nn.Module, old: nn.Module, model: nn.Module) -> nn.Module:
    """The new module in the old one's mode, on the model's device and in its dtype."""
    new.train(old.training)
    for weight in model.parameters():
        if weight.is_floating_point():
            return new.to(device=weight.device, dtype=weight.dtype)
    return new
