"""A Plan as plain ATen operations: what torch.compile fuses and what runs on devices without kernels of ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from actlab.emit import ieee
from actlab.emit.python import compile_source, lines
from actlab.expression import Expression, Node, constant, negate, rewrite, symbols, walk
from actlab.symbolic.plan import Plan
from actlab.vocabulary import AXIS_WORDS, WORDS, inf, nan

TABLE = {
    "pi": "_math.pi",
    "inf": "_math.inf",
    "nan": "_math.nan",
    "where": "_where({0}, {1}, {2}, x)",
    "clip": "_clip({0}, {1}, {2}, x)",
    "exp": "_torch.exp({0})",
    "expm1": "_torch.expm1({0})",
    "log": "_torch.log({0})",
    "log1p": "_torch.log1p({0})",
    "tanh": "_torch.tanh({0})",
    "sech2": "_sech2({0})",
    "sigmoid": "_torch.sigmoid({0})",
    "logistic_pdf": "(_torch.sigmoid({0}) * _torch.sigmoid(-{0}))",
    # F.softplus is linear beyond 20, which costs float64 seven digits.
    "softplus": "(-_torch.nn.functional.logsigmoid(-{0}))",
    "normal_cdf": "(0.5 * _torch.special.erfc(-_math.sqrt(0.5) * {0}))",
    "normal_pdf": "(_torch.exp(-0.5 * {0} * {0}) / _math.sqrt(2 * _math.pi))",
    "erf": "_torch.erf({0})",
    "sin": "_torch.sin({0})",
    "cos": "_torch.cos({0})",
    "sqrt": "_torch.sqrt({0})",
    "abs": "_torch.abs({0})",
    "sign": "_sign({0})",
    "power": "_power({0}, {1})",
    "sum": "{0}.sum(_dim, keepdim=True)",
    "amax": "_largest({0}, _dim)",
    "first_max": "_first_largest({0}, _dim)",
    "stop": "{0}.detach()",
}


@lru_cache(maxsize=1024)
def elementwise(plan: Plan) -> Callable[..., Tensor]:
    """f(x, *plan.parameters) for one output; half precision is computed in float32 and rounded at the end."""
    root = _with_numbers(plan.outputs[0])
    body, (result,) = lines([root], TABLE)
    lifted = [f"{name} = _torch.as_tensor({name}, dtype=x.dtype, device=x.device)" for name in _used_by_words(root)]
    return _compiled(plan.name, ["x", *plan.parameters], [*lifted, *body], result)


@lru_cache(maxsize=64)
def along_axis(name: str, root: Expression, arguments: tuple[str, ...]) -> Callable[..., Tensor]:
    """f(*arguments, _dim) for a formula that looks along an axis."""
    body, (result,) = lines([root], TABLE)
    return _compiled(name, [*arguments, "_dim"], body, result)


def _compiled(name: str, arguments: list[str], body: list[str], result: str) -> Callable[..., Tensor]:
    steps = [
        "_dtype = x.dtype",
        "x = x.float() if _dtype in _HALVES else x",
        *body,
        f"return _finished({result}, x, _dtype)",
    ]
    source = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {step}\n" for step in steps)
    return compile_source(source, f"<torch {name} {abs(hash(source))}>", dict(_NAMESPACE))[name]  # type: ignore[no-any-return]


def _with_numbers(root: Expression) -> Expression:
    """Each word of numbers alone, such as sqrt(2/pi), as a number: torch's functions take tensors only."""

    def change(node: Node) -> Node | None:
        if node.op not in WORDS or symbols(node):
            return None
        value = ieee.evaluate(node, 0.0, {})  # type: ignore[arg-type]
        if math.isfinite(value):
            return constant(value)
        return nan if math.isnan(value) else inf if value > 0 else negate(inf)  # log(-1), log(0)

    return rewrite(root, change)  # type: ignore[no-any-return]


def _used_by_words(root: Expression) -> list[str]:
    """Parameters that a word is applied to without x: torch's functions take no plain numbers."""
    calls = [node for node in walk(root) if node.op in WORDS and node.op not in AXIS_WORDS and "x" not in symbols(node)]
    return sorted({name for node in calls for name in symbols(node)})


def _finished(result: Any, x: Tensor, dtype: torch.dtype) -> Tensor:
    """The result as a tensor of x's dtype and of the broadcast shape; a derivative may have come out as a constant."""
    tensor = result if isinstance(result, Tensor) else torch.full_like(x, result)
    return tensor.to(dtype)


def _where(condition: Any, a: Any, b: Any, x: Tensor) -> Any:
    if isinstance(condition, bool):  # a condition on parameters that are plain numbers
        return a if condition else b
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        a = torch.full((), a, dtype=x.dtype, device=x.device)  # two numbers would come out in the default dtype
    return torch.where(condition, a, b)


def _clip(u: Tensor, low: Any, high: Any, x: Tensor) -> Tensor:
    return _where(u < low, low, _where(u > high, high, u, x), x)  # type: ignore[no-any-return]


def _sech2(u: Tensor) -> Tensor:
    e = torch.exp(-2 * torch.abs(u))
    return 4 * e / (1 + e) ** 2


def _power(u: Tensor, p: Any) -> Tensor:
    return torch.where(u < 0, torch.nan, torch.pow(u, p))


def _sign(u: Tensor) -> Tensor:
    return torch.where(u == u, torch.sign(u), u)  # torch.sign(nan) is 0


def _largest(u: Tensor, dim: int) -> Tensor:
    # argmax names the first of equals, so the gradient goes there; amax would spread it.
    return u.gather(dim, u.argmax(dim, keepdim=True))


def _first_largest(u: Tensor, dim: int) -> Tensor:
    return torch.zeros_like(u).scatter(dim, u.argmax(dim, keepdim=True), 1.0)


def _namespace() -> Mapping[str, Any]:
    helpers = (_finished, _where, _clip, _sech2, _power, _sign, _largest, _first_largest)
    return {
        "_torch": torch,
        "_math": math,
        "_HALVES": (torch.float16, torch.bfloat16),
        **{f.__name__: f for f in helpers},
    }


_NAMESPACE = _namespace()
