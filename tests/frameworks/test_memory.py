"""Elementwise calls need no memory to speak of beside their results.

NumPy tells tracemalloc of its arrays, buffers of nditer included. Measured with one thread and with two.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import actlab

N = 3_000_000
LIMIT = 1 << 20  # bytes
X = np.random.default_rng(0).normal(0, 3, N)
Call = Callable[[np.ndarray], Any]


def held(x: np.ndarray) -> np.ndarray:
    """An array for results, there beforehand."""
    return np.empty(x.shape, np.float64 if x.dtype.kind in "biu" else x.dtype)


CALLS: dict[str, tuple[Call, int]] = {  # a call, and how many arrays it returns
    "value": (actlab.gelu, 1),
    "light": (actlab.relu6, 1),
    "grad": (actlab.gelu.grad, 1),
    "second": (actlab.mish.derivative(2), 1),
    "both": (actlab.mish.value_and_grad, 2),
    "bound": (actlab.elu.bind(alpha=0.5), 1),
    "number": (lambda x: actlab.elu(x, alpha=0.5), 1),
    "row": (lambda x: actlab.prelu(x.reshape(-1, 100), weight=WEIGHT[:100]), 1),
    "array": (lambda x: actlab.prelu(x, weight=WEIGHT), 1),
    "array32": (lambda x: actlab.prelu.grad(x, weight=WEIGHT32), 1),
    "array and number": (lambda x: TWO(x, a=WEIGHT), 1),
    "drawn": (lambda x: actlab.rrelu(x, slope=WEIGHT), 1),
}
TWO = actlab.define("two", "a*tanh(x) + b", a=1.0, b=2.0)
WEIGHT = np.linspace(0, 1, N)
WEIGHT32 = WEIGHT.astype(np.float32)
DTYPES = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16, np.int32, np.bool, ">f4")
LAYOUTS: dict[str, Callable[[Any], np.ndarray]] = {
    "contiguous": X.astype,
    "strided": lambda dtype: np.repeat(X.astype(dtype), 2)[::2],
    "reversed": lambda dtype: X.astype(dtype)[::-1],
}


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"], autouse=True)
def _threads(request) -> Iterator[None]:
    before = actlab.get_num_threads()
    actlab.set_num_threads(request.param)
    yield
    actlab.set_num_threads(before)


def beside(call: Callable[[], Any], results: int) -> int:
    """The bytes in use at the worst moment of a call, less those of its results."""
    call()  # compiled, threads started
    tracemalloc.start()
    try:
        returned = call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    arrays = returned if isinstance(returned, tuple) else (returned,)
    assert len(arrays) == max(results, 1)
    return peak - (sum(array.nbytes for array in arrays) if results else 0)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(np.dtype(dtype)))
def test_new_results_are_all_that_is_allocated(name: str, dtype: Any) -> None:
    (call, results), x = CALLS[name], LAYOUTS["contiguous"](dtype)
    assert beside(lambda: call(x), results) < LIMIT


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(np.dtype(dtype)))
def test_a_given_out_leaves_nothing_to_allocate(layout: str, dtype: Any) -> None:
    x = LAYOUTS[layout](dtype)
    y = held(x)
    assert beside(lambda: actlab.mish(x, out=y), 0) < LIMIT
    assert beside(lambda: actlab.mish.grad(x, out=y[::-1]), 0) < LIMIT
    assert beside(lambda: actlab.prelu(x, weight=WEIGHT, out=y), 0) < LIMIT
    if x.dtype == y.dtype:
        assert beside(lambda: actlab.silu(x, out=x), 0) < LIMIT


def test_the_scale_weighs() -> None:
    assert beside(lambda: (X + 1) * (X + 2), 1) > LIMIT
    assert beside(lambda: X + 1, 0) > LIMIT
