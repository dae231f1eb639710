"""Input scaling, fitted on training rows."""

from __future__ import annotations

import numpy as np
import pytest

from actlab.experiment import scaling
from actlab.experiment.scaling import SCALINGS, scales


@pytest.fixture
def x() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(500, 6)) * np.logspace(-6, 6, 6) + np.logspace(7, -3, 6)[::-1]).astype(np.float32)


def scaled(x: np.ndarray, how: str) -> np.ndarray:
    shift, divisor = scales(x, how)
    assert shift.dtype == divisor.dtype == np.float32
    assert shift.shape == divisor.shape == x.shape[1:]
    return (x.astype(np.float64) - shift) / divisor


def test_standard(x: np.ndarray) -> None:
    result = scaled(x, "standard")
    expected = (x.astype(np.float64) - x.mean(0, dtype=np.float64)) / x.std(0, dtype=np.float64)
    assert np.allclose(result.std(0), 1, rtol=1e-6)
    assert np.allclose(result, expected, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("how", "low", "high"), [("minmax", 0, 1), ("minmax11", -1, 1)])
def test_smallest_and_largest(x: np.ndarray, how: str, low: int, high: int) -> None:
    result = scaled(x, how)
    # A shift of 1e7 has no more digits.
    assert np.allclose(result.min(0), low, atol=1e-4)
    assert np.allclose(result.max(0), high, atol=1e-4)


def test_none_changes_nothing(x: np.ndarray) -> None:
    assert np.array_equal(scaled(x, "none"), x)


def test_blocks_give_what_the_whole_gives(x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scales(x, "standard")
    monkeypatch.setattr(scaling, "_BLOCK", 100)
    for part, expected in zip(scales(x, "standard"), whole, strict=True):
        assert np.allclose(part, expected, rtol=1e-7)


def test_sums_are_taken_in_double_precision() -> None:
    x = np.array([1e8, 1e8 + 80, 1e8 + 160] * 50_000, dtype=np.float32)[:, None]
    _, divisor = scales(x, "standard")
    assert divisor[0] == pytest.approx(80 * np.sqrt(2 / 3), rel=1e-6)


@pytest.mark.parametrize("how", SCALINGS)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e30, 3e-39])
def test_constant_columns_are_divided_by_one(how: str, value: float) -> None:
    constant = np.full((100, 1), value, dtype=np.float32)
    rounded = constant.copy()
    rounded[::2] = np.nextafter(rounded[::2], np.float32(np.inf))
    rounded[::3] = np.nextafter(constant[::3], np.float32(-np.inf))
    for x in (constant, rounded):
        shift, divisor = scales(x, how)
        assert divisor[0] == 1
        assert np.all(np.abs(x - shift) <= 4 * np.spacing(np.abs(x))) or how == "none"


@pytest.mark.parametrize("how", [how for how in SCALINGS if how != "none"])
def test_columns_that_vary_a_little_are_not_constant(how: str) -> None:
    years = np.array([[2024], [2024.001]] * 50, dtype=np.float32)
    assert np.ptp(scaled(years, how)) == pytest.approx(1 if how == "minmax" else 2, rel=1e-5)


def test_zeros_and_ones_are_scaled_like_the_others() -> None:
    x = np.array([[0], [0], [0], [1]], dtype=np.float32)
    assert scaled(x, "standard").ravel() == pytest.approx([-(3**-0.5)] * 3 + [3**0.5])
    assert scaled(x, "minmax11").ravel().tolist() == [-1, -1, -1, 1]


def test_unknown_scalings_are_no_scalings() -> None:
    with pytest.raises(KeyError, match="robust"):
        scales(np.ones((3, 1), np.float32), "robust")
