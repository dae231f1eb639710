"""A function along an axis on tensors: differentiable, by our kernels where they can read the tensors.

Those are plain CPU tensors in eager mode. Everything else (other devices, torch.compile, torch.func, forward mode,
tracers, backward of backward) takes plain ATen operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import forward_ad

from actlab.activation import Record
from actlab.emit import torch as aten
from actlab.emit.axis import INPUTS, inputs, is_per_group
from actlab.errors import OptionError
from actlab.frameworks import axis as arrays
from actlab.frameworks import bfloat16
from actlab.frameworks.common import axis_and_pieces
from actlab.frameworks.torch.function import takes_kernel


@lru_cache(maxsize=64)
def function(record: Record) -> Callable[[Tensor, Mapping[str, Any]], Tensor]:
    """f(x, parameters), with everything looked up beforehand, so that torch.compile can see through it."""
    name, short = record.name, is_per_group(record.expression)
    formula = aten.along_axis(name, record.expression, ("x",))

    def apply(x: Tensor, parameters: Mapping[str, Any]) -> Tensor:
        if torch.compiler.is_compiling() or not _for_kernel(x):
            groups, dim = _grouped(name, x, parameters)
            y = formula(groups, dim)
            return y.squeeze(dim) if short else y
        if torch.is_grad_enabled() and x.requires_grad:
            return _AlongAxis.apply(x, record, parameters)  # type: ignore[no-any-return, no-untyped-call]
        return _by_kernel(record, {"x": x}, parameters)

    return apply


def vjp(record: Record, x: Tensor, g: Tensor, parameters: Mapping[str, Any]) -> Tensor:
    """The gradient with respect to x, given the gradient g with respect to f(x); differentiable.

    Raises
    ------
    OptionError
        If g has not the shape of f(x).
    """
    y = function(record)(x, parameters)
    if g.shape != y.shape:
        raise OptionError(f"{record.name}: g must have the shape of f(x); got shape {tuple(g.shape)}")
    return _vjp(record, {"x": x, "y": y, "g": g}, parameters)


class _AlongAxis(torch.autograd.Function):
    """The function and its backward, each by a kernel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, record: Record, parameters: Mapping[str, Any]) -> Tensor:
        y = _by_kernel(record, {"x": x}, parameters)
        ctx.record, ctx.parameters = record, parameters
        ctx.save_for_backward(*({"x": x, "y": y}[name] for name in _kept(record)))
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        kept = dict(zip(_kept(ctx.record), ctx.saved_tensors, strict=True))
        return _vjp(ctx.record, {**kept, "g": g}, ctx.parameters), None, None


@lru_cache(maxsize=64)
def _kept(record: Record) -> tuple[str, ...]:
    """What backward reads beside g."""
    return tuple(name for name in inputs(record.backward) if name != "g")


def _vjp(record: Record, given: Mapping[str, Tensor], parameters: Mapping[str, Any]) -> Tensor:
    """The gradient with respect to x, from g and what backward reads of x and y."""
    watched = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given.values())
    if not watched and _for_kernel(*given.values()):
        return _by_kernel(record, given, parameters)
    full = given["x" if "x" in given else "y"]
    groups, dim = _grouped(record.name, full, parameters)
    short = is_per_group(record.expression)
    values = [
        tensor.unsqueeze(dim) if short else _grouped(record.name, tensor, parameters)[0]
        for tensor in (given.get("y", given["g"]), given["g"])
    ]
    formula = aten.along_axis(record.name, record.backward, INPUTS)
    return formula(groups, *values, dim).reshape(full.shape)


def _by_kernel(record: Record, given: Mapping[str, Tensor], parameters: Mapping[str, Any]) -> Tensor:
    """f(x), or the gradient if g is given."""
    read = {name: _array(tensor) for name, tensor in given.items()}
    result = arrays.vjp_from(record, read, parameters) if "g" in read else arrays.value(record, read["x"], parameters)
    if given["x" if "x" in given else "y"].dtype is torch.bfloat16:
        return torch.from_numpy(bfloat16.encode(result).view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(result)


def _array(tensor: Tensor) -> NDArray[Any]:
    """The tensor's memory; bfloat16, which NumPy does not know, as float64, so that the result is rounded once."""
    if tensor.dtype is torch.bfloat16:
        return bfloat16.decode(tensor.detach().view(torch.int16).numpy().view(np.uint16)).astype(np.float64)
    return tensor.detach().numpy()


def _for_kernel(*tensors: Tensor) -> bool:
    """Whether kernels can read these tensors, and nobody wants to see the operations."""
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:  # noqa: SLF001
        return False
    # A batch of gradients, of `torch.autograd.grad(is_grads_batched=True)`, looks like any tensor but has no memory.
    return takes_kernel(tensors[0], tensors[1:]) and all(map(torch._C._has_storage, tensors))  # noqa: SLF001


def _grouped(who: str, x: Tensor, parameters: Mapping[str, Any]) -> tuple[Tensor, int]:
    """x, split into groups where the function has pieces, and the axis to reduce."""
    axis, pieces = axis_and_pieces(who, x.shape, parameters)
    if pieces is None:
        return x, axis
    return x.unflatten(axis, (x.shape[axis] // pieces, pieces)), axis + 1  # type: ignore[no-untyped-call]
