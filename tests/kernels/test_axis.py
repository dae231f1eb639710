"""Groups of numbers through the kernels: the order of sums, the same bits wherever they lie, NaN, threads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import actlab
from actlab import vocabulary as v
from actlab.emit.axis import CHUNK, STRANDS
from actlab.expression import Expression, symbol
from actlab.kernels import axis

x = symbol("x")
ROOTS = {
    "softmax": actlab.softmax.expression,
    "log_softmax": actlab.log_softmax.expression,
    "mean": x - v.sum(x),
    "first": x * v.first_max(x),
}
# Around the numbers of strands and of a chunk, and what is shorter or longer than each.
LENGTHS = [1, 2, 5, 16, 31, 32, 33, 63, 64, 65, 100, 257, CHUNK - 1, CHUNK + 3]


def _apply(root: Expression, data: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    flat = np.ascontiguousarray(data).reshape(-1)
    out = np.full_like(flat, 99)
    axis.loop("test", root, data.dtype, shape)(flat, out)
    return out.reshape(data.shape)


@pytest.fixture(params=[1, 3])
def threads(request: Any) -> Iterator[int]:
    before = actlab.get_num_threads()
    actlab.set_num_threads(request.param)
    yield request.param
    actlab.set_num_threads(before)


def _stated_sum(numbers: list[float]) -> float:
    """The sum in the order that emit/axis.py states."""
    strands = [0.0] * STRANDS
    rest = len(numbers) % STRANDS if len(numbers) > STRANDS else 0
    for j, number in enumerate(numbers):
        strands[j % STRANDS if j < len(numbers) - rest else STRANDS - len(numbers) + j] += number
    while len(strands) > 1:
        half = len(strands) // 2
        strands = [a + b for a, b in zip(strands[:half], strands[half:], strict=True)]
    return strands[0]


@pytest.mark.parametrize("length", LENGTHS)
def test_sums_are_in_the_stated_order(length: int) -> None:
    data = np.random.default_rng(length).standard_normal((3, length)) * 10.0 ** np.arange(-2, 1)[:, None]
    want = [_stated_sum(row) for row in data.tolist()]
    for given, shape in ((data, (3, length, 1)), (data.T, (1, length, 3))):
        sums = np.empty(3)
        axis.loop("test", v.sum(x), np.dtype(float), shape)(np.ascontiguousarray(given).reshape(-1), sums)
        assert sums.tolist() == want


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_a_group_has_the_same_bits_wherever_it_lies(root: Expression, dtype: type) -> None:
    for length in LENGTHS:
        data = (np.random.default_rng(length).standard_normal((6, length)) * 4).astype(dtype)
        want = _apply(root, data, (6, length, 1))
        assert _apply(root, data[2:3], (1, length, 1)).tobytes() == want[2:3].tobytes(), "alone"
        assert _apply(root, data.T, (1, length, 6)).T.tobytes() == want.tobytes(), "columns"
        pairs = data.reshape(3, 2, length).transpose(0, 2, 1)
        assert _apply(root, pairs, (3, length, 2)).transpose(0, 2, 1).tobytes() == want.tobytes(), "slabs"
        wide = np.tile(data.T, 200)
        assert _apply(root, wide, (1, length, 1200))[:, 600:606].T.tobytes() == want.tobytes(), "wide"


@pytest.mark.parametrize(
    "shape", [(3001, 100, 1), (40000, 7, 1), (3, 200_000, 1), (1, 300, 1500), (1, 9000, 33), (20, 70, 300)]
)
def test_threads_do_not_change_bits(shape: tuple[int, int, int], threads: int) -> None:
    data = np.random.default_rng(1).standard_normal(math.prod(shape)).astype(np.float32).reshape(shape)
    got = _apply(ROOTS["softmax"], data, shape)
    for outer, inner in ((0, 0), (shape[0] // 2, shape[2] // 2), (shape[0] - 1, shape[2] - 1)):
        group = np.ascontiguousarray(data[outer, :, inner])
        assert got[outer, :, inner].tobytes() == _apply(ROOTS["softmax"], group, (1, shape[1], 1)).tobytes()
    np.testing.assert_allclose(got.sum(1, dtype=float), 1, rtol=1e-6)


@pytest.mark.parametrize("keep", [True, False])
def test_what_is_not_kept_is_computed_again(monkeypatch: pytest.MonkeyPatch, *, keep: bool) -> None:
    data = np.random.default_rng(2).standard_normal((5, 400))
    want = _apply(ROOTS["softmax"], data, (5, 400, 1))
    monkeypatch.setattr(axis, "_MOST_KEPT", 1 << 20 if keep else 0)
    for given, shape in ((data, (5, 400, 1)), (data.T, (1, 400, 5))):
        got = _apply(ROOTS["softmax"], given, shape)
        assert (got if shape[2] == 1 else got.T).tobytes() == want.tobytes()


@pytest.mark.parametrize("length", [1, 7, 31, 32, 33, 70])
def test_nan_anywhere_is_nan_everywhere(length: int) -> None:
    data = np.random.default_rng(3).standard_normal((length + 1, length))
    np.fill_diagonal(data, np.nan)
    clean = [*[False] * length, True]
    for given, shape in ((data, (length + 1, length, 1)), (data.T, (1, length, length + 1))):
        for name in ("softmax", "log_softmax"):
            got = _apply(ROOTS[name], given, shape)
            nan = np.isnan(got if shape[2] == 1 else got.T)
            assert (~nan).all(1).tolist() == clean
            assert nan.all(1).tolist() == [not c for c in clean]
        tops = np.empty(length + 1)
        axis.loop("test", v.amax(x), np.dtype(float), shape)(np.ascontiguousarray(given).reshape(-1), tops)
        assert np.isnan(tops).tolist() == [not c for c in clean]
        assert tops[-1] == data[-1].max()


@pytest.mark.parametrize("length", [2, 32, 45])
def test_the_largest_zero_is_positive(length: int) -> None:
    for zeros in ([0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0]):
        data = np.array(zeros + [-1.0] * (length - 2))
        top = np.empty(1)
        axis.loop("test", v.amax(x), np.dtype(float), (1, length, 1))(data, top)
        assert math.copysign(1, top[0]) == 1


def test_long_sums_keep_their_digits() -> None:
    data = np.random.default_rng(4).standard_normal(1_000_000).astype(np.float32)
    y = _apply(ROOTS["softmax"], data, (1, data.size, 1)).astype(float)
    exact = np.exp(data.astype(float) - float(data.max()))
    exact /= math.fsum(exact)
    assert abs(y / exact - 1).max() < 0.51 * 2.0**-23


@pytest.mark.parametrize("threads", [1, 2, 64])
def test_units_fit_the_buffers(threads: int) -> None:
    for outer in (1, 3, 10_000):
        for length in (1, 10, 5000, 10**6):
            for inner in (1, 2, 100, 10**5):
                width = axis._width(outer, length, inner, threads)
                assert 1 <= width <= CHUNK
                assert inner == 1 or width <= inner
                assert inner > 1 or length * width <= max(CHUNK, length)
