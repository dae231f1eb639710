"""Entries with a parameter that is drawn at random in training."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from contract.checks import same_bits
from contract.entries import RANDOM

import actlab
from actlab.errors import ParameterError, UnsupportedType

every = pytest.mark.parametrize("name", RANDOM)
X = np.random.default_rng(9).normal(0, 3, (40, 25))


def _drawn(name: str) -> tuple[str, str, str]:
    ((parameter, spec),) = actlab.get(name).record.draws.items()
    return parameter, spec.lower, spec.upper


@every
def test_a_seed_repeats_the_draws(name: str) -> None:
    item = actlab.get(name)
    first, again, other = (item(X, training=True, rng=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert same_bits(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(item(X, training=True), item(X, training=True))


@every
def test_draws_are_uniform_between_the_bounds(name: str) -> None:
    item = actlab.get(name)
    _, lower, upper = _drawn(name)
    low, high = item.parameters[lower].default, item.parameters[upper].default
    draws = item.draw(np.ones(200_000, np.float32), rng=np.random.default_rng(0))
    assert draws.shape == (200_000,)
    assert low <= draws.min() < low + 1e-4
    assert high - 1e-4 < draws.max() <= high
    assert abs(draws.mean() - (low + high) / 2) < 5 * (high - low) / np.sqrt(12 * draws.size)
    wide = item.draw(np.ones(1000), rng=np.random.default_rng(0), **{lower: 2.0, upper: 3.0})
    assert wide.min() >= 2
    assert wide.max() <= 3


@every
def test_value_and_gradient_agree_for_one_draw(name: str) -> None:
    item = actlab.get(name)
    value, grad = item.value_and_grad(X, training=True, rng=np.random.default_rng(2))
    assert same_bits(value, item(X, training=True, rng=np.random.default_rng(2)))
    assert same_bits(grad, item.grad(X, training=True, rng=np.random.default_rng(2)))
    kept = item.draw(X, rng=np.random.default_rng(2))
    parameter, *_ = _drawn(name)
    assert same_bits(value, item(X, **{parameter: kept}))
    assert same_bits(grad, item.grad(X, **{parameter: kept}))
    h = 1e-6
    quotient = (item(X + h, **{parameter: kept}) - item(X - h, **{parameter: kept})) / (2 * h)
    np.testing.assert_allclose(grad[np.abs(X) > h], quotient[np.abs(X) > h], rtol=1e-8)


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64], ids=lambda dtype: np.dtype(dtype).name)
def test_training_keeps_dtype_and_shape(name: str, dtype: type) -> None:
    item = actlab.get(name)
    y = item(X.astype(dtype), training=True)
    assert y.dtype == dtype
    assert y.shape == X.shape
    out = np.empty_like(y)
    assert item(X.astype(dtype), training=True, out=out) is out
    assert isinstance(item(-1.0, training=True), float)


@every
def test_outside_training_it_is_the_mean(name: str) -> None:
    item = actlab.get(name)
    parameter, lower, upper = _drawn(name)
    mean = (item.parameters[lower].default + item.parameters[upper].default) / 2
    assert same_bits(item(X), item.mean(X))
    np.testing.assert_allclose(item(X), item(X, **{parameter: mean}), rtol=1e-15)
    np.testing.assert_allclose(item(X, **{lower: 0.5, upper: 1.5}), item(X, **{parameter: 1.0}), rtol=1e-15)
    assert item.derivative(2) == item.mean.derivative(2)
    assert (item.limits, item.kinks, item.breakpoints) == (item.mean.limits, item.mean.kinks, item.mean.breakpoints)


@every
def test_bound_parameters_reach_the_draws(name: str) -> None:
    item = actlab.get(name)
    parameter, lower, upper = _drawn(name)
    bound = item.bind(**{lower: 0.9, upper: 0.9})
    for one in (bound, copy.deepcopy(bound), pickle.loads(pickle.dumps(bound))):  # noqa: S301
        assert same_bits(one(X, training=True), one(X))
        assert same_bits(one(X), item(X, **{parameter: 0.9}))


@every
def test_errors(name: str) -> None:
    item = actlab.get(name)
    with pytest.raises(UnsupportedType) as caught:
        item(X, training=True, rng=0)
    assert str(caught.value).startswith("draw: rng must be a numpy.random.Generator; got int")
    _, lower, upper = _drawn(name)
    for training in (False, True):
        with pytest.raises(ParameterError) as refused:
            item(X, training=training, **{lower: 2.0, upper: 1.0})
        assert str(refused.value) == f"{name}: {lower} <= {upper} must hold; got {lower}=2.0, {upper}=1.0"
        with pytest.raises(ParameterError) as unknown:
            item(X, training=training, quux=1)
        assert (
            str(unknown.value) == f"{name}: no parameter is called 'quux'; its parameters: {', '.join(item.parameters)}"
        )
