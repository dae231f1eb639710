"""Modules: spelled and used as those of torch.nn, saved and moved with the model, learnable where the function is."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
from contract.entries import ALL

import actlab
from actlab.errors import ActlabError, OptionError, ParameterError, UnknownActivation, UnsupportedType

torch = pytest.importorskip("torch")
nn = torch.nn

X = torch.linspace(-5, 5, 48, dtype=torch.float64).reshape(2, 4, 6)
SAME_NAME = {  # actlab's class and torch.nn's, made by the same arguments
    "ReLU": (), "ReLU6": (), "LeakyReLU": (0.2,), "PReLU": (4, 0.1), "ELU": (0.5,), "SELU": (), "CELU": (0.7,),
    "GELU": (), "SiLU": (), "Mish": (), "Softplus": (2,), "Softsign": (), "Sigmoid": (), "LogSigmoid": (), "Tanh": (),
    "Hardtanh": (-2, 2), "Hardsigmoid": (), "Hardswish": (), "Identity": (), "RReLU": (0.1, 0.3), "Softmax": (1,),
    "LogSoftmax": (-1,),
}  # fmt: skip


@pytest.mark.parametrize("spelled", SAME_NAME)
def test_class_of_torch_takes_the_same_arguments(spelled: str) -> None:
    ours = getattr(actlab.torch, spelled)(*SAME_NAME[spelled]).double().eval()
    theirs = getattr(nn, spelled)(*SAME_NAME[spelled]).double().eval()
    torch.testing.assert_close(ours(X), theirs(X), rtol=1e-8, atol=1e-8)  # torch's softplus is 1e-9 off beyond 20
    assert ours.state_dict().keys() == theirs.state_dict().keys()


def test_every_function_of_torch_that_we_have_is_in_the_table() -> None:
    ours = {actlab.torch.module(name).__class__.__name__ for name in ALL}
    assert ours & set(dir(nn)) == set(SAME_NAME)
    assert ours <= set(dir(actlab.torch))
    assert {"GeluTanh", "HardSwish"} & ours == {"GeluTanh"}


@pytest.mark.parametrize("name", ALL)
def test_module_is_the_function_and_survives_copies(name: str) -> None:
    x = X.requires_grad_(False)
    module = actlab.torch.module(name).eval().double()
    assert type(module) is getattr(actlab.torch, type(module).__name__)
    assert torch.equal(module(x), actlab.get(name)(x))
    saved = io.BytesIO()
    torch.save(module, saved)
    saved.seek(0)
    copies = [copy.deepcopy(module), pickle.loads(pickle.dumps(module)), torch.load(saved, weights_only=False)]  # noqa: S301
    for other in copies:
        assert type(other) is type(module)
        assert repr(other) == repr(module)
        assert not other.training
        assert torch.equal(other(x), module(x))


def test_bound_invented_and_derived_functions_become_modules() -> None:
    bump = actlab.define("bump", "x*exp(-x**2)")
    for item in (actlab.get("elu:alpha=0.5"), bump, actlab.silu.derivative(), actlab.prelu.bind(weight=0.1)):
        module = pickle.loads(pickle.dumps(actlab.torch.module(item)))  # noqa: S301
        assert torch.equal(module(X), item(X))
        assert not list(module.parameters())
    assert repr(actlab.torch.module("elu:alpha=0.5")) == "ActivationModule('elu:alpha=0.5')"
    assert repr(actlab.torch.module(bump)) == "ActivationModule('bump')"


def test_repr_shows_what_differs_from_the_default() -> None:
    shown = {
        "SiLU()": actlab.torch.SiLU(),
        "LeakyReLU(negative_slope=0.2)": actlab.torch.LeakyReLU(0.2),
        "LeakyReLU()": actlab.torch.LeakyReLU(),
        "PReLU(num_parameters=4)": actlab.torch.PReLU(4),
        "PReLU(num_parameters=1, weight=0.1)": actlab.torch.PReLU(1, 0.1),
        "PReLU(weight=0.1)": actlab.torch.PReLU(weight=0.1, learnable=False),
        "Hardtanh(min_val=-2, max_val=2)": actlab.torch.Hardtanh(-2, 2),
        "Softmax(axis=1)": actlab.torch.Softmax(1),
        "Maxout(pieces=3)": actlab.torch.Maxout(3),
    }
    assert [repr(module) for module in shown.values()] == list(shown)
    assert "(maxout): Maxout(pieces=3)" in repr(actlab.torch.MaxoutLinear(2, 4, pieces=3))


# Learnable parameters


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (5, 4, 3, 2)])
@pytest.mark.parametrize("number", [1, 4])
def test_prelu_is_that_of_torch(number: int, shape: tuple[int, ...]) -> None:
    ours, theirs = actlab.torch.PReLU(num_parameters=number), nn.PReLU(num_parameters=number)
    start = torch.linspace(-0.2, 0.4, number)
    theirs.load_state_dict({"weight": start})
    ours.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(shape)
    for module in (ours, theirs):
        module(x).square().sum().backward()
    assert torch.equal(ours(x), theirs(x))
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)


def test_one_sample_alone_has_its_channels_along_its_only_axis() -> None:
    weight = torch.tensor([0.1, 0.2, 0.3, 0.4])
    module = actlab.torch.PReLU(4)
    module.load_state_dict({"weight": weight})
    assert torch.equal(module(-torch.ones(4)), -weight)
    assert torch.equal(torch.func.vmap(module)(-torch.ones(3, 4)), -weight.expand(3, 4))
    assert actlab.torch.PReLU()(torch.tensor(-2.0)).shape == ()


def test_learnable_parameters_move_with_the_model() -> None:
    module = actlab.torch.Swish(3, beta=2, dtype=torch.float64)
    assert module.beta.tolist() == [2, 2, 2]
    assert module.beta.dtype == torch.float64
    assert module.half().beta.dtype == torch.float16
    assert module(torch.ones(2, 3, dtype=torch.float16)).dtype == torch.float16
    assert actlab.torch.PReLU(2, device="meta").weight.device.type == "meta"
    module.beta.data.fill_(5)
    module.reset_parameters()
    assert module.beta.tolist() == [2, 2, 2]


def test_fixed_parameters_are_not_learned() -> None:
    module = actlab.torch.PReLU(weight=0.5, learnable=False)
    assert not list(module.parameters())
    assert not module.state_dict()
    assert module(torch.tensor([-2.0])).item() == -1


def test_a_slope_is_learned() -> None:
    torch.manual_seed(0)
    module = actlab.torch.PReLU()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    x = torch.randn(200)
    for _ in range(100):
        optimiser.zero_grad()
        (module(x) - torch.where(x > 0, x, 0.8 * x)).square().mean().backward()
        optimiser.step()
    assert module.weight.item() == pytest.approx(0.8, abs=1e-3)


# Random slopes


def test_rrelu_draws_as_torch_does() -> None:
    ours, theirs = actlab.torch.RReLU(), nn.RReLU()
    x = torch.full((50_000,), -1.0)
    mean, deviation = (1 / 8 + 1 / 3) / 2, (1 / 3 - 1 / 8) / 12**0.5
    for module in (ours, theirs):
        slopes = -module(x)
        assert slopes.min() >= 1 / 8
        assert slopes.max() <= 1 / 3
        assert slopes.mean().item() == pytest.approx(mean, abs=5 * deviation / 50_000**0.5)
        assert slopes.std().item() == pytest.approx(deviation, rel=0.02)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    assert torch.equal(ours.eval()(x), ours.eval()(x))


def test_rrelu_repeats_with_the_seed_of_torch() -> None:
    module, x = actlab.torch.RReLU(), -torch.ones(9)
    first = torch.manual_seed(5) and module(x)
    second = torch.manual_seed(5) and module(x)
    assert torch.equal(first, second)
    assert not torch.equal(first, module(x))


# Maxout


def test_two_pieces_are_relu_and_abs() -> None:
    layer = actlab.torch.MaxoutLinear(1, 2, pieces=2)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.tensor([[1.0], [0.0], [1.0], [-1.0]]))
        layer.linear.bias.zero_()
    x = torch.linspace(-3, 3, 31)[:, None]
    assert torch.equal(layer(x), torch.cat([x.relu(), x.abs()], dim=1))


def test_maxout_layer_learns() -> None:
    layer = actlab.torch.MaxoutLinear(3, 4, pieces=5, dtype=torch.float64)
    x = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    assert layer(x).shape == (7, 4)
    assert torch.autograd.gradcheck(layer, x)
    layer(x).sum().backward()
    taken = layer.linear.weight.grad.abs().sum(dim=1).reshape(4, 5) > 0
    assert taken.any(dim=1).all()
    assert pickle.loads(pickle.dumps(layer))(x).equal(layer(x))  # noqa: S301
    assert set(layer.state_dict()) == {"linear.weight", "linear.bias"}


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_groups_lie_along_any_axis(axis: int) -> None:
    x = torch.randn(6, 6, 6)
    torch.testing.assert_close(actlab.torch.Softmax(axis)(x), x.softmax(axis))
    torch.testing.assert_close(actlab.torch.LogSoftmax(axis)(x), x.log_softmax(axis))
    moved = x.movedim(axis, -1).reshape(6, 6, 2, 3).amax(-1).movedim(-1, axis)
    assert torch.equal(actlab.torch.Maxout(3, axis)(x), moved)


# What is refused

REFUSED = [
    (lambda: actlab.torch.module("mihs"), UnknownActivation, "no activation is called 'mihs'; did you mean 'mish'?"),
    (
        lambda: actlab.torch.ReLU(inplace=True),
        ParameterError,
        "relu: inplace must be left out; the result is always new memory",
    ),
    (lambda: actlab.torch.ELU(slope=1), ParameterError, "elu: no parameter is called 'slope'; its parameters: alpha"),
    (
        lambda: actlab.torch.Softmax(dim=1),
        ParameterError,
        "softmax: no parameter is called 'dim'; its parameters: axis",
    ),
    (lambda: actlab.torch.ELU(-1), ParameterError, "elu: alpha must lie in (0, inf); got alpha=-1"),
    (lambda: actlab.torch.ELU(1, 2), ParameterError, "elu: at most 1 values may be given by position; got 2"),
    (
        lambda: actlab.torch.ELU(1, alpha=2),
        ParameterError,
        "elu: alpha must be given once; got it by position and by name",
    ),
    (
        lambda: actlab.torch.ELU(alpha=torch.ones(2)),
        ParameterError,
        "elu: a bound parameter must be a number; got alpha=tensor([1., 1.])",
    ),
    (
        lambda: actlab.torch.Hardtanh(2, -2),
        ParameterError,
        "hard_tanh: min_val < max_val must hold; got min_val=2, max_val=-2",
    ),
    (
        lambda: actlab.torch.PReLU(0),
        OptionError,
        "prelu: num_parameters must be a positive whole number; got num_parameters=0",
    ),
    (
        lambda: actlab.torch.PReLU(0.25),
        OptionError,
        "prelu: num_parameters must be a positive whole number; got num_parameters=0.25",
    ),
    (
        lambda: actlab.torch.SiLU(num_parameters=3),
        OptionError,
        "silu: num_parameters must be 1 for a function without learnable parameters; got num_parameters=3",
    ),
    (
        lambda: actlab.torch.PReLU(4)(torch.ones(2, 5)),
        OptionError,
        "prelu: x must have num_parameters=4 channels along axis 1; got shape (2, 5)",
    ),
    (
        lambda: actlab.torch.PReLU(4)(torch.ones(())),
        OptionError,
        "prelu: x must have num_parameters=4 channels along axis 1; got shape ()",
    ),
    (
        lambda: actlab.torch.PReLU(4)(torch.ones(2, 1)),
        OptionError,
        "prelu: x must have num_parameters=4 channels along axis 1; got shape (2, 1)",
    ),
    (
        lambda: actlab.torch.SiLU()([1.0]),
        UnsupportedType,
        "silu: x must be a tensor; got list; use torch.as_tensor(x)",
    ),
    (
        lambda: actlab.torch.Maxout(3)(torch.ones(2, 5)),
        ParameterError,
        "maxout: pieces must divide the axis length 5; got pieces=3",
    ),
    (
        lambda: actlab.torch.MaxoutLinear(3, 4, pieces=0),
        ParameterError,
        "MaxoutLinear: pieces must be a positive whole number; got pieces=0",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_what_is_refused_is_said_in_one_line(call, kind: type[ActlabError], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_unknown_class_names_the_nearest() -> None:
    with pytest.raises(AttributeError) as caught:
        actlab.torch.SiLu  # noqa: B018 - the look-up is what is tested
    assert str(caught.value) == "module 'actlab.torch' has no attribute 'SiLu'; did you mean 'SiLU'?"
