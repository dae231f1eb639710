"""Direct calls on tensors: the kernels' numbers, PyTorch's shapes and layouts, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from contract.entries import AXIS, ELEMENTWISE, elementwise

import actlab
from actlab.activation import Elementwise
from actlab.errors import ActlabError, OptionError, ParameterError, UnsupportedType

torch = pytest.importorskip("torch")

from frameworks.tensors import DTYPES, bits, edges  # noqa: E402 - needs torch

X = np.random.default_rng(8).normal(0, 3, (2, 3, 4, 5))
METHODS = ("__call__", "grad")


def by_numpy(item: Elementwise, method: str, x: torch.Tensor, **parameters: Any) -> Any:
    """What the same call gives on a NumPy array."""
    if x.dtype is not torch.bfloat16:
        return getattr(item, method)(x.numpy(), **parameters)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    return getattr(item, method)(x.view(torch.int16).numpy().view(ml_dtypes.bfloat16), **parameters)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_numbers_are_those_of_the_kernel(name: str, method: str) -> None:
    item = elementwise(name)
    for dtype in DTYPES:
        x = torch.from_numpy(edges(np.float32)).to(dtype)
        got = getattr(item, method)(x)
        assert got.dtype == dtype
        want = by_numpy(item, method, x).astype(np.float64)
        assert bits(got) == bits(torch.from_numpy(want)), dtype


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_plain_operations_agree_with_the_kernel(name: str, method: str) -> None:
    """What torch.compile and other devices run: 2 rounding errors of max(f(x), min(1, |x|)), all edges right.

    Far out on the left of gelu and its like, torch's own functions keep fewer digits of a result near 0.
    """
    from actlab.emit.torch import elementwise as plain

    item = elementwise(name)
    plan, values = item.plan(() if method == "__call__" else ("x",)), item.resolved({})
    for dtype in (np.float64, np.float32):
        x = edges(dtype)
        want = getattr(item, method)(x)
        got = plain(plan)(torch.from_numpy(x), *[values[key] for key in plan.parameters]).numpy()
        assert got.dtype == dtype
        finite = np.isfinite(want)
        assert np.array_equal(got[~finite], want[~finite], equal_nan=True)
        allowed = 2 * np.finfo(dtype).eps * np.maximum(np.abs(want), np.minimum(1, np.abs(x)))[finite]
        wrong = ~(np.abs(got[finite] - want[finite]) <= allowed)
        assert not wrong.any(), (x[finite][wrong], got[finite][wrong], want[finite][wrong])


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.permute(3, 1, 0, 2),
    "strided": lambda x: x[:, ::2, 1::2],
    "expanded": lambda x: x[:, :1].expand(2, 6, 4, 5),
    "channels_last": lambda x: x.to(memory_format=torch.channels_last),
    "empty": lambda x: x[:, :0],
    "single": lambda x: x[1, 2, 3, 4],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["silu", "relu", "prelu", "rrelu"])
def test_every_layout_gives_the_same_numbers(name: str, layout: str) -> None:
    item = actlab.get(name)
    for dtype in DTYPES:
        x = LAYOUTS[layout](torch.from_numpy(X).to(dtype))
        got, want = item(x), item(x.contiguous())
        assert got.shape == x.shape
        assert got.dtype == dtype
        assert bits(got) == bits(want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_memory_format_is_kept(dtype: torch.dtype) -> None:
    x = torch.from_numpy(X).to(dtype, memory_format=torch.channels_last).requires_grad_()
    y = actlab.silu(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    y.sum().backward()
    assert x.grad.is_contiguous(memory_format=torch.channels_last)


def test_input_is_left_alone_and_result_is_new_memory() -> None:
    x = torch.from_numpy(X.copy())
    y = actlab.identity(x)
    y.add_(1)
    assert torch.equal(x, torch.from_numpy(X))


def test_integers_become_the_default_dtype() -> None:
    assert torch.equal(actlab.silu(torch.tensor([0, 2])), actlab.silu(torch.tensor([0.0, 2.0])))
    assert actlab.softmax(torch.tensor([True, False])).dtype == torch.get_default_dtype()


@pytest.mark.parametrize("name", ["prelu", "elu", "softplus", "hard_tanh", "swish"])
def test_parameters_broadcast_as_in_numpy(name: str) -> None:
    item = actlab.get(name)
    values = {key: param.default * np.linspace(0.7, 1.6, 4)[:, None] for key, param in item.parameters.items()}
    tensors = {key: torch.from_numpy(value) for key, value in values.items()}
    for dtype in DTYPES:
        x = torch.from_numpy(X).to(dtype)
        for method in METHODS:
            got = getattr(item, method)(x, **tensors)
            want = by_numpy(item, method, x, **values).astype(np.float64)
            assert got.dtype == dtype
            assert bits(got) == bits(torch.from_numpy(want)), (dtype, method)


@pytest.mark.parametrize("method", METHODS)
def test_result_is_as_wide_as_its_parameter(method: str) -> None:
    got = getattr(actlab.prelu, method)(torch.tensor([[-1.0], [2.0]]), weight=torch.tensor([0.5, 3.0]))
    want = [[-0.5, -3.0], [2.0, 2.0]] if method == "__call__" else [[0.5, 3.0], [1.0, 1.0]]
    assert got.tolist() == want


def test_bound_parameters_and_derivatives_take_tensors() -> None:
    x = torch.linspace(-3, 3, 13)
    assert torch.equal(actlab.get("leaky_relu:negative_slope=0.2")(x), actlab.leaky_relu(x, negative_slope=0.2))
    for n in range(1, 6):
        assert torch.equal(actlab.mish.derivative(n)(x), torch.from_numpy(actlab.mish.derivative(n)(x.numpy())))
    value, grad = actlab.mish.value_and_grad(x)
    assert torch.equal(value, actlab.mish(x))
    assert torch.equal(grad, actlab.mish.grad(x))


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize("name", AXIS)
def test_axis_functions_agree_with_numpy(name: str, axis: int) -> None:
    item, more = actlab.get(name), {"pieces": 2} if name == "maxout" else {}
    for dtype, places in ((np.float64, 1e-15), (np.float32, 2e-7), (np.float16, 1e-3)):
        x = np.random.default_rng(2).normal(0, 3, (4, 6, 8)).astype(dtype)
        t = torch.from_numpy(x).requires_grad_()
        y = item(t, axis=axis, **more)
        want = item(x, axis=axis, **more)
        assert y.dtype == t.dtype
        np.testing.assert_allclose(y.detach().numpy(), want, rtol=places, atol=4 * places)
        g = np.cos(np.arange(want.size)).reshape(want.shape).astype(dtype)
        slope = item.vjp(x, g, axis=axis, **more)
        np.testing.assert_allclose(item.vjp(t.detach(), torch.from_numpy(g), axis=axis, **more), slope, atol=8 * places)
        y.backward(torch.from_numpy(g))
        np.testing.assert_allclose(t.grad.numpy(), slope, atol=8 * places)


def test_a_tie_goes_to_the_first_of_its_group() -> None:
    x = torch.tensor([2.0, 2.0, 1.0, 3.0], requires_grad=True)
    actlab.maxout(x, pieces=2).sum().backward()
    assert x.grad.tolist() == [1, 0, 0, 1]


def test_draws_come_from_the_generator() -> None:
    x = -torch.ones(2000, dtype=torch.float64)

    def drawn(seed: int) -> torch.Tensor:
        return actlab.rrelu(x, training=True, rng=torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    y, slope = actlab.rrelu.value_and_grad(x, training=True, lower=0.2, upper=0.4)
    assert torch.equal(y, -slope)
    assert slope.min() >= 0.2
    assert slope.max() < 0.4
    assert len(slope.unique()) == len(slope)
    kept = actlab.rrelu.draw(x)
    assert torch.equal(actlab.rrelu(x, slope=kept), -kept)
    assert torch.equal(actlab.rrelu(x), torch.full_like(x, -(1 / 8 + 1 / 3) / 2))


FLOATS = "x must be float16, bfloat16, float32 or float64"
OUT = "out= must be left out for tensors; autograd needs its own result; write out.copy_(f(x))"
REFUSED = [
    (lambda x: actlab.silu(x * 1j), UnsupportedType, f"silu: {FLOATS}; got torch.complex64; convert it with x.float()"),
    (
        lambda x: actlab.rrelu(x * 1j),
        UnsupportedType,
        f"rrelu: {FLOATS}; got torch.complex64; convert it with x.float()",
    ),
    (
        lambda x: actlab.softmax(x * 1j),
        UnsupportedType,
        f"softmax: {FLOATS}; got torch.complex64; convert it with x.float()",
    ),
    (
        lambda x: actlab.relu(x.to(torch.float8_e4m3fn)),
        UnsupportedType,
        f"relu: {FLOATS}; got torch.float8_e4m3fn; convert it with x.float()",
    ),
    (lambda x: actlab.silu(x, out=x), OptionError, f"silu: {OUT}"),
    (lambda x: actlab.softmax(x, out=x), OptionError, f"softmax: {OUT}"),
    (
        lambda x: actlab.prelu(x, weight=x.numpy()),
        UnsupportedType,
        "prelu: weight must be a number or a tensor; got ndarray",
    ),
    (
        lambda x: actlab.prelu(x.numpy(), weight=x),
        UnsupportedType,
        "prelu: weight must be a number or a NumPy array like x; got Tensor",
    ),
    (
        lambda x: actlab.prelu(x, weight=x * 1j),
        UnsupportedType,
        "prelu: weight must be real; got a tensor of torch.complex64",
    ),
    (
        lambda x: actlab.prelu(x, weight=torch.ones(7)),
        ParameterError,
        "prelu: parameters must broadcast against x; got shapes [(2, 4), (7,)]",
    ),
    (
        lambda x: actlab.elu(x, alpha=torch.tensor([1.0, -1.0])),
        ParameterError,
        "elu: alpha must lie in (0, inf); got alpha=-1.0",
    ),
    (
        lambda x: actlab.hard_tanh(x, min_val=torch.tensor(3.0)),
        ParameterError,
        "hard_tanh: min_val < max_val must hold; got min_val=3.0, max_val=1.0",
    ),
    (
        lambda x: actlab.rrelu(x, training=True, rng=np.random.default_rng()),
        UnsupportedType,
        "draw: rng must be a torch.Generator; got Generator; use torch.Generator().manual_seed(0)",
    ),
    (lambda x: actlab.softmax(x, axis=2), ParameterError, "softmax: axis must lie in [-2, 2); got axis=2"),
    (
        lambda x: actlab.softmax(x[0, 0]),
        UnsupportedType,
        "softmax: x must have an axis to look along; got a single number",
    ),
    (
        lambda x: actlab.maxout(x, pieces=3),
        ParameterError,
        "maxout: pieces must divide the axis length 4; got pieces=3",
    ),
    (lambda x: actlab.softmax.vjp(x, x[0]), OptionError, "softmax: g must have the shape of f(x); got shape (4,)"),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_what_is_refused_is_said_in_one_line(call, kind: type[ActlabError], text: str) -> None:
    with pytest.raises(kind) as caught:
        call(torch.ones(2, 4))
    assert str(caught.value) == text
