"""What is compared: how it is written, told apart, carried to other processes, and the gain it starts with."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from functools import partial

import cloudpickle
import numpy as np
import pytest
import torch
from torch import nn

import actlab
from actlab.errors import ActlabError, OptionError, ParameterError, UnknownActivation, UnsupportedType
from actlab.experiment import gain
from actlab.experiment.contender import GATES, Contender, Unit, contender, contenders, parse


def test_a_name_with_parameters() -> None:
    made = parse("leaky_relu:negative_slope=0.2")
    assert made.label == "leaky_relu:negative_slope=0.2"
    assert made.item == actlab.leaky_relu.bind(negative_slope=0.2)
    assert parse("lrelu").label == "leaky_relu"


@pytest.mark.parametrize(("name", "inner"), GATES.items())
def test_the_gated_functions_of_shazeer(name: str, inner: str) -> None:
    made = parse(name)
    assert made.label == name
    assert made.units == parse(f"gate({inner})").units == (Unit(actlab.get(inner), gated=True),)
    assert made.spec == parse(f"gate({inner})").spec != parse(inner).spec


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("relu", 1), ("maxout", 2), ("maxout:pieces=4", 4), ("swiglu", 2), ("gate(maxout:pieces=3)", 4)],
)
def test_pieces(text: str, pieces: int) -> None:
    assert parse(text).units[0].pieces == pieces


@pytest.mark.parametrize(
    ("text", "places", "labels"),
    [
        ("relu/tanh", 4, ["relu", "relu", "tanh", "tanh"]),
        ("relu/tanh", 3, ["relu", "relu", "tanh"]),
        ("relu/tanh", 1, ["relu"]),
        ("relu/gate(silu)/elu", 3, ["relu", "gate(silu)", "elu"]),
        ("relu / tanh / elu", 7, ["relu"] * 3 + ["tanh"] * 2 + ["elu"] * 2),
    ],
)
def test_functions_by_depth(text: str, places: int, labels: list[str]) -> None:
    made = parse(text)
    assert [made.unit(place, places).label for place in range(places)] == labels
    assert made.item is None
    assert made.label == text.replace(" ", "")


def test_invented_functions_come_first() -> None:
    bump = actlab.define("bump", "b*x*exp(-x**2)", b=1.5)
    own_glu = actlab.define("glu", "x")
    invented = {"bump": bump, "glu": own_glu}
    assert parse("bump", invented).item is bump
    assert parse("gate(bump:b=2)/relu", invented).units[0].item == bump.bind(b=2)
    assert parse("glu", invented).units == (Unit(own_glu),)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("mihs", UnknownActivation, "no activation is called 'mihs'; did you mean 'mish'?"),
        ("swigul", UnknownActivation, "no activation is called 'swigul'; did you mean 'swiglu'?"),
        ("gate(rulu)", UnknownActivation, "no activation is called 'rulu'; did you mean 'relu'?"),
        ("bmp", UnknownActivation, "no activation is called 'bmp'; did you mean 'bump'?"),
        ("", UnknownActivation, "no activation is called ''"),
        (
            "gate(silu",
            OptionError,
            "compare: a gated function must be written gate(NAME); got 'gate(silu'; e.g. gate(silu)",
        ),
        (
            "relu/",
            OptionError,
            "compare: functions by depth must be written NAME/NAME; got 'relu/'; e.g. relu/hard_swish",
        ),
        ("glu:beta=2", ParameterError, "sigmoid: no parameter is called 'beta'; its parameters: none"),
    ],
)
def test_what_cannot_be_read(text: str, kind: type[ActlabError], message: str) -> None:
    with pytest.raises(kind) as caught:
        parse(text, {"bump": actlab.define("bump", "x*exp(-x**2)")})
    assert str(caught.value) == message


class Cube(nn.Module):
    """A module with a setting that it does not print."""

    def __init__(self, power: int = 3) -> None:
        super().__init__()
        self.power = power

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The power."""
        return x**self.power


def make_steep() -> nn.Module:
    return nn.LeakyReLU(0.5)


@pytest.mark.parametrize(
    ("item", "label"),
    [
        (nn.SiLU, "SiLU"),
        (nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (make_steep, "make_steep"),
        (lambda: nn.LeakyReLU(0.3), "LeakyReLU(negative_slope=0.3)"),
        (partial(nn.ELU, 2.0), "ELU(alpha=2.0)"),
        (nn.Sequential(nn.Tanh(), nn.ReLU()), "Sequential"),
    ],
)
def test_modules_have_readable_labels(item: object, label: str) -> None:
    made = contender(item)
    assert made.label == label
    assert made.item is None
    carried = cloudpickle.loads(cloudpickle.dumps(made))
    assert carried == made
    x = torch.linspace(-2, 2, 9)
    assert torch.equal(carried.units[0].item.build()(x), made.units[0].item.build()(x))


def test_an_instance_is_copied_for_each_place() -> None:
    shared = nn.PReLU()
    item = contender(shared).units[0].item
    first, second = item.build(), item.build()
    assert first.weight is not second.weight
    assert first.weight is not shared.weight


def test_different_modules_with_one_label_are_told_apart() -> None:
    made = contenders(
        [nn.PReLU(init=0.1), nn.PReLU(init=0.2), nn.PReLU(init=0.1), Cube(2), Cube(4), Cube(2), "relu", nn.ReLU]
    )
    labels = ["PReLU(num_parameters=1)", "PReLU(num_parameters=1) #2", "Cube()", "Cube() #2", "relu", "ReLU"]
    assert [one.label for one in made] == labels
    assert len({one.spec for one in made}) == len(labels)


def test_activations_are_compared_once_unless_they_have_two_names() -> None:
    assert [one.label for one in contenders(["silu", actlab.silu, "gate(silu)", "swiglu"])] == [
        "silu",
        "gate(silu)",
        "swiglu",
    ]
    twin = actlab.define("twin", "x*sigmoid(x)")
    other = actlab.define("twin", "x*sigmoid(2*x)")
    assert [one.label for one in contenders([twin, other, twin])] == ["twin", "twin #2"]


@pytest.mark.parametrize("item", [3, nn.Threshold, torch.tanh, None])
def test_what_is_no_activation_is_refused(item: object) -> None:
    with pytest.raises(UnsupportedType) as caught:
        contender(item)
    assert str(caught.value) == (
        "compare: an activation must be a name, an Activation, or a torch.nn.Module (its class, an instance, or a "
        f"function without arguments that makes one); got {item!r}; for a formula write actlab.define(...)"
    )


def test_a_factory_must_make_a_module() -> None:
    def forgetful() -> None:
        nn.SiLU()

    with pytest.raises(UnsupportedType) as caught:
        contender(forgetful)
    assert str(caught.value) == (
        "compare: a function that makes an activation must return a torch.nn.Module; got NoneType from forgetful"
    )


@pytest.mark.parametrize(
    "text",
    ["silu", "maxout:pieces=3", "swiglu", "rrelu", "relu/gate(gelu)", "leaky_relu:negative_slope=0.2", "softmax"],
)
def test_a_contender_survives_pickle_and_json(text: str) -> None:
    made = parse(text)
    pickled = pickle.loads(pickle.dumps(made))  # noqa: S301  our own
    for carried in (pickled, Contender.from_data(json.loads(json.dumps(made.to_data())))):
        assert carried == made
        assert carried.spec == made.spec
        assert [unit.pieces for unit in carried.units] == [unit.pieces for unit in made.units]


def test_invented_functions_and_derivatives_survive_json() -> None:
    bump = actlab.define("bump", "b*x*exp(-x**2)", b=1.5)
    for item in (bump, bump.bind(b=2), actlab.silu.derivative(2), bump.derivative()):
        made = contender(item)
        carried = Contender.from_data(json.loads(json.dumps(made.to_data())))
        assert carried == made
        assert carried.item is not None
        assert carried.item(0.7) == item(0.7)


def test_of_a_module_only_the_label_survives_json() -> None:
    made = contender(nn.SiLU)
    carried = Contender.from_data(json.loads(json.dumps(made.to_data())))
    assert (carried.label, carried.spec) == (made.label, made.spec)
    with pytest.raises(
        ActlabError, match=r"^SiLU: a module must be given to be built; got its label alone, from a file$"
    ):
        carried.units[0].item.build()


def test_specs_are_the_same_in_another_process() -> None:
    code = (
        "from actlab.experiment.contender import contender, parse; from torch import nn; "
        "print(parse('relu/gate(silu)').spec); print(contender(nn.PReLU()).spec)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [parse("relu/gate(silu)").spec, contender(nn.PReLU()).spec]


def test_reading_contenders_loads_no_torch() -> None:
    code = (
        "import sys; from actlab.experiment.contender import contenders, Contender; "
        "made = contenders(['silu', 'swiglu', 'relu/maxout']); "
        "[Contender.from_data(one.to_data()).spec for one in made]; made[0].units[0].gain(64); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# 1 / sqrt(E f(z)^2): closed forms, and published values (probe of torch.nn.init.calculate_gain's gaps).
GAINS = {
    "identity": 1.0,
    "relu": 2**0.5,
    "leaky_relu:negative_slope=0.5": (2 / 1.25) ** 0.5,
    "heaviside": 2**0.5,
    "rrelu": (2 / (1 + (11 / 48) ** 2)) ** 0.5,
    "tanh": 1.5925374197228312,
    "sigmoid": 1.8462285453386054,
    "gelu": 1.5335304411955353,
    "silu": 1.6765324703310913,
    "selu": 1.0,
    "swiglu": 1.6765324703310913,
    "bilinear": 1.0,
}


@pytest.mark.parametrize("text", GAINS)
def test_gain(text: str) -> None:
    assert parse(text).units[0].gain(64) == pytest.approx(GAINS[text], rel=1e-9)


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "elu", "hard_swish", "hard_tanh", "mish", "softsign"])
def test_the_integral_is_scipys(name: str) -> None:
    from scipy import integrate, stats

    item = actlab.get(name)
    exact, _ = integrate.quad(
        lambda z: item(z) ** 2 * stats.norm.pdf(z), -12, 12, points=[-3, -1, 0, 1, 3], epsabs=1e-13, limit=200
    )
    value, error = gain.mean_square(item, 1)
    assert value == pytest.approx(exact, rel=1e-10)
    assert error < 1e-9


def test_the_error_estimate_sees_what_is_no_number() -> None:
    for formula in ("log(x)", "1/x", "exp(x**2)", "0*x"):
        assert Unit(actlab.define("mine", formula)).gain(8) == 1.0
    assert Unit(actlab.define("mine", "x**3")).gain(8) == pytest.approx(15**-0.5, rel=1e-9)
    assert Unit(actlab.define("mine", "where(x > 0.123, 2, 0)")).gain(1) == pytest.approx(
        (4 * 0.45105401) ** -0.5, rel=1e-6
    )


@pytest.mark.parametrize(("text", "square"), [("maxout", 1.0), ("maxout:pieces=3", 1.2757), ("gate(maxout)", 1.0)])
def test_gain_of_a_function_of_a_layer(text: str, square: float) -> None:
    assert parse(text).units[0].gain(64) == pytest.approx(square**-0.5, rel=0.01)


@pytest.mark.parametrize(
    ("module", "name"), [(nn.SiLU, "silu"), (nn.PReLU(16, init=0.5), "leaky_relu:negative_slope=0.5")]
)
def test_gain_of_a_module_that_looks_at_each_element(module: object, name: str) -> None:
    assert contender(module).units[0].gain(16) == pytest.approx(parse(name).units[0].gain(16), rel=1e-6)


def test_gain_of_a_module_that_looks_along_the_layer() -> None:
    z = np.random.default_rng(1).standard_normal((20_000, 16))
    z -= z.mean(1, keepdims=True)
    expected = np.mean((z / z.std(1, keepdims=True)) ** 2) ** -0.5
    assert contender(nn.LayerNorm(16)).units[0].gain(16) == pytest.approx(expected, rel=0.01)
