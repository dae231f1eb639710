"""An elementwise activation as a differentiable PyTorch function, to any order, in x and in the parameters.

The derivative of f with respect to its i-th input is another formula, hence another such function; backward applies
it. Eager CPU tensors are computed by our kernels without copying; everything else (other devices, torch.compile,
export) by plain ATen operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from actlab.emit import torch as aten
from actlab.frameworks import bfloat16
from actlab.kernels.elementwise import run

if TYPE_CHECKING:
    from actlab.activation import Elementwise
    from actlab.symbolic.plan import Plan

_KERNEL_DTYPES = {torch.float32: np.float32, torch.float64: np.float64, torch.float16: np.float16}


@lru_cache(maxsize=512)
def function(item: Elementwise, steps: tuple[str, ...] = ()) -> Callable[..., Tensor]:
    """f(x, *parameters) of an activation without bound parameters, or one of its derivatives; differentiable."""
    plan, inputs = item.plan(steps), ("x", *item.parameters)
    # torch.compile must find everything ready made, and knows no second backward: plain operations throughout.
    plain = _aten(plan, inputs[1:])
    slopes = tuple(_aten(item.plan((*steps, name)), inputs[1:]) for name in inputs)
    traced = _with_backward(plain, lambda k, *values: slopes[k](*values))
    eager = _eager_class(
        _computation(plan, inputs[1:], plain), lambda k, *values: function(item, (*steps, inputs[k]))(*values)
    )

    def apply(x: Tensor, *values: Any) -> Tensor:
        chosen = traced if torch.compiler.is_compiling() else eager
        return chosen.apply(x, *values)  # type: ignore[no-any-return, no-untyped-call]

    return apply


def _with_backward(compute: Callable[..., Tensor], slope: Callable[..., Tensor]) -> type[torch.autograd.Function]:
    """A function and its backward; slope(k, *inputs) is the derivative with respect to the k-th input."""

    class Differentiable(torch.autograd.Function):
        @staticmethod
        def forward(x: Tensor, *values: Any) -> Tensor:  # type: ignore[override]
            return compute(x, *values)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
            ctx.kept = tuple(None if isinstance(value, Tensor) else value for value in inputs)
            ctx.save_for_backward(*[value for value in inputs if isinstance(value, Tensor)])

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
            values = _restored(ctx)
            return tuple(
                _summed(g * slope(k, *values), values[k]) if needed else None
                for k, needed in enumerate(ctx.needs_input_grad)
            )

    return Differentiable


def _eager_class(compute: Callable[..., Tensor], slope: Callable[..., Tensor]) -> type[torch.autograd.Function]:
    """With what torch.func needs beside it: forward mode, which torch.compile refuses to see, and vmap."""
    base = _with_backward(compute, slope)

    class Eager(base):  # type: ignore[misc, valid-type]
        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
            base.setup_context(ctx, inputs, output)
            ctx.save_for_forward(*[value for value in inputs if isinstance(value, Tensor)])

        @staticmethod
        def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:  # type: ignore[override]
            values = _restored(ctx)
            terms = [slope(k, *values) * tangent for k, tangent in enumerate(tangents) if tangent is not None]
            return sum(terms[1:], terms[0])

        @staticmethod
        def vmap(info: Any, in_dims: tuple[int | None, ...], *values: Any) -> tuple[Tensor, int]:
            return Eager.apply(*_aligned(values, in_dims)), 0  # type: ignore[no-untyped-call]

    return Eager


def _restored(ctx: Any) -> list[Any]:
    tensors = iter(ctx.saved_tensors)
    return [next(tensors) if value is None else value for value in ctx.kept]


def _computation(plan: Plan, names: Sequence[str], plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The plan by our kernels where they can read the tensors, else by plain operations."""
    chosen = [names.index(name) for name in plan.parameters]

    def compute(x: Tensor, *values: Any) -> Tensor:
        if not _takes_kernel(x, values):
            return plain(x, *values)
        return _by_kernel(plan, x, [values[k] for k in chosen], _shape(x, values))

    return compute


def _aten(plan: Plan, names: Sequence[str]) -> Callable[..., Tensor]:
    """The plan over all parameters in order, those it does not depend on included."""
    formula = aten.elementwise(plan)
    chosen = [list(names).index(name) for name in plan.parameters]

    def compute(x: Tensor, *values: Any) -> Tensor:
        result = formula(x, *[values[k] for k in chosen])
        for value in values:  # an input the derivative no longer depends on still takes part in broadcasting
            if isinstance(value, Tensor) and value.ndim:
                result = result.expand(torch.broadcast_shapes(result.shape, value.shape))
        return result

    return compute


def _takes_kernel(x: Tensor, values: Sequence[Any]) -> bool:
    """Whether these are ordinary strided CPU tensors of a dtype the kernels know."""
    return all(
        type(t) in (Tensor, torch.nn.Parameter) and t.device.type == "cpu" and t.layout is torch.strided
        and not t.is_conj() and not t.is_neg()
        for t in (x, *values) if isinstance(t, Tensor)
    ) and (x.dtype in _KERNEL_DTYPES or x.dtype is torch.bfloat16)  # fmt: skip


def _shape(x: Tensor, values: Sequence[Any]) -> tuple[int, ...]:
    return tuple(torch.broadcast_shapes(x.shape, *(value.shape for value in values if isinstance(value, Tensor))))


def _by_kernel(plan: Plan, x: Tensor, values: Sequence[Any], shape: tuple[int, ...]) -> Tensor:
    parameters = [_number(value) for value in values]
    if x.dtype is torch.bfloat16:
        wide = np.empty(shape)
        run(plan, bfloat16.decode(x.detach().view(torch.int16).numpy().view(np.uint16)), parameters, [wide])
        return torch.from_numpy(bfloat16.encode(wide).view(np.int16)).view(torch.bfloat16)
    source = x.detach().numpy()
    # NumPy's allocation asks for huge pages, torch's does not: a fresh large result costs a fraction.
    result = np.empty_like(source) if source.shape == shape else np.empty(shape, source.dtype)
    run(plan, source, parameters, [result])
    return torch.from_numpy(result)


def _number(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return float(value)
    return float(value.detach()) if value.ndim == 0 else value.detach().to(torch.float64).numpy()


def _summed(gradient: Tensor, value: Tensor) -> Tensor:
    """The gradient summed over what was broadcast, in the dtype of the input it belongs to."""
    return gradient.sum_to_size(value.shape).to(value.dtype)


def _aligned(values: Sequence[Any], in_dims: Sequence[int | None]) -> list[Any]:
    """The inputs with their batch dimension first and equal rank behind it, so that plain broadcasting is right."""
    moved = [
        value if not isinstance(value, Tensor) else value if dim is None else value.movedim(dim, 0)
        for value, dim in zip(values, in_dims, strict=True)
    ]
    ranks = [
        value.ndim - (dim is not None) for value, dim in zip(moved, in_dims, strict=True) if isinstance(value, Tensor)
    ]
    rank = max(ranks)

    def padded(value: Any, dim: int | None) -> Any:
        if not isinstance(value, Tensor) or dim is None:
            return value
        return value.reshape(value.shape[0], *[1] * (rank - value.ndim + 1), *value.shape[1:])

    return [padded(value, dim) for value, dim in zip(moved, in_dims, strict=True)]
