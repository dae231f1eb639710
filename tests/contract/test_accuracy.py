"""Value and derivative of every entry against the formula in many digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from contract import checks
from contract.entries import ELEMENTWISE, elementwise, reference
from contract.records import TORCH
from contract.rounding import BFLOAT16, FLOAT16
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import actlab
from actlab.emit import mpmath as emitted
from actlab.parameters import Param
from actlab.verification.exact import Exact
from actlab.verification.formats import FLOAT32
from actlab.verification.landmarks import breakpoints
from actlab.verification.runs import Run

both = pytest.mark.parametrize("what", ["value", "grad"])
every = pytest.mark.parametrize("name", ELEMENTWISE)
PARAMETRIC = [name for name in ELEMENTWISE if elementwise(name).parameters]
X = np.array([-30.0, -3.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 3.0, 30.0])


@every
@both
@pytest.mark.parametrize("form", [FLOAT16, BFLOAT16], ids=lambda form: form.name)
def test_every_16_bit_input_is_correctly_rounded(name: str, what: str, form: checks.Format) -> None:
    checks.check_every_16_bit_input(elementwise(name), what, reference(name), form)


@pytest.mark.parametrize("n", [2, 3])
@every
def test_higher_derivatives(name: str, n: int) -> None:
    """Good to a millionth: derivatives by rule may cancel, and no promise is made for their last digits."""
    item, exact = elementwise(name).derivative(n), reference(name)
    smooth = X[~np.isin(X, breakpoints(exact))]
    for x, got in zip(smooth, item(smooth), strict=True):
        want = exact.at(float(x), n)
        assert got == pytest.approx(want, rel=1e-6, abs=1e-14), f"{item.name} at {x}"


@pytest.mark.parametrize(
    ("name", "parameter"), [(name, p) for name in PARAMETRIC for p in elementwise(name).parameters]
)
def test_derivative_with_respect_to_a_parameter(name: str, parameter: str) -> None:
    item = elementwise(name)
    exact = Exact(item)
    smooth = X[~np.isin(X, breakpoints(exact))]  # a parameter may be a breakpoint: at it the slope jumps
    for x, slope in zip(smooth, item.derivative(1, parameter)(smooth), strict=True):
        want = float(exact.taylor(float(x), 1, wrt=parameter)[1])
        assert slope == pytest.approx(want, rel=1e-12, abs=1e-16 * abs(x)), f"d {name}/d {parameter} at {x}"


def _values(param: Param) -> st.SearchStrategy[float]:
    domain = param.interval
    low, high = max(domain.low, -8.0), min(domain.high, 8.0)
    numbers = st.floats(
        low,
        high,
        exclude_min=domain.low_open and low == domain.low,
        exclude_max=domain.high_open and high == domain.high,
    )
    return numbers.filter(lambda value: value == 0 or abs(value) > 1e-3)


@pytest.mark.parametrize("name", PARAMETRIC)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_parameter_inside_its_domain(name: str, data: st.DataObject) -> None:
    item = elementwise(name)
    values = {key: data.draw(_values(param), label=key) for key, param in item.parameters.items()}
    left, _, right = item.record.require.split() if item.record.require else ("", "", "")
    if left and not values[left] < values[right]:
        values[left], values[right] = values[right] - 1.0, values[left] + 1.0
    exact = Exact(item.bind(**values))
    tried = np.array([-90.0, -20.0, -3.3, -0.7, -1e-30, 1e-30, 0.7, 3.3, 20.0, 90.0], np.float32)
    x = tried[~np.isin(tried, breakpoints(exact))]
    for what, found in zip(checks.ORDER, Run(exact, FLOAT32).over(x), strict=True):
        assert found.kept, f"{name} {what} at {found.used_at} with {values}: {found.max_ulp} ulp"


@pytest.mark.parametrize("name", PARAMETRIC)
def test_parameters_are_never_rounded_to_the_dtype_of_x(name: str) -> None:
    item = elementwise(name)
    for parameter, param in item.parameters.items():
        if 0.7 + 1e-9 not in param.interval or item.record.require:
            continue
        x = X.astype(np.float32)
        np.testing.assert_array_equal(
            item(x, **{parameter: 0.7 + 1e-9}), item(x.astype(np.float64), **{parameter: 0.7 + 1e-9}).astype(np.float32)
        )
    x = np.float32(-3.3)
    assert actlab.leaky_relu(x) == np.float32(np.float64(x) * 0.01)


@pytest.mark.parametrize(("name", "function", "options"), [(name, f, kw) for name, (f, kw) in TORCH.items()])
def test_the_definition_is_that_of_torch(name: str, function: str, options: dict[str, float | str]) -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor(np.concatenate([X[np.abs(X) < 30], checks.kinks(reference(name))]), requires_grad=True)
    y = getattr(torch.nn.functional, function)(x, **options)
    y.sum().backward()
    item, points = elementwise(name), x.detach().numpy()
    np.testing.assert_allclose(item(points), y.detach().numpy(), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(item.grad(points), x.grad.numpy(), rtol=1e-7, atol=1e-12)


@every
def test_the_references_agree(name: str) -> None:
    """Power series of balls, and derivative rules in mpmath's arithmetic, are two roads to one number."""
    item, exact = elementwise(name), reference(name)
    for n in (0, 1, 2):
        f = emitted.function(item.form(("x",) * n))
        for x in X[~np.isin(X, breakpoints(exact))].tolist():
            with mpmath.workdps(60):
                by_rule = f(mpmath.mpf(x), **{key: mpmath.mpf(value) for key, value in exact.values.items()})
                ball = mpmath.mpf(exact.taylor(x, n, bits=400)[n].str(50, radius=False))
                assert abs(by_rule - ball) <= mpmath.mpf(10) ** -40 * (1 + abs(ball)), f"{name}, derivative {n}, at {x}"


def test_formats_know_their_numbers() -> None:
    assert FLOAT16.grid[-2] == np.finfo(np.float16).max
    assert FLOAT16.grid[1] == np.finfo(np.float16).smallest_subnormal
    assert BFLOAT16.grid[-2] == 3.3895313892515355e38
    every_half = np.arange(2**16, dtype=np.uint32).astype(np.uint16).view(np.float16).astype(np.float64)
    halves = every_half[np.isfinite(every_half)]
    np.testing.assert_array_equal(FLOAT16.nearest(halves), halves)
    x = np.random.default_rng(0).normal(0, 1e-3, 1000)
    np.testing.assert_array_equal(FLOAT16.nearest(x), x.astype(np.float16).astype(np.float64))
