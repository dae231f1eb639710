"""What happens when an activation is called on a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from actlab.activation import Activation, Axis, Elementwise, Random
from actlab.errors import OptionError, UnsupportedType
from actlab.frameworks.torch import axis
from actlab.frameworks.torch.function import function

P = ParamSpec("P")
R = TypeVar("R")
_FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def _leaves_graph(call: Callable[P, R]) -> Callable[P, R]:
    """Let torch.compile run this as it is, between two graphs: it looks formulas up, which cannot be traced.

    A module has looked everything up beforehand and stays in the graph. `torch.compiler.disable` as a decorator would
    do the same and import the compiler, two seconds, for users who never compile.
    """

    @wraps(call)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        if torch.compiler.is_compiling():
            return torch.compiler.disable(call)(*args, **kwargs)  # type: ignore[no-any-return, no-untyped-call]
        return call(*args, **kwargs)

    return wrapped


def prepared(item: Activation) -> Callable[[Tensor, Sequence[Any], bool], Tensor]:
    """f(x, values, training) with everything looked up beforehand, so that torch.compile can see through it.

    `values` are those of all parameters in the entry's order, bound ones included.
    """
    if isinstance(item, Elementwise):
        apply = _formula(item, item.steps)
        return lambda x, values, _: apply(checked(x, item.name), *values)
    if isinstance(item, Random):
        return _prepared_random(item)
    assert isinstance(item, Axis)  # noqa: S101 - the kinds are final
    return _prepared_axis(item)


def _prepared_random(item: Random) -> Callable[[Tensor, Sequence[Any], bool], Tensor]:
    mean, drawn = _formula(item.mean, ()), _formula(item.core, ())

    def compute(x: Tensor, values: Sequence[Any], training: bool) -> Tensor:  # noqa: FBT001 - called by position
        x, (lower, upper) = checked(x, item.name), values
        return drawn(x, draw(x, lower, upper, None)) if training else mean(x, lower, upper)

    return compute


def _prepared_axis(item: Axis) -> Callable[[Tensor, Sequence[Any], bool], Tensor]:
    apply, names = axis.function(item.record), tuple(item.resolved({}))
    return lambda x, values, _: apply(checked(x, item.name), dict(zip(names, values, strict=True)))


@_leaves_graph
def elementwise(
    item: Elementwise, steps: tuple[str, ...], x: Tensor, parameters: Mapping[str, Any], out: Any
) -> Tensor:
    """One derivative (or the value) of x; differentiable."""
    _refuse_out(item, out)
    return _formula(item, steps)(checked(x, item.name), *_values(item.name, parameters))


@_leaves_graph
def elementwise_pair(
    item: Elementwise, steps: tuple[str, ...], x: Tensor, parameters: Mapping[str, Any], out: Any
) -> tuple[Tensor, ...]:
    """Value and gradient of x."""
    _refuse_out(item, out)
    return tuple(elementwise(item, order, x, parameters, None) for order in (steps, (*steps, "x")))


def direct(
    item: Elementwise, forms: tuple[tuple[str, ...], ...], values: Mapping[str, float]
) -> Callable[[Any, Any], Any]:
    """f(x, out) at these parameters, prepared; `out` is refused."""
    functions, numbers, who = [_formula(item, steps) for steps in forms], list(values.values()), item.name

    @_leaves_graph
    def call(x: Tensor, out: Any) -> Any:
        _refuse_out(item, out)
        t = checked(x, who)
        results = tuple([apply(t, *numbers) for apply in functions])
        return results if len(forms) > 1 else results[0]

    return call


def draw(x: Tensor, lower: Any, upper: Any, rng: torch.Generator | None) -> Tensor:
    """Uniform draws between lower and upper, one for each element of x, from torch's generator."""
    if rng is not None and not isinstance(rng, torch.Generator):
        raise UnsupportedType(
            f"draw: rng must be a torch.Generator; got {type(rng).__name__}; use torch.Generator().manual_seed(0)"
        )
    dtype = torch.float64 if x.dtype is torch.float64 else torch.float32
    if rng is None:  # under vmap a generator cannot be passed at all, not even None
        unit = torch.rand_like(x, dtype=dtype)
    else:
        unit = torch.rand(x.shape, dtype=dtype, device=x.device, generator=rng)
    slope: Tensor = lower + (upper - lower) * unit
    return slope


@_leaves_graph
def along_axis(item: Axis, x: Tensor, parameters: Mapping[str, Any], out: Any) -> Tensor:
    """f(x) along an axis; differentiable."""
    _refuse_out(item, out)
    return axis.function(item.record)(checked(x, item.name), parameters)


@_leaves_graph
def along_axis_vjp(item: Axis, x: Tensor, g: Tensor, parameters: Mapping[str, Any]) -> Tensor:
    """The gradient with respect to x, given the gradient g with respect to f(x)."""
    return axis.vjp(item.record, checked(x, item.name), g, parameters)


def checked(x: Any, who: str) -> Tensor:
    """x as a floating-point tensor; integers become the default dtype, as in torch's own functions."""
    if not isinstance(x, Tensor):  # a module may be given anything
        raise UnsupportedType(f"{who}: x must be a tensor; got {type(x).__name__}; use torch.as_tensor(x)")
    if x.dtype in _FLOATS:
        return x
    if x.dtype.is_complex or x.dtype.is_floating_point or x.is_quantized:
        raise UnsupportedType(
            f"{who}: x must be float16, bfloat16, float32 or float64; got {x.dtype}; convert it with x.float()"
        )
    return x.to(torch.get_default_dtype())


def extremes(value: Tensor) -> tuple[float, ...]:
    """The smallest and largest element, or nothing where a tensor cannot be read (vmap, torch.compile)."""
    if torch.compiler.is_compiling() or not value.numel():
        return ()
    try:
        return float(value.detach().min()), float(value.detach().max())
    except RuntimeError:  # a traced or batched tensor has no numbers to read
        return ()


@lru_cache(maxsize=512)
def _formula(item: Elementwise, steps: tuple[str, ...]) -> Callable[..., Tensor]:
    """f(x, *values) of a derivative; with every parameter an argument one function serves all bound versions."""
    return function(type(item)(item.record), steps)


def _refuse_out(item: Activation, out: Any) -> None:
    if out is not None:
        raise OptionError(
            f"{item.name}: out= must be left out for tensors; autograd needs its own result; write out.copy_(f(x))"
        )


def _values(who: str, parameters: Mapping[str, Any]) -> list[Any]:
    """The parameters' values, in order."""
    for name, value in parameters.items():
        if not isinstance(value, Tensor | int | float):
            raise UnsupportedType(f"{who}: {name} must be a number or a tensor; got {type(value).__name__}")
        if isinstance(value, Tensor) and value.dtype.is_complex:
            raise UnsupportedType(f"{who}: {name} must be real; got a tensor of {value.dtype}")
    return list(parameters.values())
