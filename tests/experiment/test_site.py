"""The places of an activation: alone, under functional_call and vmap, and what is recorded there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

import actlab
from actlab.errors import OptionError
from actlab.experiment.contender import contender, parse
from actlab.experiment.site import Sites, counted, recording

TEXTS = [*actlab.names(), "swiglu", "gate(prelu)", "gate(maxout)", "gate(softmax)", "relu/hard_swish", "tanh/maxout"]


def perceptron(sites: Sites) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in (10, 8):
        act = sites()
        layers += [nn.Linear(inputs, 8 * act.pieces), act]
    return nn.Sequential(*layers, nn.Linear(8, 3))


def convolutional(sites: Sites) -> nn.Sequential:
    first, second = sites(), sites(axis=1)
    return nn.Sequential(
        nn.Unflatten(1, (1, 2, 5)), nn.Conv2d(1, 6 * first.pieces, 1), first, nn.Flatten(2),
        nn.Conv1d(6, 4 * second.pieces, 3), second, nn.Flatten(), nn.LazyLinear(3),
    )  # fmt: skip


def several(text: str, make: Callable[[Sites], nn.Module]) -> tuple[list[nn.Module], Tensor]:
    torch.manual_seed(1)
    models = [counted(parse(text), make) for _ in range(3)]
    x = torch.randn(3, 16, 10)
    for model, rows in zip(models, x, strict=True):
        model.train(text != "rrelu")(rows)
    return models, x


@pytest.mark.parametrize("make", [perceptron, convolutional])
@pytest.mark.parametrize("text", TEXTS)
def test_vmap_and_functional_call_equal_the_modules_alone(text: str, make: Callable[[Sites], nn.Module]) -> None:
    models, x = several(text, make)
    state, _ = stack_module_state(models)

    def loss(parameters: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        output = functional_call(models[0], parameters, (x,))
        return output.square().mean(), output

    gradients, together = vmap(grad(loss, has_aux=True), randomness="different")(state, x)
    for number, model in enumerate(models):
        output = model(x[number])
        parameters = dict(model.named_parameters())
        alone = torch.autograd.grad(output.square().mean(), list(parameters.values()), allow_unused=True)
        assert torch.allclose(together[number], output, atol=1e-6, rtol=1e-6)
        for name, gradient in zip(parameters, alone, strict=True):
            expected = torch.zeros_like(parameters[name]) if gradient is None else gradient
            assert torch.allclose(gradients[name][number], expected, atol=1e-6, rtol=1e-5), name


# The functions that PyTorch has itself.
REFERENCES: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": nn.functional.relu,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
    "mish": nn.functional.mish,
    "elu": nn.functional.elu,
    "hard_swish": nn.functional.hardswish,
    "softplus": nn.functional.softplus,
    "maxout": lambda z: z.unflatten(-1, (-1, 2)).amax(-1),
    "softmax": lambda z: z.softmax(-1),
    "swiglu": lambda z: nn.functional.silu(z[..., :8]) * z[..., 8:],
    # PyTorch gates the first half with the second.
    "glu": lambda z: nn.functional.glu(torch.cat([z[..., 8:], z[..., :8]], -1)),
}


@pytest.mark.parametrize("text", REFERENCES)
def test_values_and_gradients_are_pytorchs(text: str) -> None:
    reference = REFERENCES[text]
    site = Sites(parse(text))()
    z = torch.randn(3, 5, 16, generator=torch.Generator().manual_seed(1))
    for apply in (site, vmap(site, randomness="different")):
        own, theirs = z.clone().requires_grad_(), z.clone().requires_grad_()
        y, expected = apply(own), reference(theirs)
        assert torch.allclose(y, expected, atol=1e-6, rtol=1e-5)
        weights = torch.linspace(-1, 1, y.numel()).view_as(y)
        (g,), (h,) = (
            torch.autograd.grad((y * weights).sum(), own),
            torch.autograd.grad((expected * weights).sum(), theirs),
        )
        assert torch.allclose(g, h, atol=1e-6, rtol=1e-5)


def test_random_functions_draw_for_each_model_in_training_only() -> None:
    model = counted(parse("rrelu"), perceptron).train()
    x = torch.randn(5, 10)
    state = {name: torch.stack([value] * 3) for name, value in model.named_parameters()}
    run = vmap(lambda state, x: functional_call(model, state, (x,)), in_dims=(0, None), randomness="different")
    outputs = run(state, x)
    assert not torch.equal(outputs[0], outputs[1])
    model.eval()
    outputs = run(state, x)
    assert torch.equal(outputs[0], outputs[1])
    assert torch.allclose(outputs[0], model(x), atol=1e-6)


def test_learnable_parameters_belong_to_the_place() -> None:
    model = counted(parse("prelu"), perceptron)
    weights = [parameter for name, parameter in model.named_parameters() if "function" in name]
    assert [weight.numel() for weight in weights] == [1, 1]
    model(torch.randn(4, 10)).sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().item() > 0 for weight in weights)


@pytest.mark.parametrize(
    ("shape", "axis", "expected"),
    [
        ((5, 8), None, (5, 4)),
        ((5, 3, 8), None, (5, 3, 4)),
        ((5, 8, 3), 1, (5, 4, 3)),
        ((5, 8, 3, 2), None, (5, 4, 3, 2)),
        ((5, 8, 3, 2, 2), None, (5, 4, 3, 2, 2)),
        ((5, 3, 2, 8), -1, (5, 3, 2, 4)),
    ],
)
@pytest.mark.parametrize("text", ["maxout", "swiglu"])
def test_the_axis_of_features(text: str, shape: tuple[int, ...], axis: int | None, expected: tuple[int, ...]) -> None:
    site = Sites(parse(text))(axis)
    z = torch.randn(shape)
    y = site(z)
    assert y.shape == expected
    along_last = Sites(parse(text))(-1)(z.movedim(site.dim(z), -1)).movedim(-1, site.dim(z))
    assert torch.equal(y, along_last)


@pytest.mark.parametrize(("text", "pieces"), [("maxout:pieces=3", 3), ("swiglu", 2), ("gate(maxout)", 3)])
def test_features_that_are_no_multiple_of_the_pieces(text: str, pieces: int) -> None:
    with pytest.raises(OptionError) as caught:
        Sites(parse(text))()(torch.zeros(2, 7))
    assert str(caught.value) == (
        f"compare: {parse(text).units[0].label} must be given {pieces} features for each of its outputs; "
        "got 7 features; make the layer before it activation().pieces times as wide"
    )


def test_functions_by_depth_take_their_places() -> None:
    model = counted(parse("relu/tanh"), perceptron)
    assert [part.unit.label for part in model if hasattr(part, "unit")] == ["relu", "tanh"]
    once, by_depth = (torch.manual_seed(1) and counted(parse(text), perceptron) for text in ("relu", "relu/tanh"))
    assert torch.equal(once[0].weight, by_depth[0].weight)


def test_custom_modules_stand_in_places() -> None:
    model = counted(contender(nn.PReLU), perceptron)
    theirs = nn.Sequential(model[0], nn.PReLU(), model[2], nn.PReLU(), model[4])
    x = torch.randn(4, 10)
    assert torch.equal(model(x), theirs(x))
    assert len({id(parameter) for parameter in model.parameters()}) == 8


def test_recording_sees_what_arrives_and_its_gradient() -> None:
    model = counted(parse("tanh"), perceptron)
    x = torch.randn(4, 10)
    with recording() as seen:
        loss = model(x).square().mean()
    z = model[0](x)
    assert torch.equal(seen.inputs[0], z)
    assert torch.equal(seen.outputs[0], model[1](z))
    assert [site.position for site in seen.sites] == [0, 1]
    gradients = torch.autograd.grad(loss, seen.inputs)
    assert [gradient.shape for gradient in gradients] == [(4, 8), (4, 8)]
    model(x)
    assert len(seen.inputs) == 2


def test_a_site_that_is_called_twice_is_there_twice() -> None:
    site = Sites(parse("relu"))()
    with recording() as outer:
        site(site(torch.ones(2, 3)) - 5)
        with recording() as inner:
            site(torch.ones(2, 3))
        site(torch.ones(2, 3))
    assert (len(outer.inputs), len(inner.inputs)) == (3, 1)


def test_of_a_gate_the_half_that_gates_is_recorded() -> None:
    site = Sites(parse("swiglu"))()
    z = torch.randn(4, 10)
    with recording() as seen:
        y = site(z)
    assert torch.equal(seen.inputs[0], z[:, :5])
    assert torch.equal(y, seen.outputs[0] * z[:, 5:])


@pytest.mark.parametrize("text", ["silu", "maxout", "swiglu", "relu/hard_swish"])
def test_recording_under_vmap_equals_recording_alone(text: str) -> None:
    models, x = several(text, perceptron)
    state, _ = stack_module_state(models)

    def run(state: dict[str, Tensor], x: Tensor, *extra: Tensor) -> tuple[Any, ...]:
        with recording(extra) as seen:
            output = functional_call(models[0], state, (x,))
        return output, *seen.inputs

    _, *shapes = vmap(run, randomness="different")(state, x)
    extra = [torch.zeros_like(z, requires_grad=True) for z in shapes]
    output, *inputs = vmap(run, randomness="different")(state, x, *extra)
    gradients = torch.autograd.grad(output.square().mean((1, 2)).sum(), extra)
    for number, model in enumerate(models):
        with recording() as seen:
            loss = model(x[number]).square().mean()
        for z, gradient, own, expected in zip(
            inputs, gradients, seen.inputs, torch.autograd.grad(loss, seen.inputs), strict=True
        ):
            assert torch.allclose(z[number], own, atol=1e-6)
            assert torch.allclose(gradient[number], expected, atol=1e-7, rtol=1e-5)
