"""The stacked networks: against single ones, against PyTorch's own loss and optimiser, and their start."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import actlab
from actlab.experiment.hidden import Hidden
from actlab.experiment.mlp import (
    StackedAdam,
    StackedMLP,
    layer_sizes,
    losses,
    matched_width,
    parameter_count,
)

SIZES = layer_sizes(pieces=1, depth=3, width=64, inputs=40, outputs=10)


def trained(name: str, seeds: list[int], rates: list[float], steps: int = 10) -> torch.Tensor:
    """Outputs after a few steps on rows that depend on the seed alone."""
    hidden = Hidden(actlab.get(name))
    sizes = layer_sizes(hidden.pieces, 3, 64, 40, 10)
    model = StackedMLP(hidden, sizes, seeds)
    parameters = list(model.parameters())
    adam = StackedAdam(parameters, torch.tensor(rates))
    generators = {seed: np.random.default_rng(seed) for seed in set(seeds)}
    for _ in range(steps):
        rows = {seed: rng.normal(size=(64, 40)).astype(np.float32) for seed, rng in generators.items()}
        x = torch.from_numpy(np.stack([rows[seed] for seed in seeds]))
        y = (x.sum(2) * 3).long() % 10
        adam.step(torch.autograd.grad(losses(model(x, training=True), y).sum(), parameters), 1.0)
    probe = torch.linspace(-2, 2, 400).view(1, 10, 40).expand(len(seeds), -1, -1)
    return model(probe).detach()


@pytest.mark.parametrize("name", ["relu", "silu", "prelu", "swish", "maxout", "softmax"])
def test_a_stack_of_five_and_single_runs_agree_to_1e_5_after_10_steps(name: str) -> None:
    seeds, rates = [1, 2, 3, 1, 2], [1e-3, 1e-3, 1e-3, 1e-2, 1e-2]
    together = trained(name, seeds, rates)
    apart = torch.cat([trained(name, [seed], [rate]) for seed, rate in zip(seeds, rates, strict=True)])
    assert together.std() > 0.1
    assert (together - apart).abs().max() <= 1e-5


def test_members_do_not_disturb_each_other() -> None:
    healthy = trained("relu", [1, 2], [1e-3, 1e-3])[0]
    beside_a_broken_one = trained("relu", [1, 2], [1e-3, float("nan")])
    assert beside_a_broken_one[1].isnan().all()
    assert torch.equal(healthy, beside_a_broken_one[0])


def test_adam_is_pytorchs_adam() -> None:
    start = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(1))
    own, theirs = start.clone(), [start[k].clone().requires_grad_() for k in range(3)]
    rates = [1e-3, 1e-2, 0.1]
    stacked = StackedAdam([own], torch.tensor(rates))
    optimisers = [torch.optim.Adam([p], lr=rate) for p, rate in zip(theirs, rates, strict=True)]
    for step in range(20):
        gradient = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(100 + step))
        stacked.step([gradient], 1.0)
        for parameter, optimiser, part in zip(theirs, optimisers, gradient, strict=True):
            parameter.grad = part
            optimiser.step()
    assert torch.allclose(own, torch.stack([p.detach() for p in theirs]), rtol=1e-5, atol=1e-6)


def test_losses_are_pytorchs() -> None:
    outputs = torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(21).view(3, 7) % 4
    expected = [torch.nn.functional.cross_entropy(outputs[k], labels[k]) for k in range(3)]
    assert torch.allclose(losses(outputs, labels), torch.stack(expected))
    expected = [torch.nn.functional.mse_loss(outputs[k, :, 0], labels[k] / 2) for k in range(3)]
    assert torch.allclose(losses(outputs[..., :1], labels / 2), torch.stack(expected))


@pytest.mark.parametrize("pieces", [2, 3, 4])
def test_maxout_gets_the_width_whose_parameters_come_closest(pieces: int) -> None:
    hidden = Hidden(actlab.maxout.bind(pieces=pieces))
    width = matched_width(hidden, 3, 64, 40, 10)
    plain = parameter_count(SIZES)

    def miss(width: int) -> float:
        return abs(parameter_count(layer_sizes(pieces, 3, width, 40, 10)) / plain - 1)

    assert miss(width) < 0.02
    assert miss(width) < min(miss(width - 1), miss(width + 1))


def test_parameter_count_is_the_number_of_numbers() -> None:
    model = StackedMLP(Hidden(actlab.maxout), layer_sizes(2, 3, 40, 40, 10), [1])
    assert sum(p.numel() for p in model.parameters()) == parameter_count(layer_sizes(2, 3, 40, 40, 10))


# 1 / sqrt(E f(z)^2), z standard normal, in closed form.
GAINS = {
    "identity": 1.0,
    "relu": 2**0.5,
    "leaky_relu:negative_slope=0.5": (2 / 1.25) ** 0.5,
    "heaviside": 2**0.5,
    "maxout": 1.0,
    "rrelu": (2 / (1 + (11 / 48) ** 2)) ** 0.5,
    "tanh": 1.5925374197228315,
}


@pytest.mark.parametrize("name", GAINS)
def test_gain(name: str) -> None:
    tolerance = 0.01 if name == "maxout" else 1e-4
    assert Hidden(actlab.get(name)).gain(64) == pytest.approx(GAINS[name], rel=tolerance)


@pytest.mark.parametrize(("formula", "gain"), [("0*x", 1.0), ("log(x)", 1.0), ("3*x", 1 / 3)])
def test_gain_of_an_invented_function_is_its_own_or_1(formula: str, gain: float) -> None:
    assert Hidden(actlab.define("mine", formula)).gain(8) == pytest.approx(gain, rel=1e-6)


@pytest.mark.parametrize("name", ["relu", "silu", "elu", "maxout"])
def test_the_signal_keeps_its_size_through_the_layers(name: str) -> None:
    hidden = Hidden(actlab.get(name))
    model = StackedMLP(hidden, layer_sizes(hidden.pieces, 3, 256, 256, 10), [1, 2])
    x = torch.randn(2, 500, 256, generator=torch.Generator().manual_seed(3))
    assert model(x).square().mean().sqrt().item() == pytest.approx(1, abs=0.25)


def test_all_functions_start_from_the_same_draws() -> None:
    relu, tanh = (StackedMLP(Hidden(actlab.get(name)), SIZES, [4, 5]) for name in ("relu", "tanh"))
    assert torch.equal(relu.weights[0], tanh.weights[0])
    ratio = relu.weights[1] / tanh.weights[1]
    assert ratio.mean().item() == pytest.approx(2**0.5 / 1.5925374, rel=1e-5)
    assert not torch.equal(relu.weights[0][0], relu.weights[0][1])


@pytest.mark.parametrize("name", ["prelu", "swish"])
def test_learnable_parameters_learn_one_value_per_model_and_layer(name: str) -> None:
    model = StackedMLP(Hidden(actlab.get(name)), SIZES, [1, 2])
    assert [extra.shape for layer in model.extras for extra in layer.values()] == [(2, 1, 1)] * 3
    x = torch.randn(2, 64, 40, generator=torch.Generator().manual_seed(1))
    gradients = torch.autograd.grad(model(x).square().sum(), [p for e in model.extras for p in e.values()])
    assert all(bool((gradient != 0).all()) for gradient in gradients)


def test_rrelu_draws_in_training_and_takes_the_mean_slope_otherwise() -> None:
    model = StackedMLP(Hidden(actlab.rrelu), SIZES, [1, 2])
    x = torch.randn(2, 64, 40, generator=torch.Generator().manual_seed(1))

    def drawn(seed: int) -> torch.Tensor:
        return model(x, training=True, draws=torch.Generator().manual_seed(seed))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))
    mean = StackedMLP(Hidden(actlab.leaky_relu.bind(negative_slope=11 / 48)), SIZES, [1, 2])
    mean.weights, mean.biases = model.weights, model.biases
    assert torch.allclose(model(x), mean(x), atol=1e-5)
