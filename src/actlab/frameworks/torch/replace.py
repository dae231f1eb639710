"""Swapping the activation modules of an existing model."""

from __future__ import annotations

from typing import Any

from torch import nn

from actlab.activation import Activation
from actlab.errors import ActlabError, UnsupportedType
from actlab.frameworks.torch.modules import ActivationModule, class_name, module
from actlab.registry import get


def replace(model: nn.Module, old: str | Activation | type[nn.Module], new: str | Activation, **options: Any) -> int:
    """Put the activation `new` wherever the model has a module of the activation `old`, in place.

    Parameters
    ----------
    model : any module; its submodules are searched, one that is used in several places is replaced once and shared
    old : activation ("relu" finds torch.nn.ReLU and actlab's own, "leaky_relu:negative_slope=0.2" those with that
        slope only), or a module class, which finds modules of exactly that class
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
    old, new = old if isinstance(old, type) else get(old), get(new)
    if _is_old(model, old):
        raise UnsupportedType(
            "replace: model must contain the activation, not be it; write model = actlab.torch.module(...)"
        )
    exchanged: dict[nn.Module, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):  # noqa: SLF001 - named_children() would skip a repeated child
            if child is not None and _is_old(child, old):
                if child not in exchanged:
                    exchanged[child] = _like(child, (child, parent, model), module(new, **options))
                parent._modules[name] = exchanged[child]  # noqa: SLF001 - setattr fails for names like "0.relu"
                _leave_fast_path(parent)
    if not exchanged:
        what = old.__name__ if isinstance(old, type) else old.label
        raise ActlabError(
            f"replace: model must contain a {what} module; found none; calls such as F.{what}(x) are not modules"
        )
    return len(exchanged)


def _is_old(candidate: nn.Module, old: Activation | type[nn.Module]) -> bool:
    if isinstance(old, type):
        return type(candidate) is old  # a subclass need not be the same function: torch.nn.ReLU6 is a Hardtanh
    if isinstance(candidate, ActivationModule):
        same, values = candidate.item.name == old.name, candidate.values
    else:
        same, values = _is_torchs(candidate, old.name), vars(candidate)
    return same and all(values.get(name) == value for name, value in old.bound.items())


def _is_torchs(candidate: nn.Module, name: str) -> bool:
    """Whether this is torch.nn's module of the activation."""
    if type(candidate) is nn.GELU:  # two functions in one class
        return name == ("gelu_tanh" if candidate.approximate == "tanh" else "gelu")
    return type(candidate) is getattr(nn, class_name(name), None)


def _like(old: nn.Module, around: tuple[nn.Module, ...], new: nn.Module) -> nn.Module:
    """The new module in the old one's mode, on the device and in the dtype of the nearest weights."""
    new.train(old.training)
    for weight in (weight for where in around for weight in where.parameters()):
        if weight.is_floating_point():
            return new.to(device=weight.device, dtype=weight.dtype)
    return new


def _leave_fast_path(parent: nn.Module) -> None:
    """Make torch.nn.TransformerEncoderLayer ask its activation: in eval mode it goes by a note of the old one."""
    if isinstance(parent, nn.TransformerEncoderLayer):
        parent.activation_relu_or_gelu = 0
