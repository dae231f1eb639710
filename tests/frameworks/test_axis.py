"""Functions along an axis on arrays of every layout and dtype."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import actlab

NAMES = ("softmax", "log_softmax", "maxout")
every = pytest.mark.parametrize("name", NAMES)


def _layouts(x: np.ndarray) -> Iterator[np.ndarray]:
    """The same numbers, laid out otherwise."""
    for order in itertools.permutations(range(x.ndim)):
        yield np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
    yield np.repeat(x, 3, 1)[:, ::3]
    yield x[::-1].copy()[::-1]
    yield x.astype(x.dtype.newbyteorder(">"))
    read_only = x.copy()
    read_only.flags.writeable = False
    yield read_only


@every
@pytest.mark.parametrize("shape", [(4, 6, 8), (2, 40, 6), (66, 2, 4)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_layout_changes_no_bit(name: str, shape: tuple[int, ...], dtype: type) -> None:
    item, rng = actlab.get(name), np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(dtype)
    for axis in range(3):
        y = item(x, axis=axis)
        g = rng.standard_normal(y.shape)
        slope = item.vjp(x, g.astype(dtype), axis=axis)
        assert y.dtype == slope.dtype == dtype
        assert slope.shape == shape
        for given in _layouts(x):
            assert item(given, axis=axis).tobytes() == y.tobytes()
            assert item.vjp(given, np.asfortranarray(g.astype(dtype)), axis=axis).tobytes() == slope.tobytes()


def test_the_result_is_laid_out_like_the_input() -> None:
    x = np.zeros((3, 4, 5), np.float32)
    for order in itertools.permutations(range(3)):
        given = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
        assert actlab.softmax(given, axis=1).strides == given.strides
    assert actlab.maxout(np.asfortranarray(x), axis=1).flags.f_contiguous


@every
def test_every_kind_of_out(name: str) -> None:
    item = actlab.get(name)
    x = np.random.default_rng(1).standard_normal((50, 40)).astype(np.float32)
    for axis in (0, 1):
        want = item(x, axis=axis)
        outs: list[Any] = [np.empty_like(want), np.empty(want.shape, np.float32, "F"), np.empty(want.shape, ">f4")]
        outs.append(np.empty((*want.shape, 2), np.float32)[..., 1])
        for out in outs:
            out[...] = 7
            assert item(x, axis=axis, out=out) is out
            np.testing.assert_array_equal(out, want)
        memory = np.concatenate([x.ravel(), x.ravel()])
        given = memory[: x.size].reshape(x.shape)
        for shift in (0, 1, want.size // 2, x.size):
            memory[: x.size] = x.ravel()
            out = memory[shift : shift + want.size].reshape(want.shape)
            item(given, axis=axis, out=out)
            np.testing.assert_array_equal(out, want)


@every
def test_half_precision_is_rounded_once(name: str) -> None:
    item = actlab.get(name)
    x = (np.random.default_rng(2).standard_normal((20, 50)) * 3).astype(np.float16)
    assert item(x).tobytes() == item(x.astype(float)).astype(np.float16).tobytes()
    g = np.ones(item(x).shape, np.float16)
    assert item.vjp(x, g).tobytes() == item.vjp(x.astype(float), g.astype(float)).astype(np.float16).tobytes()


def test_float32_is_float64_rounded() -> None:
    """Nearly: where it is not, both are within 2^-29 of the middle between two float32 numbers."""
    x = (np.random.default_rng(3).standard_normal((300, 400)) * 5).astype(np.float32)
    for name, axis in itertools.product(NAMES, (0, 1)):
        item = actlab.get(name)
        y, wide = item(x, axis=axis), item(x.astype(float), axis=axis)
        assert (np.abs(y - wide) <= 0.5 * np.spacing(np.abs(y)) * (1 + 2.0**-28)).all()
