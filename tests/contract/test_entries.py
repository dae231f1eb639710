"""Names, records, copies and errors of every entry."""

from __future__ import annotations

import copy
import inspect
import keyword
import pickle
import re

import numpy as np
import pytest
from contract.checks import same_bits
from contract.entries import ALL, AXIS, ELEMENTWISE, elementwise, reference

import actlab
from actlab.activation import Activation, Elementwise
from actlab.emit import ieee
from actlab.errors import ParameterError
from actlab.expression import Expression, symbol, symbols
from actlab.parameters import Param, shown
from actlab.symbolic.parser import parse

every = pytest.mark.parametrize("name", ALL)
PARAMETERS = [(name, p) for name in ALL for p in actlab.get(name).parameters]


@every
def test_names_round_trip(name: str) -> None:
    item = actlab.get(name)
    assert item.name == name == item.label
    assert getattr(actlab, name) is item
    assert actlab.get(item) is item
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    for alias in item.aliases:
        assert actlab.get(alias) is item
        assert getattr(actlab, alias) is item
        assert alias not in ALL


def test_no_two_entries_share_a_name() -> None:
    spoken = [alias for name in ALL for alias in (name, *actlab.get(name).aliases)]
    assert len(spoken) == len(set(spoken))
    assert {*spoken} <= {*dir(actlab)}


@every
def test_records_are_well_formed(name: str) -> None:
    item = actlab.get(name)
    assert re.search(r"\b(17|18|19|20)\d\d\b", item.source), "a source has a year"
    assert item.summary.endswith(".")
    assert "\n" not in item.summary
    assert len(item.summary) <= 80
    for statements in (item.advantages, item.disadvantages, item.notes):
        assert isinstance(statements, tuple)
        for text in statements:
            assert text == text.strip()
            assert not text.endswith(".")
            assert "\n" not in text


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_formula_reads_back_as_the_same_expression(name: str) -> None:
    item = elementwise(name)
    assert parse(item.formula, item.parameters) is item.expression
    for n in (1, 2, 3):
        further = item.derivative(n)
        assert parse(further.formula, item.parameters) is further.expression
    for parameter in item.parameters:
        slope = item.derivative(1, parameter)
        assert parse(slope.formula, item.parameters) is slope.expression


@every
def test_copies_are_equal(name: str) -> None:
    item = actlab.get(name)
    items = [item]
    if isinstance(item, Elementwise):
        items += [item.derivative(), item.derivative(3), *(item.derivative(1, p) for p in item.parameters)]
    for parameter, param in item.parameters.items():
        items.append(item.bind(**{parameter: param.default}))
    assert len({*items}) == len(items), "different activations must not be equal"
    for one in items:
        for twin in (copy.copy(one), copy.deepcopy(one), *(pickle.loads(pickle.dumps(one, p)) for p in (2, 5))):  # noqa: S301
            assert twin == one
            assert hash(twin) == hash(one)
            assert repr(twin) == repr(one)
            assert type(twin) is type(one)
    assert item != item.name


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_pickles_compute_the_same(name: str) -> None:
    x = np.linspace(-4, 4, 33)
    item = elementwise(name)
    for one in (item, item.derivative(2)):
        assert same_bits(pickle.loads(pickle.dumps(one))(x), one(x))  # noqa: S301


@every
def test_representations(name: str) -> None:
    item = actlab.get(name)
    assert repr(item) == f"<activation {name}: {item.formula}>"
    latex = item._repr_latex_()
    assert latex.startswith("$")
    assert latex.endswith("$")
    assert latex.count("{") == latex.count("}")
    assert item.latex in latex
    assert item.summary in item.__doc__


@every
def test_signatures_show_the_parameters(name: str) -> None:
    item = actlab.get(name)
    shown = inspect.signature(item).parameters
    assert list(shown) == ["x", *item.parameters]
    assert {key: p.default for key, p in item.parameters.items()} == {
        key: shown[key].default for key in item.parameters
    }


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_activations_compose(name: str) -> None:
    inner = elementwise(name)(2 * symbol("x"))
    assert isinstance(inner, Expression)
    assert symbols(inner) <= {"x"}, "defaults are put in"
    for x in (-1.6, -0.2, 0.9, 4.0):
        assert abs(ieee.evaluate(inner, x, {}) - reference(name).at(2 * x)) < 1e-15 * (1 + abs(x))


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_bind(name: str, parameter: str) -> None:
    item = actlab.get(name)
    value = item.parameters[parameter].default
    bound = item.bind(**{parameter: value})
    assert bound.bound == {parameter: value}
    assert parameter not in bound.parameters
    assert bound.label == f"{name}:{parameter}={value!r}"
    assert actlab.get(bound.label) == bound
    x = np.linspace(-3, 3, 12)
    assert same_bits(bound(x), item(x))
    for call in (bound.bind, lambda **given: bound(x, **given)):
        with pytest.raises(ParameterError) as caught:
            call(**{parameter: value})
        assert str(caught.value) == f"{bound.label}: {parameter} is bound already; start from actlab.{name}"
    if not item.parameters[parameter].integer:
        with pytest.raises(ParameterError) as caught:
            item.bind(**{parameter: np.array([value, value])})
        assert (
            str(caught.value)
            == f"{name}: a bound parameter must be a number; got {parameter}={np.array([value, value])!r}"
        )


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_values_outside_the_domain_are_refused(name: str, parameter: str) -> None:
    item, x = actlab.get(name), np.ones((2, 2))
    param: Param = item.parameters[parameter]
    domain = param.interval
    outside = [
        value
        for value in (-np.inf, np.inf, np.nan, domain.low, domain.high, domain.low - 1, domain.high + 1)
        if value not in domain
    ]
    for value in dict.fromkeys(map(repr, outside)):
        number = float(value)
        for call in (lambda **given: item(x, **given), item.bind):
            with pytest.raises(ParameterError) as caught:
                call(**{parameter: number})
            assert str(caught.value) == f"{name}: {parameter} must lie in {domain}; got {parameter}={value}"
    for value in ("1", None, True, 1j):
        with pytest.raises(ParameterError) as caught:
            item(x, **{parameter: value})
        assert str(caught.value) == f"{name}: {parameter} must be a number; got {parameter}={value!r}"


@pytest.mark.parametrize(("name", "parameter"), [(n, p) for n, p in PARAMETERS if actlab.get(n).parameters[p].integer])
def test_whole_numbers_are_demanded(name: str, parameter: str) -> None:
    for value, text in (
        (1.5, "a whole number; got {}=1.5"),
        (np.array([1, 2]), "one whole number; got {}=array([1, 2])"),
    ):
        with pytest.raises(ParameterError) as caught:
            actlab.get(name)(np.ones((2, 2)), **{parameter: value})
        assert str(caught.value) == f"{name}: {parameter} must be {text.format(parameter)}"


@pytest.mark.parametrize(
    ("name", "parameter"), [(n, p) for n, p in PARAMETERS if "inf" not in str(actlab.get(n).parameters[p].interval.low)]
)
def test_arrays_with_one_value_outside_are_refused(name: str, parameter: str) -> None:
    item = actlab.get(name)
    if item.parameters[parameter].integer:
        return
    low = item.parameters[parameter].interval.low
    with pytest.raises(ParameterError) as caught:
        item(np.ones(3), **{parameter: np.array([1.0, low - 1, 1.0])})
    assert (
        str(caught.value)
        == f"{name}: {parameter} must lie in {item.parameters[parameter].interval}; got {parameter}={low - 1!r}"
    )


@every
def test_unknown_parameters_are_refused(name: str) -> None:
    item = actlab.get(name)
    known = ", ".join(item.parameters) or "none"
    for call in (lambda **given: item(np.ones((2, 2)), **given), item.bind):
        with pytest.raises(ParameterError) as caught:
            call(quux=1.0)
        assert str(caught.value) == f"{name}: no parameter is called 'quux'; its parameters: {known}"


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_orders_of_derivatives_are_checked(name: str) -> None:
    item = elementwise(name)
    for n in (0, 6, 1.0, True, "1"):
        with pytest.raises(ParameterError) as caught:
            item.derivative(n)
        assert str(caught.value) == f"{item.name}: n must be a whole number in [1, 5]; got n={n!r}"
    with pytest.raises(ParameterError, match=re.escape(f"{item.name}: wrt must be one of x")):
        item.derivative(1, "quux")
    assert item.derivative(2).derivative(3) == item.derivative(5)


@pytest.mark.parametrize("name", [name for name in ALL if actlab.get(name).record.require])
def test_rules_between_parameters(name: str) -> None:
    item = actlab.get(name)
    left, sign, right = item.record.require.split()
    low, high = item.parameters[left].default, item.parameters[right].default
    for values in ({left: high + 1}, {left: 3.0, right: 2.0}, {right: np.array([high, low - 1])}):
        with pytest.raises(ParameterError) as caught:
            item(np.ones(2), **values)
        a, b = (values.get(key, item.parameters[key].default) for key in (left, right))
        assert (
            str(caught.value) == f"{name}: {left} {sign} {right} must hold; got {left}={shown(a)}, {right}={shown(b)}"
        )


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if elementwise(name).parameters])
def test_parameters_broadcast(name: str) -> None:
    item = elementwise(name)
    x = np.linspace(-3, 3, 12).reshape(4, 3)
    for parameter, param in item.parameters.items():
        if item.record.require:
            values = param.default + np.array([0.0, 0.01, -0.01])
        else:
            values = np.array([value for value in (param.default, 0.3, 1.7, -0.6) if value in param.interval][:3])
        for shape in ((3,), (1, 3), (3, 1, 1), (3, 1, 1, 1)):
            given = values.reshape(shape)
            for what in (item, item.grad):
                got = what(x, **{parameter: given})
                wide_x, wide = np.broadcast_arrays(x, given)
                want = [
                    what(float(t), **{parameter: float(p)}) for t, p in zip(wide_x.ravel(), wide.ravel(), strict=True)
                ]
                assert got.shape == wide.shape
                assert same_bits(got.ravel(), np.array(want))
        with pytest.raises(ParameterError) as caught:
            item(x, **{parameter: np.ones(4) * param.default})
        assert str(caught.value).startswith(f"{item.name}: parameters must broadcast against x; got shapes [(4, 3), ")
        number = item(1.5, **{parameter: values})
        assert number.shape == (3,)


def test_kinds_are_all_known() -> None:
    assert {*AXIS, *ELEMENTWISE} == {*ALL}
    for name in ALL:
        assert isinstance(actlab.get(name), Activation)
