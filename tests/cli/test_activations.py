"""How activations are written on the command line."""

from __future__ import annotations

import pytest

import actlab
from actlab.cli._activations import define_all, resolve, resolve_all, split_names
from actlab.errors import FormulaError, OptionError, ParameterError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("relu", ["relu"]),
        ("relu, gelu", ["relu", "gelu"]),
        ("relu,,gelu,", ["relu", "gelu"]),
        ("relu,leaky_relu:negative_slope=0.2,gelu", ["relu", "leaky_relu:negative_slope=0.2", "gelu"]),
        ("hard_tanh:min_val=-2,max_val=2,relu", ["hard_tanh:min_val=-2,max_val=2", "relu"]),
        ("elu:alpha=1,elu:alpha=2", ["elu:alpha=1", "elu:alpha=2"]),
        ("relu,alpha=2", ["relu", "alpha=2"]),
    ],
)
def test_lists(text, names) -> None:
    assert split_names(text) == names


def test_a_definition_is_an_activation() -> None:
    invented = define_all(["bump=x*exp(-x**2)"])
    assert resolve("bump", invented) == actlab.define("bump", "x*exp(-x**2)")


def test_a_definition_with_parameters() -> None:
    invented = define_all(["gate:beta=1.7,shift=0=x*sigmoid(beta*x) + shift"])
    assert {k: p.default for k, p in invented["gate"].parameters.items()} == {"beta": 1.7, "shift": 0.0}
    assert resolve("gate:beta=3", invented).bound == {"beta": 3.0}


def test_comparisons_in_a_definition() -> None:
    step = define_all(["from_b:b=1=where(x >= b, 1, 0)"])["from_b"]
    assert [step(0.5), step(1.0)] == [0.0, 1.0]


def test_invented_ones_follow_those_that_were_named() -> None:
    invented = define_all(["a=2*x", "b=3*x"])
    assert [item.name for item in resolve_all(["relu", "b"], invented)] == ["relu", "b", "a"]


def test_names_in_the_catalogue_pass_through() -> None:
    assert resolve("lrelu:negative_slope=0.2", {}) == actlab.leaky_relu.bind(negative_slope=0.2)


def test_what_is_refused_by_the_core_is_refused_here() -> None:
    with pytest.raises(FormulaError):
        define_all(["evil=__import__('os')"])
    with pytest.raises(ParameterError):
        resolve("a:slope=2", define_all(["a=2*x"]))
    with pytest.raises(OptionError, match=r"^a: a parameter must be written name=number; got 'slope'$"):
        resolve("a:slope", define_all(["a=2*x"]))


def test_what_define_warns_of_is_one_line_on_stderr(capsys) -> None:
    define_all(["bad=(1 - cos(x))/x**2"])
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warning: bad: the formula loses digits as written; value within ")
    assert err.count("\n") == 1
