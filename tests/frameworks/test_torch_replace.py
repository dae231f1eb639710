"""Swapping the activations of a model that exists already."""

from __future__ import annotations

import pytest

import actlab
from actlab.errors import ActlabError, UnknownActivation, UnsupportedType

torch = pytest.importorskip("torch")
nn = torch.nn
replace = actlab.torch.replace


def kinds(model: nn.Module) -> list[str]:
    return [type(module).__name__ for module in model.modules() if not list(module.children())]


def test_modules_are_found_at_any_depth() -> None:
    inner = nn.Sequential(nn.ReLU(inplace=True), nn.ModuleDict({"act": nn.ReLU(), "other": nn.Tanh()}))
    model = nn.Sequential(nn.Linear(2, 2), inner, nn.ModuleList([actlab.torch.ReLU()]), nn.ReLU6())
    assert replace(model, "relu", "silu") == 3
    assert kinds(model) == ["Linear", "SiLU", "SiLU", "Tanh", "SiLU", "ReLU6"]
    assert all(isinstance(m, actlab.torch.ActivationModule) for m in model.modules() if type(m).__name__ == "SiLU")
    assert replace(model, "silu", "mish") == 3
    assert replace(model, "relu6", "relu") == 1


def test_the_model_computes_with_the_new_function() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    x = torch.randn(4, 3)
    replace(model, "relu", "elu", alpha=0.5)
    want = nn.functional.elu(x @ model[0].weight.T + model[0].bias, 0.5) @ model[2].weight.T + model[2].bias
    torch.testing.assert_close(model(x), want)


def test_a_shared_module_stays_shared() -> None:
    act = nn.PReLU()
    model = nn.ModuleDict({"a": act, "b": act, "c": nn.PReLU()})
    assert replace(model, "prelu", "swish") == 2
    assert model["a"] is model["b"]
    assert model["a"] is not model["c"]


def test_mode_device_and_dtype_are_those_of_the_surroundings() -> None:
    double = nn.Sequential(nn.Linear(2, 2), nn.ReLU()).double().eval()
    model = nn.Sequential(nn.Linear(2, 2, device="meta"), double)
    replace(model, "relu", "prelu", num_parameters=2)
    new = double[1]
    assert (new.weight.dtype, new.weight.device.type, new.training) == (torch.float64, "cpu", False)
    assert new.weight.shape == (2,)
    assert "1.1.weight" in model.state_dict()


def test_a_class_finds_exactly_its_modules() -> None:
    model = nn.Sequential(nn.Hardtanh(), nn.ReLU6(), nn.GELU())  # torch's ReLU6 is a subclass of its Hardtanh
    assert replace(model, nn.Hardtanh, "tanh") == 1
    assert kinds(model) == ["Tanh", "ReLU6", "GELU"]


def test_bound_parameters_narrow_the_search() -> None:
    model = nn.Sequential(nn.LeakyReLU(0.2), nn.LeakyReLU(), actlab.torch.LeakyReLU(0.2), actlab.torch.LeakyReLU())
    assert replace(model, "leaky_relu:negative_slope=0.2", "relu") == 2
    assert kinds(model) == ["ReLU", "LeakyReLU", "ReLU", "LeakyReLU"]


def test_both_functions_of_the_class_gelu_are_told_apart() -> None:
    model = nn.Sequential(nn.GELU(), nn.GELU(approximate="tanh"))
    assert replace(model, "gelu_tanh", "silu") == 1
    assert kinds(model) == ["GELU", "SiLU"]
    assert replace(model, "gelu", "silu") == 1


def test_an_encoder_layer_of_torch_uses_the_new_function_in_eval_mode_too() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, activation=nn.ReLU(), batch_first=True)
    replace(layer, "relu", "silu")
    x = torch.randn(2, 3, 4)
    with torch.no_grad():
        torch.testing.assert_close(layer.eval()(x), layer.train()(x))


REFUSED = [
    (lambda m: replace("model", "relu", "silu"), UnsupportedType, "replace: model must be a torch.nn.Module; got str"),
    (
        lambda m: replace(m[1], "relu", "silu"),
        UnsupportedType,
        "replace: model must contain the activation, not be it; write model = actlab.torch.module(...)",
    ),
    (
        lambda m: replace(m, "mish", "silu"),
        ActlabError,
        "replace: model must contain a mish module; found none; calls such as F.mish(x) are not modules",
    ),
    (
        lambda m: replace(m, nn.Tanh, "silu"),
        ActlabError,
        "replace: model must contain a Tanh module; found none; calls such as F.Tanh(x) are not modules",
    ),
    (lambda m: replace(m, "relu", "sliu"), UnknownActivation, "no activation is called 'sliu'; did you mean 'silu'?"),
    (lambda m: replace(m, "rleu", "silu"), UnknownActivation, "no activation is called 'rleu'; did you mean 'relu'?"),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_what_is_refused_is_said_in_one_line(call, kind: type[ActlabError], text: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with pytest.raises(kind) as caught:
        call(model)
    assert str(caught.value) == text
    assert kinds(model) == ["Linear", "ReLU"]
