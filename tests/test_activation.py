"""The registry, and what holds for activations in general; the contract of each entry is in tests/contract."""

from __future__ import annotations

import numpy as np
import pytest

import actlab
from actlab import registry as module
from actlab import vocabulary as v
from actlab.activation import Axis, Elementwise
from actlab.errors import ActlabError, FormulaError, ParameterError, UnknownActivation, UnsupportedType
from actlab.parameters import Param
from actlab.registry import activation


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test registers is forgotten after it."""
    actlab.names()
    monkeypatch.setattr(module, "_REGISTRY", dict(module._REGISTRY))
    monkeypatch.setattr(module, "_ALIASES", dict(module._ALIASES))


def test_a_new_entry_is_one_function() -> None:
    slope = Param(0.5, domain="(0, 1]", learnable=True)

    @activation(source="Nobody 2024", aliases=("bend_alias",))
    def bend(x: actlab.expression.Expression, a: Param = slope) -> object:
        """Bends at 0.

        More is not part of the summary.
        """
        return v.where(x > 0, x, a * v.tanh(x))

    assert isinstance(bend, Elementwise)
    assert actlab.get("bend_alias") is bend is actlab.bend
    assert "bend" in actlab.names()
    assert "bend_alias" not in actlab.names()
    assert bend.summary == "Bends at 0."
    assert bend.formula == "where(x > 0, x, a*tanh(x))"
    assert bend(-1.0) == 0.5 * np.tanh(-1.0)
    assert bend.grad(0.0) == 0.5
    assert [kink.x for kink in bend.kinks] == [0.0]
    assert list(map(repr, bend.limits)) == ["-a", "inf"]
    assert bend.parameters["a"].learnable


@pytest.mark.parametrize("taken", ["silu", "logistic"])
def test_a_clash_is_an_error(taken: str) -> None:
    def enter(name: str, aliases: tuple[str, ...]) -> None:
        def function(x: object) -> object:
            """A copy."""
            return x

        function.__name__ = name
        activation(source="2024", aliases=aliases)(function)

    owner = actlab.get(taken).name
    for name, aliases in ((taken, ()), ("unused_name", (taken,))):
        with pytest.raises(ParameterError) as caught:
            enter(name, aliases)
        assert str(caught.value) == f"{name}: the name {taken!r} must be free; it belongs to {owner}"


def test_an_axis_entry_needs_its_vjp() -> None:
    with pytest.raises(ActlabError) as caught:

        @activation(Axis, source="2024")
        def total(x: object) -> object:
            """Sum."""
            return v.sum(x)

    assert str(caught.value) == "total: an Axis activation, and no other, must be given vjp="


def test_formulas_are_traced_when_they_are_needed_and_name_their_author() -> None:
    @activation(source="2024")
    def clumsy(x: object) -> object:
        """Not a formula."""
        return max(x, 0)  # type: ignore[call-overload]

    with pytest.raises(FormulaError, match=r"^clumsy: a condition on x has no truth value"):
        _ = clumsy.formula

    @activation(source="2024")
    def foreign(x: object) -> object:
        """Not a formula."""
        return x.sum()  # type: ignore[attr-defined]

    with pytest.raises(FormulaError, match=r"^foreign: the formula must be made of words of actlab.vocabulary; "):
        foreign(1.0)


def test_get() -> None:
    assert actlab.get("leaky_relu:negative_slope=0.2") == actlab.leaky_relu.bind(negative_slope=0.2)
    assert actlab.get("hard_tanh:min_val=-2,max_val=2").bound == {"min_val": -2, "max_val": 2}
    assert actlab.get("hard_tanh:min_val=0,max_val=6")(7.0) == 6


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("mihs", UnknownActivation, "no activation is called 'mihs'; did you mean 'mish'?"),
        ("zzzzzz", UnknownActivation, "no activation is called 'zzzzzz'"),
        ("", UnknownActivation, "no activation is called ''"),
        (3, UnsupportedType, "an activation must be given by name; got 3 of type int"),
        ("elu:alpha=-1", ParameterError, "elu: alpha must lie in (0, inf); got alpha=-1"),
        ("elu:alpha", ParameterError, "elu: a parameter must be written name=number; got 'alpha'"),
        ("elu:alpha=big", ParameterError, "elu: a parameter must be written name=number; got 'alpha=big'"),
        ("elu:alpha=nan", ParameterError, "elu: a parameter must be written name=number; got 'alpha=nan'"),
        ("elu:beta=1", ParameterError, "elu: no parameter is called 'beta'; its parameters: alpha"),
        ("silu:beta=1", ParameterError, "silu: no parameter is called 'beta'; its parameters: none"),
    ],
)
def test_refusals_of_get(name: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        actlab.get(name)
    assert str(caught.value) == message


def test_a_misspelt_attribute_suggests_the_right_one() -> None:
    with pytest.raises(AttributeError) as caught:
        actlab.sillu  # noqa: B018
    assert (
        str(caught.value)
        == "module 'actlab' has no attribute 'sillu'; no activation is called 'sillu'; did you mean 'silu'?"
    )


def test_elu_with_a_negative_alpha() -> None:
    with pytest.raises(ParameterError) as caught:
        actlab.elu(np.ones(2), alpha=-1)
    assert str(caught.value) == "elu: alpha must lie in (0, inf); got alpha=-1"


def test_mixed_derivatives_have_names() -> None:
    assert actlab.silu.derivative().name == "silu'"
    assert actlab.silu.derivative(3).name == "silu'''"
    assert actlab.elu.derivative(1, "alpha").name == "d(elu)/dalpha"
    assert actlab.elu.derivative(1, "alpha").derivative(1).formula == "where(x > 0, 0, exp(x))"
    assert actlab.softplus.derivative(2)(0.0) == 0.25


def test_bound_values_are_part_of_the_formula() -> None:
    assert actlab.leaky_relu.bind(negative_slope=0.2).formula == "where(x > 0, x, 0.2*x)"
    assert actlab.leaky_relu.bind(negative_slope=0.2) != actlab.leaky_relu.bind(negative_slope=0.3)
    assert actlab.leaky_relu != actlab.prelu
    assert (
        repr(actlab.leaky_relu.bind(negative_slope=0.5))
        == "<activation leaky_relu:negative_slope=0.5: where(x > 0, x, 0.5*x)>"
    )


def test_params() -> None:
    param = Param(1.0, domain="(0, 1]")
    assert param.interval == actlab.interval.Interval.parse("(0, 1]")
    with pytest.raises(ParameterError) as caught:
        param.check("f", "p", np.zeros((2, 2)))
    assert str(caught.value) == "f: p must lie in (0, 1]; got p=0.0"
    param.check("f", "p", np.ones((2, 2)))
    param.check("f", "p", np.empty(0))
    with pytest.raises(ParameterError) as caught:
        Param(0.0).check("f", "p", np.array([0.0, np.nan]))
    assert str(caught.value) == "f: p must lie in (-inf, inf); got p=nan"
