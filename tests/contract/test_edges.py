"""Infinities, NaN and kinks of every entry."""

from __future__ import annotations

from itertools import groupby

import ml_dtypes
import numpy as np
import pytest
from contract import checks
from contract.entries import ELEMENTWISE, elementwise, reference
from contract.records import KINK_DERIVATIVES, SMOOTH_BREAKPOINTS

import actlab
from actlab.activation import Elementwise, Random
from actlab.verification.exact import Exact

DTYPES = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16)
both = pytest.mark.parametrize("what", ["value", "grad"])
every = pytest.mark.parametrize("name", ELEMENTWISE)
_TABLE = {
    name: {x: grad for (_, x), grad in rows} for name, rows in groupby(KINK_DERIVATIVES.items(), lambda row: row[0][0])
}


def _get(label: str) -> Elementwise:
    item = actlab.get(label)
    return item.mean if isinstance(item, Random) else item  # type: ignore[no-any-return]


@every
@both
def test_infinities_give_the_limit(name: str, what: str) -> None:
    checks.check_limits(elementwise(name), what, {}, DTYPES)


@pytest.mark.parametrize(
    ("name", "parameter", "values"),
    [(name, p, param) for name in ELEMENTWISE for p, param in elementwise(name).parameters.items()],
)
@both
def test_limits_depend_on_parameters(name: str, parameter: str, values: actlab.parameters.Param, what: str) -> None:
    item = elementwise(name)
    for value in (-2.5, -1.0, -0.5, 0.0, 0.5, 1.0, 2.5):
        if value in values.interval and not item.record.require:
            checks.check_limits(item, what, {parameter: value}, [np.float32])


@every
@both
def test_nan_stays_nan(name: str, what: str) -> None:
    checks.check_nan(elementwise(name), what, DTYPES)


@every
def test_nan_stays_nan_in_higher_derivatives(name: str) -> None:
    for n in (2, 3):
        assert np.isnan(elementwise(name).derivative(n)(np.array([np.nan] * 9))).all()


@every
def test_kinks_lie_between_the_one_sided_derivatives(name: str) -> None:
    checks.check_kinks(elementwise(name), reference(name))


@pytest.mark.parametrize("label", _TABLE)
def test_kinks_equal_the_table(label: str) -> None:
    item = _get(label)
    exact = Exact(item)
    checks.check_kinks(item, exact, _TABLE[label])
    assert set(_TABLE[label]) == set(checks.kinks(exact)), "a row of records.KINK_DERIVATIVES is stale"


@pytest.mark.parametrize("label", SMOOTH_BREAKPOINTS)
def test_breakpoints_without_a_kink(label: str) -> None:
    item = _get(label)
    assert item.breakpoints, f"{label} has no breakpoint at all"
    checks.check_kinks(item, Exact(item), {})


@every
def test_results_are_numbers_for_every_finite_input(name: str) -> None:
    x = np.array([s * m * 10.0**k for k in range(-320, 309, 7) for m in (1, 4) for s in (-1, 1)])
    with np.errstate(all="raise"):  # and no warning comes out of a kernel
        value, grad = elementwise(name).value_and_grad(x)
    assert not np.isnan(value).any()
    assert not np.isnan(grad).any()
