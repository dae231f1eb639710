"""Entries that look along an axis, against many digits."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from contract.checks import same_bits
from contract.entries import AXIS
from mpmath import mp, mpf

import actlab
from actlab.errors import OptionError, ParameterError, UnsupportedType

FLOATS = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16)
every = pytest.mark.parametrize("name", AXIS)
EXTENT = 12  # divisible by the pieces tried


def _softmax(row: list[Any]) -> list[Any]:
    e = [mp.exp(t - max(row)) for t in row]
    return [t / sum(e) for t in e]


# One group -> its results, from the textbook. A new Axis entry needs a row here and in ROUNDED.
REFERENCE = {
    "softmax": _softmax,
    "log_softmax": lambda row: [mp.log(p) for p in _softmax(row)],
    "maxout": lambda row: [max(row)],
}

# What the rounding of the largest difference within a group, d, does to a result y.
ROUNDED = {"softmax": lambda y, d: abs(y) * d, "log_softmax": lambda y, d: d, "maxout": lambda y, d: 0}


def _exact(name: str, x: np.ndarray, axis: int, pieces: int | None) -> np.ndarray:
    """The activation along an axis, in mpf numbers."""
    moved = np.moveaxis(x, axis, -1)
    rows = []
    for row in moved.reshape(-1, x.shape[axis]):
        numbers = [mpf(t) for t in row.tolist()]
        groups = [numbers] if pieces is None else [numbers[i : i + pieces] for i in range(0, len(numbers), pieces)]
        rows.append(list(itertools.chain.from_iterable(REFERENCE[name](group) for group in groups)))
    length = len(rows[0])
    return np.moveaxis(np.array(rows, dtype=object).reshape(*moved.shape[:-1], length), -1, axis)


def _pieces(name: str) -> list[dict[str, int]]:
    return [{"pieces": k} for k in (1, 2, 3, 12)] if "pieces" in actlab.get(name).parameters else [{}]


@every
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_values_along_every_axis(name: str, axis: int) -> None:
    shape = [2, 3, 2]
    shape[axis] = EXTENT
    x = np.random.default_rng(5).normal(0, 5, shape)
    with mp.workdps(50):
        for options in _pieces(name):
            for dtype, bound in ((np.float32, 0.51), (np.float64, 4.0)):
                data = x.astype(dtype)
                got = actlab.get(name)(data, axis=axis, **options)
                exact = _exact(name, data, axis, options.get("pieces"))
                assert got.dtype == dtype
                assert got.shape == exact.shape
                spread = float(data.max() - data.min()) * 2.0**-53 * (dtype is np.float64)
                for y, want in zip(got.ravel(), exact.ravel(), strict=True):
                    ulp = mpf(float(np.spacing(dtype(abs(want)))))
                    assert abs(mpf(float(y)) - want) <= bound * ulp + ROUNDED[name](want, spread)


@every
def test_vjp_is_the_derivative(name: str) -> None:
    """Against difference quotients of sum(g*f(x)) in 60 digits, one input at a time."""
    rng, item, h = np.random.default_rng(6), actlab.get(name), mpf(10) ** -25
    for axis, options in itertools.product((0, 1), _pieces(name)):
        x = rng.normal(0, 2, (EXTENT, 2) if axis == 0 else (2, EXTENT)).round(3)
        g = rng.normal(0, 1, np.shape(item(x, axis=axis, **options)))
        got = item.vjp(x, g, axis=axis, **options)
        assert got.shape == x.shape
        with mp.workdps(60):
            for place in list(np.ndindex(x.shape))[::5]:
                ends = []
                for step in (h, -h):
                    moved = np.array([mpf(float(t)) for t in x.ravel()], dtype=object).reshape(x.shape)
                    moved[place] += step
                    ends.append((_exact(name, moved, axis, options.get("pieces")) * g).sum())
                assert abs(mpf(float(got[place])) - (ends[0] - ends[1]) / (2 * h)) < 1e-13


@every
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: np.dtype(dtype).name)
def test_dtypes_and_layouts(name: str, dtype: type) -> None:
    item = actlab.get(name)
    x = np.random.default_rng(7).normal(0, 3, (8, 6)).astype(dtype)
    want = item(x)
    assert want.dtype == dtype
    assert want.flags.c_contiguous or want.ndim > 1
    for view in (
        np.asfortranarray(x),
        x.astype(x.dtype.newbyteorder(">")) if dtype is not ml_dtypes.bfloat16 else x,
        np.repeat(x, 2, 0)[::2],
    ):
        assert same_bits(item(view), want)
    assert same_bits(item(x[::-1]), want[::-1].copy())
    assert same_bits(item(np.ascontiguousarray(x.T), axis=0), np.ascontiguousarray(want.T))
    out = np.empty_like(want)
    assert item(x, out=out) is out
    assert same_bits(out, want)
    g = np.ones_like(want)
    assert item.vjp(x, g).dtype == dtype
    assert item.vjp(x, g).shape == x.shape
    if dtype is np.float32:
        assert same_bits(item(x), item(x.astype(float)).astype(np.float32))


@every
def test_huge_inputs_infinities_and_nan(name: str) -> None:
    item = actlab.get(name)
    huge = np.array([[1e30, -1e30, 1e308, 0.0], [-1e4, -1e4, -2e4, -1e308]])
    with np.errstate(all="raise"):
        assert not np.isnan(item(huge)).any()
        assert not np.isnan(item.vjp(huge, np.ones_like(item(huge)))).any()
    for place in range(4):
        row = np.zeros(4)
        row[place] = np.nan
        got = item(row)
        assert np.isnan(got[place * len(got) // 4])
        if len(got) == len(row):
            assert np.isnan(got).all()


def test_softmax_of_whatever_sums_to_1() -> None:
    x = np.random.default_rng(8).normal(0, 300, (50, 9))
    np.testing.assert_allclose(actlab.softmax(x).sum(axis=-1), 1, rtol=1e-15)
    np.testing.assert_array_equal(actlab.softmax(np.array([-np.inf, 0.0, 0.0])), [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(actlab.log_softmax(np.array([0.0, 1000.0])), [-1000.0, 0.0])


def test_maxout_gives_a_tie_to_the_first() -> None:
    x = np.array([1.0, 1.0, 2.0, 3.0, 5.0, 5.0])
    np.testing.assert_array_equal(actlab.maxout(x), [1, 3, 5])
    np.testing.assert_array_equal(actlab.maxout.vjp(x, np.array([10.0, 20.0, 30.0])), [10, 0, 0, 20, 30, 0])
    np.testing.assert_array_equal(
        actlab.maxout.vjp(np.full(6, -np.inf), np.array([1.0, 2.0]), pieces=3), [1, 0, 0, 2, 0, 0]
    )


@every
def test_empty_arrays(name: str) -> None:
    item = actlab.get(name)
    assert item(np.empty((0, 4))).shape[0] == 0
    if "pieces" not in item.parameters:
        assert item(np.empty((3, 0))).shape == (3, 0)


@every
def test_errors(name: str) -> None:
    item = actlab.get(name)
    for call in (item, lambda x, **options: item.vjp(x, np.ones((2, 4)), **options)):
        for axis in (2, -3):
            with pytest.raises(ParameterError) as caught:
                call(np.ones((2, 4)), axis=axis)
            assert str(caught.value) == f"{name}: axis must lie in [-2, 2); got axis={axis}"
        with pytest.raises(UnsupportedType) as refused:
            call(1.0)
        assert str(refused.value) == f"{name}: x must have an axis to look along; got a single number"
    with pytest.raises(OptionError) as wrong:
        item.vjp(np.ones((2, 4)), np.ones((5, 4)))
    shape = item(np.ones((2, 4))).shape
    assert str(wrong.value) == f"{name}: g must have the shape of f(x), {shape}; got shape (5, 4)"


def test_maxout_pieces_must_divide() -> None:
    for pieces, length in ((3, 4), (5, 4), (2, 0)):
        with pytest.raises(ParameterError) as caught:
            actlab.maxout(np.ones((2, length)), pieces=pieces)
        assert str(caught.value) == f"maxout: pieces must divide the axis length {length}; got pieces={pieces}"


def test_every_entry_has_a_reference() -> None:
    assert {*REFERENCE} == {*ROUNDED} == {*AXIS}
