"""Peers compute what we compute: a ratio of two different things says nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import actlab
from actlab.activation import Axis
from benchmarks import peers
from benchmarks.bench import normal
from benchmarks.machine import threads
from benchmarks.peers import BOTH, DERIVATIVE, OUT, VALUE, WHATS
from benchmarks.peers.ours import OURS

ELEMENTWISE = [name for name in actlab.names() if not isinstance(actlab.get(name), Axis)]
PRESENT, ABSENT = peers.load()
# Of the result's size, or of 0.01 where it is smaller. The widest error is that of JAX's derivative of gelu_tanh, whose
# terms cancel on the left: 2e-4 in float32.
TOLERANCE = {"float32": 4e-4, "float64": 1e-7}  # 1e-7: PyTorch's float64 kernels hold 1/6 to float32 digits
# What a peer has that others may lack; the rest of the catalogue is there or has no such thing.
LACKS_VALUE = {
    "PyTorch": {"swish"},
    "JAX": {"identity", "prelu", "rrelu", "swish"},
    "NumPy": {"gelu"},
    "numexpr": {"gelu", "identity"},
}


def peer(name: str) -> peers.Peer:
    """The peer, or a skip where it is not installed."""
    if name in ABSENT:
        pytest.skip(f"could not import {ABSENT[name]}")
    return PRESENT[name]


def results(call: Any) -> list[NDArray[Any]]:
    """What a call returns as arrays, one or two."""
    got = call()
    return [np.asarray(part) for part in (got if isinstance(got, tuple) else (got,))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["PyTorch", "JAX", "NumPy", "SciPy", "numexpr"])
def test_same_numbers_and_dtype(name: str, dtype: str) -> None:
    x = normal(1000, dtype)
    compared = 0
    for function in ELEMENTWISE:
        for what in WHATS:
            call = peer(name).call(function, what, x)
            if call is None:
                continue
            expected = results(OURS.call(function, what, x.astype(np.float64)))
            for got, want in zip(results(call), expected, strict=True):
                assert got.dtype == dtype, (function, what)
                error = np.max(np.abs(got - want) / np.maximum(np.abs(want), 0.01))
                assert error < TOLERANCE[dtype], (function, what)
                compared += 1
    assert compared >= {"SciPy": 6}.get(name, 20)


@pytest.mark.parametrize("name", LACKS_VALUE)
def test_every_function_the_peer_has_is_there(name: str) -> None:
    x = normal(4, "float32")
    missing = {function for function in ELEMENTWISE if peer(name).call(function, VALUE, x) is None}
    assert missing == LACKS_VALUE[name]


def test_pytorch_has_every_derivative_but_those_that_mean_nothing() -> None:
    x = normal(4, "float32")
    for what in (DERIVATIVE, BOTH):
        missing = {function for function in ELEMENTWISE if peer("PyTorch").call(function, what, x) is None}
        # identity and heaviside have none worth a kernel; prelu's also sums the gradient of its weight.
        assert missing == {"swish", "identity", "heaviside", "prelu"}


@pytest.mark.parametrize("name", ["PyTorch", "numexpr"])
def test_out_is_written_where_the_first_call_wrote(name: str) -> None:
    x = normal(100, "float32")
    call = peer(name).call("sigmoid", OUT, x)
    assert call is not None
    first = np.asarray(call())
    first[:] = math.nan
    call()
    assert not np.isnan(first).any()


def test_threads_are_set_and_put_back_to_one() -> None:
    torch = pytest.importorskip("torch")
    with threads(2, [OURS, peer("PyTorch")]):
        assert (actlab.get_num_threads(), torch.get_num_threads()) == (2, 2)
    assert (actlab.get_num_threads(), torch.get_num_threads()) == (1, 1)
