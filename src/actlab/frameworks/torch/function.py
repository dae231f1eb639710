"""An elementwise activation as a differentiable PyTorch function, to any order, in x and in the parameters.

The derivative of f with respect to its i-th input is another formula, hence another such function; backward applies
it. Eager CPU tensors are computed by our kernels without copying; everything else (other devices, torch.compile,
tracers) by plain ATen operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import forward_ad

from actlab.emit import torch as aten
from actlab.frameworks.common import broadcast, run_bfloat16, target
from actlab.kernels.elementwise import run

if TYPE_CHECKING:
    from actlab.activation import Elementwise
    from actlab.symbolic.plan import Plan

_KERNEL_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


@lru_cache(maxsize=512)
def function(item: Elementwise, steps: tuple[str, ...] = ()) -> Callable[..., Tensor]:
    """f(x, *parameters) of an activation without bound parameters, or one of its derivatives; differentiable."""
    plan, names = item.plan(steps), tuple(item.parameters)
    inputs = ("x", *names)
    plain = _aten(plan, names)
    # torch.compile must find everything ready made, and knows no second backward: plain operations throughout.
    slopes = tuple(_aten(item.plan((*steps, name)), names) for name in inputs)
    traced = _with_backward(plain, lambda k, *values: slopes[k](*values))
    compute = _computation(plan, names, plain)
    eager = _with_forward_mode(compute, lambda k, *values: function(item, (*steps, inputs[k]))(*values))
    return _dispatch(compute, traced, eager, _with_transforms(eager, compute))


def _dispatch(
    compute: Callable[..., Tensor],
    traced: type[torch.autograd.Function],
    eager: type[torch.autograd.Function],
    transformed: type[torch.autograd.Function],
) -> Callable[..., Tensor]:
    """Each call to the cheapest that does what is asked: a small tensor costs little but the way to its kernel."""

    def apply(x: Tensor, *values: Any) -> Tensor:
        if torch.compiler.is_compiling():
            return traced.apply(x, *values)  # type: ignore[no-any-return, no-untyped-call]
        # torch.func needs a setup_context, for which PyTorch parses the signature anew in each call: 20 us.
        if torch._C._are_functorch_transforms_active():  # noqa: SLF001
            return transformed.apply(x, *values)  # type: ignore[no-any-return, no-untyped-call]
        learns = torch.is_grad_enabled() and any(isinstance(t, Tensor) and t.requires_grad for t in (x, *values))
        watched = learns or forward_ad._current_level >= 0  # noqa: SLF001
        if watched and not torch._C._is_tracing():  # noqa: SLF001 - torch.jit.trace wants the operations themselves
            return eager.apply(x, *values)  # type: ignore[no-any-return, no-untyped-call]
        return compute(x, *values)

    return apply


def _with_backward(compute: Callable[..., Tensor], slope: Callable[..., Tensor]) -> type[torch.autograd.Function]:
    """A function and its backward; slope(k, *inputs) is the derivative with respect to the k-th input."""

    class Differentiable(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, *values: Any) -> Tensor:
            _keep(ctx, (x, *values))
            return compute(x, *values)

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
            values = _kept(ctx)
            return tuple(
                _summed(g * slope(k, *values), values[k]) if needed else None
                for k, needed in enumerate(ctx.needs_input_grad)
            )

    return Differentiable


def _with_forward_mode(compute: Callable[..., Tensor], slope: Callable[..., Tensor]) -> type[torch.autograd.Function]:
    """With forward mode beside it, which torch.compile refuses to see."""
    base = _with_backward(compute, slope)

    class ForwardMode(base):  # type: ignore[misc, valid-type]
        @staticmethod
        def forward(ctx: Any, x: Tensor, *values: Any) -> Tensor:
            ctx.save_for_forward(*_tensors((x, *values)))
            return base.forward(ctx, x, *values)  # type: ignore[no-any-return]

        @staticmethod
        def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
            values = _kept(ctx)
            terms = [
                (slope(k, *values) * tangent).to(values[0].dtype)
                for k, tangent in enumerate(tangents)
                if tangent is not None
            ]
            return sum(terms[1:], terms[0])

    return ForwardMode


def _with_transforms(
    base: type[torch.autograd.Function], compute: Callable[..., Tensor]
) -> type[torch.autograd.Function]:
    """As torch.func wants it: context apart from computation, and a rule for vmap."""

    class Transformed(base):  # type: ignore[misc, valid-type]
        @staticmethod
        def forward(x: Tensor, *values: Any) -> Tensor:
            return compute(x, *values)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004
            ctx.save_for_forward(*_tensors(inputs))
            _keep(ctx, inputs)

        @staticmethod
        def vmap(info: Any, in_dims: tuple[int | None, ...], *values: Any) -> tuple[Tensor, int]:  # noqa: ARG004
            return Transformed.apply(*_aligned(values, in_dims)), 0

    return Transformed


def _keep(ctx: Any, inputs: Sequence[Any]) -> None:
    """Save the inputs for backward: tensors where autograd watches them, numbers beside them."""
    ctx.kept = tuple(None if isinstance(value, Tensor) else value for value in inputs)
    ctx.save_for_backward(*_tensors(inputs))


def _kept(ctx: Any) -> list[Any]:
    tensors = iter(ctx.saved_tensors)
    return [next(tensors) if value is None else value for value in ctx.kept]


def _tensors(inputs: Sequence[Any]) -> list[Tensor]:
    return [value for value in inputs if isinstance(value, Tensor)]


def _computation(plan: Plan, names: Sequence[str], plain: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The plan by our kernels where they can read the tensors, else by plain operations."""
    chosen = [names.index(name) for name in plan.parameters]
    who = plan.name

    def compute(x: Tensor, *values: Any) -> Tensor:
        shape = _shape(x, values, who)
        if not takes_kernel(x, values):
            return plain(x, *values)
        return _by_kernel(plan, x, [values[k] for k in chosen], shape)

    return compute


def _aten(plan: Plan, names: Sequence[str]) -> Callable[..., Tensor]:
    """The plan over all parameters in order, those it does not depend on included."""
    formula = aten.elementwise(plan)
    chosen = [names.index(name) for name in plan.parameters]

    def compute(x: Tensor, *values: Any) -> Tensor:
        result = formula(x, *[values[k] for k in chosen])
        for value in values:  # an input the derivative no longer depends on still takes part in broadcasting
            if isinstance(value, Tensor) and value.ndim:
                result = result.expand(torch.broadcast_shapes(result.shape, value.shape))  # type: ignore[no-untyped-call]
        return result

    return compute


def takes_kernel(x: Tensor, values: Sequence[Any]) -> bool:
    """Whether these are ordinary strided CPU tensors of a dtype the kernels know, and nobody records operations."""
    return (
        x.dtype in _KERNEL_DTYPES
        and all(_is_plain(value) for value in (x, *values) if isinstance(value, Tensor))
        and not torch._C._len_torch_dispatch_stack()  # noqa: SLF001 - make_fx, fake tensors, counters of operations
        and not torch._C._is_tracing()  # noqa: SLF001
    )


def _is_plain(t: Tensor) -> bool:
    return (
        type(t) in (Tensor, torch.nn.Parameter)
        and t.device.type == "cpu"
        and t.layout is torch.strided
        and not t.is_neg()
    )


def _shape(x: Tensor, values: Sequence[Any], who: str) -> tuple[int, ...]:
    """The shape of the result; torch.broadcast_shapes takes 10 us for what is mostly the shape of x."""
    others = [value.shape for value in values if isinstance(value, Tensor) and value.ndim]
    if not others:
        return tuple(x.shape)
    return broadcast(who, x.shape, others)


def _by_kernel(plan: Plan, x: Tensor, values: Sequence[Any], shape: tuple[int, ...]) -> Tensor:
    parameters = [_number(value) for value in values]
    if x.dtype is torch.bfloat16:
        (bits,) = run_bfloat16(plan, x.detach().view(torch.int16).numpy().view(np.uint16), parameters, shape)
        return torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16)
    source = x.detach().numpy()
    result = target(source, shape, source.dtype)
    run(plan, source, parameters, [result])
    return torch.from_numpy(result)


def _number(value: Any) -> float | NDArray[np.float64]:
    """A parameter as the kernels take it."""
    if not isinstance(value, Tensor):
        return float(value)
    return float(value.detach()) if value.ndim == 0 else value.detach().to(torch.float64).numpy()


def _summed(gradient: Tensor, value: Tensor) -> Tensor:
    """The gradient summed over what was broadcast, in the dtype of the input it belongs to."""
    if gradient.shape == value.shape:
        return gradient.to(value.dtype)
    # A long sum of float16 would overflow although the float32 weight it is for can hold it.
    wide = gradient.to(torch.promote_types(gradient.dtype, value.dtype))
    return wide.sum_to_size(value.shape).to(value.dtype)


def _aligned(values: Sequence[Any], in_dims: Sequence[int | None]) -> list[Any]:
    """The inputs with their batch dimension first and equal rank behind it, so that plain broadcasting is right."""
    rank = max(
        value.ndim - (dim is not None) for value, dim in zip(values, in_dims, strict=True) if isinstance(value, Tensor)
    )

    def aligned(value: Any, dim: int | None) -> Any:
        if not isinstance(value, Tensor) or dim is None:
            return value
        first = value.movedim(dim, 0)
        return first.reshape(first.shape[0], *[1] * (rank - first.ndim + 1), *first.shape[1:])

    return [aligned(value, dim) for value, dim in zip(values, in_dims, strict=True)]
