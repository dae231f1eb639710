"""PyTorch eager: the functions people call, the same into `out=`, and the kernels that autograd calls backwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.peers import BOTH, OUT, VALUE, Peer

_A = torch.ops.aten
_SELU = (1.6732632423543772, 1.0507009873554805)  # Klambauer 2017, arXiv:1706.02515
_MEAN_SLOPE = 11 / 48  # of rrelu outside training


class Function(NamedTuple):
    """What PyTorch has of one function.

    Attributes
    ----------
    value : f(x)
    into : f(x, out=y)
    backward : g*f'(x) of (g, x, saved), where saved is what `forward` kept
    forward : (f(x), saved) where that is not f(x) twice
    taped : whether autograd itself is the backward, for functions without a kernel of their own
    """

    value: Callable[[Tensor], Tensor]
    into: Callable[..., Tensor] | None = None
    backward: Callable[[Tensor, Tensor, Any], Tensor] | None = None
    forward: Callable[[Tensor], tuple[Tensor, Any]] | None = None
    taped: bool = False


def _elu_backward(alpha: float, scale: float) -> Callable[[Tensor, Tensor, Any], Tensor]:
    kernel = _A.elu_backward.default
    return lambda g, x, _: kernel(g, alpha, scale, 1, False, x)


def _hardtanh_backward(low: float, high: float) -> Callable[[Tensor, Tensor, Any], Tensor]:
    kernel = _A.hardtanh_backward.default
    return lambda g, x, _: kernel(g, x, low, high)


def _leaky_backward(slope: float) -> Callable[[Tensor, Tensor, Any], Tensor]:
    kernel = _A.leaky_relu_backward.default
    return lambda g, x, _: kernel(g, x, slope, False)


def _of_input(kernel: Callable[..., Tensor], **options: Any) -> Callable[[Tensor, Tensor, Any], Tensor]:
    return lambda g, x, _: kernel(g, x, **options)


def _of_output(kernel: Callable[..., Tensor], *options: Any) -> Callable[[Tensor, Tensor, Any], Tensor]:
    return lambda g, _, y: kernel(g, y, *options)


@lru_cache(maxsize=2)
def _weight(dtype: torch.dtype) -> Tensor:
    return torch.full((1,), 0.25, dtype=dtype)


# prelu has no derivative here: PyTorch's backward also sums the gradient of the weight, which ours does not.
FUNCTIONS = {
    "abs": Function(torch.abs, torch.abs, taped=True),
    "celu": Function(F.celu, _A.celu.out, _elu_backward(1, 1)),
    "elu": Function(F.elu, _A.elu.out, _elu_backward(1, 1)),
    "gelu": Function(F.gelu, _A.gelu.out, _of_input(_A.gelu_backward.default)),
    "gelu_tanh": Function(
        partial(F.gelu, approximate="tanh"),
        partial(_A.gelu.out, approximate="tanh"),
        _of_input(_A.gelu_backward.default, approximate="tanh"),
    ),
    "hard_sigmoid": Function(F.hardsigmoid, _A.hardsigmoid.out, _of_input(_A.hardsigmoid_backward.default)),
    "hard_swish": Function(F.hardswish, _A.hardswish.out, _of_input(_A.hardswish_backward.default)),
    "hard_tanh": Function(F.hardtanh, _A.hardtanh.out, _hardtanh_backward(-1, 1)),
    "heaviside": Function(lambda x: torch.heaviside(x, x.new_zeros(()))),
    "identity": Function(torch.clone, lambda x, out: out.copy_(x)),
    "leaky_relu": Function(F.leaky_relu, _A.leaky_relu.out, _leaky_backward(0.01)),
    "log_sigmoid": Function(
        F.logsigmoid,
        _A.log_sigmoid.out,
        _A.log_sigmoid_backward.default,
        _A.log_sigmoid_forward.default,
    ),
    "mish": Function(F.mish, _A.mish.out, _of_input(_A.mish_backward.default)),
    "prelu": Function(lambda x: torch.prelu(x, _weight(x.dtype))),
    "relu": Function(torch.relu, _A.relu.out, _of_output(_A.threshold_backward.default, 0)),
    "relu6": Function(F.relu6, lambda x, out: _A.hardtanh.out(x, 0, 6, out=out), _hardtanh_backward(0, 6)),
    "rrelu": Function(F.rrelu, None, _leaky_backward(_MEAN_SLOPE)),
    "selu": Function(F.selu, lambda x, out: _A.elu.out(x, *_SELU, out=out), _elu_backward(*_SELU)),
    "sigmoid": Function(torch.sigmoid, torch.sigmoid, _of_output(_A.sigmoid_backward.default)),
    "silu": Function(F.silu, _A.silu.out, _of_input(_A.silu_backward.default)),
    "softplus": Function(F.softplus, _A.softplus.out, lambda g, x, _: _A.softplus_backward.default(g, x, 1, 20)),
    "softsign": Function(F.softsign, taped=True),
    "tanh": Function(torch.tanh, torch.tanh, _of_output(_A.tanh_backward.default)),
}


class _Torch:
    name = "PyTorch"
    many_threads = True

    def set_threads(self, n: int) -> None:
        torch.set_num_threads(n)

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any] | None:
        f, tensor = FUNCTIONS.get(function), torch.from_numpy(x)
        if f is None:
            return None
        if what == VALUE:
            return partial(f.value, tensor)
        if what == OUT:
            return None if f.into is None else partial(f.into, tensor, out=torch.empty_like(tensor))
        if f.taped:
            return _by_autograd(f, what, tensor)
        return None if f.backward is None else _by_kernels(f, what, tensor)


def _by_kernels(f: Function, what: str, x: Tensor) -> Callable[[], Any]:
    """The derivative from what the forward pass kept, or both passes."""
    backward, ones = f.backward, torch.ones_like(x)
    assert backward is not None  # noqa: S101 - the caller looked

    def forward() -> tuple[Tensor, Any]:
        if f.forward is not None:
            return f.forward(x)
        y = f.value(x)
        return y, y

    def both() -> tuple[Tensor, Tensor]:
        y, saved = forward()
        return y, backward(ones, x, saved)

    return both if what == BOTH else partial(backward, ones, x, forward()[1])


def _by_autograd(f: Function, what: str, x: Tensor) -> Callable[[], Any]:
    """The same through the tape."""
    taped, ones = x.clone().requires_grad_(), torch.ones_like(x)

    def both() -> tuple[Tensor, Tensor]:
        y = f.value(taped)
        return y.detach(), torch.autograd.grad(y, taped, ones)[0]

    kept = f.value(taped)
    return both if what == BOTH else lambda: torch.autograd.grad(kept, taped, ones, retain_graph=True)[0]


PEER: Peer = _Torch()
