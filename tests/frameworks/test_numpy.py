"""NumPy arrays: what the contract's tests of every entry (dtypes, shapes, errors) do not reach."""

from __future__ import annotations

import threading
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from contract.checks import same_bits
from contract.rounding import BFLOAT16
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import actlab
from actlab.errors import OptionError, ParameterError
from actlab.frameworks import bfloat16


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    x=arrays.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
        elements=st.floats(-8, 8, width=16),
    ),
    data=st.data(),
)
def test_any_view_gives_the_elements_own_results(x: np.ndarray, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(x.ndim)))
    steps = tuple(slice(None, None, data.draw(st.sampled_from([1, 2, -1, -2]))) for _ in order)
    view = x.transpose(order)[steps]
    for call in (actlab.silu, actlab.leaky_relu.grad):
        assert same_bits(np.asarray(call(view)), np.asarray(call(np.ascontiguousarray(view))).reshape(view.shape))


def test_large_arrays_cross_piece_borders() -> None:
    x = np.random.default_rng(0).normal(0, 3, 20_001).astype(np.float32)
    want = actlab.mish(x)
    assert same_bits(actlab.mish(x[::-1])[::-1].copy(), want)
    assert same_bits(actlab.mish(np.repeat(x, 2)[::2]), want)
    half = actlab.mish(x.astype(np.float16))
    assert same_bits(
        np.concatenate([actlab.mish(x[k : k + 997].astype(np.float16)) for k in range(0, 20_001, 997)]), half
    )


def test_results_are_laid_out_like_the_input() -> None:
    x = np.asfortranarray(np.ones((4, 5)))
    assert actlab.silu(x).flags.f_contiguous
    assert actlab.silu(x.T).flags.c_contiguous
    assert actlab.silu(np.broadcast_to(np.ones(5), (4, 5))).flags.writeable


def test_inputs_are_left_alone() -> None:
    x = np.linspace(-2, 2, 9)
    x.flags.writeable = False
    kept = x.copy()
    actlab.silu.value_and_grad(x)
    actlab.softmax(x)
    assert same_bits(x, kept)


def test_memory_maps_and_scalars(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=(7,))
    mapped[:] = np.arange(7)
    assert same_bits(actlab.silu(mapped), actlab.silu(np.arange(7, dtype=np.float32)))
    assert type(actlab.silu(mapped)) is np.ndarray
    assert type(actlab.silu(ml_dtypes.bfloat16(1.5))) is ml_dtypes.bfloat16


def test_bfloat16_encoding_rounds_once() -> None:
    """Ties of bfloat16, and numbers so near to them that float32 takes them for ties."""
    grid = BFLOAT16.grid[1:400:7]
    ties = (grid + np.roll(BFLOAT16.grid, -1)[1:400:7]) / 2
    grid_wide = BFLOAT16.grid[16_000:16_400]
    wide = (grid_wide[:-1] + grid_wide[1:]) / 2
    values = np.concatenate(
        [ties, wide, wide * (1 + 2.0**-50), wide * (1 - 2.0**-50), [0.0, 1e-60, 1e300, 3.3961775292304962e38]]
    )
    values = np.concatenate([values, -values])
    assert same_bits(bfloat16.decode(bfloat16.encode(values)).astype(np.float64), BFLOAT16.nearest(values))
    special = np.array([np.inf, -np.inf, np.nan])
    np.testing.assert_array_equal(bfloat16.decode(bfloat16.encode(special)), special.astype(np.float32))
    assert bfloat16.encode(np.array(1.0)).shape == ()


def test_parameters_of_every_kind() -> None:
    x = np.array([-2.0, 3.0], np.float32)
    want = actlab.prelu(x, weight=0.25)
    for weight in (
        np.float32(0.25),
        np.array(0.25),
        [0.25, 0.25],
        np.full(2, 0.25, np.float16),
        np.array([0.25], ml_dtypes.bfloat16),
    ):
        assert same_bits(actlab.prelu(x, weight=weight), want)
    assert actlab.prelu(x, weight=1)[0] == -2
    with pytest.raises(ParameterError) as caught:
        actlab.prelu(x, weight=np.array([1j]))
    assert str(caught.value) == "prelu: weight must be numbers; got weight=array([0.+1.j])"
    with pytest.raises(ParameterError):
        actlab.elu(x, alpha=np.array([1.0, np.nan]))
    for weight in ([[1.0], [1.0, 2.0]], ["a"]):
        with pytest.raises(ParameterError, match=r"^prelu: weight must be numbers; got weight="):
            actlab.prelu(x, weight=weight)
    assert same_bits(actlab.hard_tanh(x, min_val=[-1, -2]), np.array([-1, 1], np.float32))
    with pytest.raises(ParameterError) as caught:
        actlab.hard_tanh(x, min_val=[-1, 2], max_val=1)
    assert str(caught.value) == "hard_tanh: min_val < max_val must hold; got min_val=array([-1, 2]), max_val=1"


def test_a_parameter_that_drops_out_still_broadcasts() -> None:
    weights = np.arange(3.0).reshape(3, 1)
    x = np.array([1.0, -1.0])
    assert actlab.prelu(x, weight=weights).shape == actlab.prelu.grad(x, weight=weights).shape == (3, 2)
    assert actlab.prelu.derivative(2)(x, weight=weights).shape == (3, 2)


def test_out_shapes_take_the_parameters_into_account() -> None:
    with pytest.raises(OptionError) as caught:
        actlab.prelu(np.ones(2), weight=np.ones((3, 1)), out=np.empty(2))
    assert str(caught.value) == "prelu: out must have shape (3, 2) and dtype float64; got shape (2,) and dtype float64"


def test_threads_may_compute_at_once() -> None:
    x = np.random.default_rng(1).normal(0, 1, 50_000)
    want = actlab.gelu(x)
    same: list[bool] = []
    threads = [threading.Thread(target=lambda: same.append(same_bits(actlab.gelu(x), want))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 4
