"""Dask arrays stay lazy and chunked, and give the numbers that NumPy arrays give."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from contract.checks import same_bits

import actlab
from actlab.errors import OptionError, ParameterError, UnsupportedType

Call = Callable[..., Any]


def lazy(shape: tuple[int, ...], chunks: Any, dtype: Any = np.float32) -> Any:
    """Reproducible random numbers, made when they are computed."""
    return da.random.default_rng(5).normal(0, 3, shape, chunks=chunks).astype(dtype)


def untouchable(shape: tuple[int, ...], chunks: Any, dtype: Any = np.float32) -> Any:
    """An array that fails the test when a block of it is computed."""

    def explode(block: np.ndarray) -> np.ndarray:
        raise AssertionError("a block was computed")

    return da.zeros(shape, chunks=chunks, dtype=dtype).map_blocks(
        explode, dtype=dtype, meta=np.empty((0,) * len(shape), dtype)
    )


def test_nothing_is_computed_and_chunks_stay() -> None:
    for dtype, kept in (
        (np.float16, np.float16),
        (">f4", np.float32),
        (np.float64, np.float64),
        (int, float),
        (bool, float),
    ):
        x = untouchable((10, 7), (4, (3, 4)), dtype)
        weight = np.arange(7.0)
        results = [
            actlab.silu(x),
            actlab.silu.grad(x),
            actlab.silu.derivative(2)(x),
            *actlab.silu.value_and_grad(x),
            actlab.prelu(x, weight=weight),
            actlab.elu.bind(alpha=2.0)(x),
            actlab.rrelu(x),
            actlab.softmax(x, axis=1).rechunk(x.chunks),
        ]
        for y in results:
            assert isinstance(y, da.Array)
            assert y.chunks == x.chunks
            assert y.dtype == kept
            assert y.dtype.isnative


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("call", [actlab.mish, actlab.mish.grad, actlab.softmax], ids=("value", "grad", "axis"))
def test_the_numbers_are_those_of_numpy(call: Call, dtype: type) -> None:
    x = lazy((30, 40), (7, 11), dtype)
    assert same_bits(call(x).compute(), call(x.compute()))
    assert same_bits(call(x[::-1].T).compute(), call(np.ascontiguousarray(x.compute()[::-1].T)))


def test_value_and_gradient_share_their_work() -> None:
    x = lazy((1000,), 300)
    lazily = actlab.gelu.value_and_grad(x)
    own = [set(result.dask.layers) - set(x.dask.layers) for result in lazily]
    assert len(own[0] & own[1]) == 1  # the pass that makes both
    want = actlab.gelu.value_and_grad(x.compute())
    for got, expected in zip(dask.compute(*lazily), want, strict=True):
        assert same_bits(got, expected)


@pytest.mark.parametrize(
    "weight",
    [
        np.linspace(0.1, 0.4, 40),
        np.linspace(0.1, 0.4, 30, dtype=np.float32)[:, None],
        da.linspace(0.1, 0.4, 40, chunks=9),
        da.linspace(0.1, 0.4, 30, chunks=4)[:, None],
        da.linspace(0.1, 0.4, 2 * 30 * 40, chunks=100).reshape(2, 30, 40),
        da.asarray(0.25),
        [0.3],
    ],
    ids=lambda weight: f"{type(weight).__name__}{getattr(weight, 'shape', '')}",
)
def test_parameters_broadcast(weight: Any) -> None:
    x = lazy((30, 40), (7, 11))
    (plain,) = dask.compute(weight)
    for call in (actlab.prelu, actlab.prelu.grad, actlab.prelu.derivative(1, "weight")):
        got, want = call(x, weight=weight), call(x.compute(), weight=plain)
        assert got.shape == want.shape
        assert got.dtype == want.dtype == np.float32
        assert same_bits(got.compute(), want)


def test_parameters_and_draws_are_not_computed() -> None:
    x, row = untouchable((10, 7), (4, 3)), untouchable((7,), 3, np.float64)
    training = {"training": True, "rng": np.random.default_rng(0)}
    for y in (
        actlab.prelu(x, weight=row),
        *actlab.elu.value_and_grad(x, alpha=untouchable((), ())),
        actlab.hard_tanh(x, min_val=row, max_val=1.0),
        actlab.rrelu(x, **training),
        *actlab.rrelu.value_and_grad(x, **training),
    ):
        assert y.chunks == x.chunks
        assert y.dtype == np.float32


def test_parameters_are_held_against_their_domain() -> None:
    x = lazy((6,), 3)
    with pytest.raises(ParameterError, match=r"^elu: alpha must lie in \(0, inf\); got alpha=-1.0$"):
        actlab.elu(x, alpha=da.from_array(np.array([1.0, -1, 1, 1, 1, 1]), chunks=2)).compute()
    with pytest.raises(ParameterError, match=r"^hard_tanh: min_val < max_val must hold; got min_val="):
        actlab.hard_tanh(x, min_val=-1.0, max_val=da.full(6, -2.0, chunks=3)).compute()
    assert actlab.hard_tanh(x, min_val=-9.0, max_val=da.full(6, -2.0, chunks=3)).compute().max() == -2


def test_random_draws() -> None:
    x = lazy((50, 40), (7, 11))
    rng = np.random.default_rng(0)
    first, second = actlab.rrelu.draw(x, rng=rng), actlab.rrelu.draw(x, rng=rng)
    assert first.chunks == x.chunks
    assert not (first == second).any().compute()
    assert same_bits(first.compute(), actlab.rrelu.draw(x, rng=np.random.default_rng(0)).compute())
    lower, upper = (actlab.rrelu.parameters[name].default for name in ("lower", "upper"))
    assert ((first > lower) & (first < upper)).all().compute()
    assert len(np.unique(first.compute())) == x.size
    numbers, y, slope = dask.compute(x, *actlab.rrelu.value_and_grad(x, training=True, rng=rng))
    below = numbers < 0
    assert (slope[~below] == 1).all()
    np.testing.assert_allclose(y[below], slope[below] * numbers[below], rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_along_an_axis(axis: int) -> None:
    x, numbers = (a := lazy((12, 18), (5, 7))), a.compute()
    for item, more in ((actlab.softmax, {}), (actlab.log_softmax, {}), (actlab.maxout, {"pieces": 3})):
        y, want = item(x, axis=axis, **more), item(numbers, axis=axis, **more)
        assert y.shape == want.shape
        assert y.dtype == np.float32
        assert y.chunks[1 - axis % 2] == x.chunks[1 - axis % 2]
        assert same_bits(y.compute(), want)
        g = lazy(y.shape, 4)
        for gradient in (g, g.compute()):
            back = item.vjp(x, gradient, axis=axis, **more)
            assert same_bits(back.compute(), item.vjp(numbers, g.compute(), axis=axis, **more))


def test_a_graph_travels_to_other_processes() -> None:
    x = lazy((20,), 6)
    both = (actlab.elu.bind(alpha=2.0)(x), actlab.define("bump", "x*exp(-x**2)")(x), actlab.softmax(x))
    there = pickle.loads(pickle.dumps(both))  # noqa: S301 - our own
    for sent, kept in zip(dask.compute(*there), dask.compute(*both), strict=True):
        assert same_bits(sent, kept)
    assert actlab.elu(x).name == actlab.elu(x).name  # equal work has one name and is done once
    assert actlab.elu(x).name != actlab.elu(x, alpha=2.0).name != actlab.elu.grad(x).name


def test_an_array_larger_than_memory_streams_through() -> None:
    actlab.silu.value_and_grad(np.ones(9, np.float32))  # compiled
    x = da.full(300_000_000, 0.5, chunks=3_000_000, dtype=np.float32)  # 1.2 GB, and as much of each result
    y, dy = actlab.silu.value_and_grad(x)
    expected = [float(number) * x.size for number in actlab.silu.value_and_grad(np.float32(0.5))]
    tracemalloc.start()
    try:
        with dask.config.set(scheduler="threads", num_workers=2):
            sums = dask.compute(y.sum(dtype=float), dy.sum(dtype=float))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(sums, expected, rtol=1e-9)
    assert peak < 150e6, "many chunks were in memory at once"


def test_what_is_refused() -> None:
    x = lazy((6,), 3)
    masked = da.ma.masked_less(x, 0)
    unknown = x[x > 0]
    plain = "must be a Dask array of NumPy arrays; got blocks of MaskedArray"
    for call, error, text in (
        (lambda: actlab.silu(x, out=np.empty(6)), OptionError,
         "silu: out must be left out for Dask arrays; got ndarray; use what is returned"),
        (lambda: actlab.silu.value_and_grad(x, out=(x, x)), OptionError,
         "silu: out must be left out for Dask arrays; got tuple; use what is returned"),
        (lambda: actlab.silu(masked), UnsupportedType,
         f"silu: x {plain}; convert them with x.map_blocks(numpy.asarray) if that loses nothing"),
        (lambda: actlab.prelu(x, weight=masked), UnsupportedType,
         f"prelu: weight {plain}; convert them with weight.map_blocks(numpy.asarray) if that loses nothing"),
        (lambda: actlab.silu(x.astype(complex)), UnsupportedType,
         "silu: x must hold real numbers of 64 bits or less; got dtype complex128; pass x.real or abs(x)"),
        (lambda: actlab.prelu(x, weight=da.ones(5)), ParameterError,
         "prelu: parameters must broadcast against x; got shapes [(6,), (5,)]"),
        (lambda: actlab.softmax(unknown), OptionError,
         "softmax: x must have chunks of known size; got shape (nan,); call x.compute_chunk_sizes()"),
        (lambda: actlab.maxout(x, pieces=4), ParameterError,
         "maxout: pieces must divide the axis length 6; got pieces=4"),
        (lambda: actlab.softmax.vjp(x, np.ones(5)), OptionError,
         "softmax: g must have the shape of f(x), (6,); got shape (5,)"),
        (lambda: actlab.rrelu(x, training=True, rng=0), UnsupportedType,
         "draw: rng must be a numpy.random.Generator; got int; use numpy.random.default_rng(seed)"),
    ):  # fmt: skip
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value) == text
    assert same_bits(actlab.silu(unknown).compute(), actlab.silu(unknown.compute()))
