"""How networks start: the function's own gain where its outputs arrive, PyTorch's start otherwise."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from actlab.experiment.contender import contender, parse
from actlab.experiment.models import NAMES, Design
from actlab.experiment.models.factory import network
from actlab.experiment.models.start import gains_of, initialise, started
from actlab.experiment.site import Sites, counted

RELU = 2**0.5


def mlp(width: int = 64, depth: int = 3, norm: str = "none") -> Design:
    return Design("mlp", 40, (40,), 10, width, depth, norm)


def gains(make: object, features: int = 6, text: str = "relu") -> list[float]:
    """Of the layers in the order of the attributes."""
    module = counted(parse(text), make)  # type: ignore[arg-type,type-var]
    found = gains_of(module, features)
    return [found[part] for part in module.modules() if part in found]


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_an_mlp_starts_with_these_numbers(norm: str) -> None:
    module = started(lambda: network(mlp(norm=norm), parse("relu")), "gain", 5, 40)
    rng = np.random.default_rng([5, 1])
    layers = [part for part in module.modules() if isinstance(part, nn.Linear)]
    for number, layer in enumerate(layers):
        fan_in, fan_out = layer.in_features, layer.out_features
        expected = rng.standard_normal((fan_in, fan_out)) * ((RELU if number else 1.0) / fan_in**0.5)
        assert np.allclose(layer.weight.detach().numpy(), expected.T.astype(np.float32), rtol=1e-6)
        assert (layer.bias == 0).all()


# Smooth functions leave the fixed point of their gain with depth: silu grows, tanh shrinks.
@pytest.mark.parametrize(
    ("text", "low", "high"), [("relu", 0.5, 2), ("maxout", 0.5, 2), ("silu", 0.5, 50), ("tanh", 0.1, 2)]
)
def test_the_signal_keeps_its_size_at_depth_30(text: str, low: float, high: float) -> None:
    design = mlp(256, 30)
    module = started(lambda: network(design, parse(text)), "gain", 1, 40)
    x = torch.randn(200, 40, generator=torch.Generator().manual_seed(1))
    assert low < module(x).square().mean().sqrt().item() < high
    assert started(lambda: network(design, parse(text)), "torch", 1, 40)(x).std(0).max() < 0.01


@pytest.mark.parametrize("model", ["cnn", "resnet", "transformer"])
def test_the_signal_keeps_its_size_in_deep_networks_of_other_kinds(model: str) -> None:
    design = Design(model, 256, (16, 16), 10, 32, 10, "none")
    sizes = []
    for seed in range(3):
        module = started(lambda: network(design, parse("relu")), "gain", seed, 256)
        x = torch.randn(100, 256, generator=torch.Generator().manual_seed(1))
        sizes.append(module(x).square().mean().sqrt().item())
    # The zeros around a picture and the mean over positions take their share.
    assert 0.05 < np.mean(sizes) < 2


def test_functions_start_from_the_same_draws() -> None:
    relu = started(lambda: network(mlp(), parse("relu")), "gain", 4, 40)
    silu = started(lambda: network(mlp(), parse("silu")), "gain", 4, 40)
    assert torch.equal(relu[0].weight, silu[0].weight)
    ratio = relu[3].weight / silu[3].weight
    assert ratio.mean().item() == pytest.approx(RELU / 1.6765324703, rel=1e-5)
    assert ratio.std().item() < 1e-5


@pytest.mark.parametrize("init", ["gain", "torch"])
def test_seeds_decide_everything_and_the_callers_generator_nothing(init: str) -> None:
    def flat(seed: int) -> torch.Tensor:
        design = Design("transformer", 40, (40,), 3, 32, 2, "layer")
        module = started(lambda: network(design, parse("relu/swish")), init, seed, 40)
        return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])

    before = torch.random.get_rng_state()
    first = flat(1)
    torch.rand(3)
    assert torch.equal(first, flat(1))
    assert not torch.equal(first, flat(2))
    torch.random.set_rng_state(before)
    flat(1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_torch_start_is_pytorchs() -> None:
    torch.manual_seed(3)
    expected = nn.Linear(40, 64).weight
    assert torch.equal(started(lambda: network(mlp(), parse("relu")), "torch", 3, 40)[0].weight, expected)


def test_norms_positions_and_learned_parameters_are_left_alone() -> None:
    design = Design("transformer", 40, (40,), 3, 32, 2, "layer")
    ours, theirs = (started(lambda: network(design, parse("prelu")), init, 1, 40) for init in ("gain", "torch"))
    left = {
        name
        for name, parameter in ours.named_parameters()
        if "norm" in name or "position" in name or "function" in name
    }
    assert len(left) == 2 * 5 + 1 + 2
    for name, parameter in ours.named_parameters():
        same = torch.equal(parameter, dict(theirs.named_parameters())[name])
        assert same == (name in left), name


@pytest.mark.parametrize("model", [name for name in NAMES if name in ("resnet", "transformer")])
def test_residual_branches_start_smaller_by_the_root_of_their_number(model: str) -> None:
    design = Design(model, 64, (8, 8), 10, 32, 4, "none")
    module = started(lambda: network(design, parse("relu")), "gain", 1, 64)
    branches = 8 if model == "transformer" else 4
    last = module.blocks[1].feed_forward[2] if model == "transformer" else module.blocks[1].conv2
    fan_in = last.weight[0].numel()
    assert last.weight.std().item() == pytest.approx(RELU / (fan_in * branches) ** 0.5, rel=0.05)


class Tangled(nn.Module):
    """Attributes in another order than that of execution, a shared activation, pooling, two paths, a norm."""

    def __init__(self, sites: Sites) -> None:
        super().__init__()
        self.act = sites()
        self.head = nn.Linear(4, 2)  # behind a norm
        self.second = nn.Conv1d(3, 3, 3, padding=1)  # behind the activation
        self.pooled = nn.Linear(3, 4)  # behind the activation and pooling
        self.first = nn.Conv1d(1, 3, 3, padding=1)  # behind the input
        self.beside = nn.Linear(3, 4)  # behind another layer
        self.unused = nn.Linear(3, 3)
        self.norm = nn.LayerNorm(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Flat rows to outputs."""
        x = self.act(self.first(x[:, None]))
        x = self.act(self.second(x) + 0 * x)
        x = self.pooled(x.mean(2)) + self.beside(self.second(x).mean(2))
        return self.head(self.norm(self.act(x)))


def test_what_arrives_at_a_layer_is_found_in_the_graph() -> None:
    assert gains(Tangled) == pytest.approx([1.0, RELU, RELU, 1.0, 1.0])


class Detached(nn.Module):
    """No graph leads from the activation to the next layer."""

    def __init__(self, sites: Sites) -> None:
        super().__init__()
        self.act, self.last = sites(), nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Flat rows to outputs."""
        return self.last(self.act(x.detach()))


def test_what_is_detached_counts_as_an_input() -> None:
    assert gains(Detached) == [1.0]


def test_an_activation_on_the_input_counts() -> None:
    assert gains(lambda sites: nn.Sequential(sites(), nn.Linear(6, 2))) == pytest.approx([RELU])


def test_networks_without_hooks_in_their_way_start_all_the_same() -> None:
    class Functional(nn.Module):
        def __init__(self, sites: Sites) -> None:
            super().__init__()
            self.act, self.layer = sites(), nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(self.act(x), self.layer.weight)

    module = started(lambda: counted(parse("relu"), Functional), "gain", 1, 6)
    expected = np.random.default_rng([1, 1]).standard_normal((6, 2)).T / 6**0.5
    assert np.allclose(module.layer.weight.detach(), expected, rtol=1e-6)


def test_modes_and_statistics_are_kept() -> None:
    module = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2))
    module[2].eval()
    statistics = module[1].running_mean.clone()
    initialise(module, 1, 6)
    assert [part.training for part in module] == [True, True, False, True]
    assert torch.equal(module[1].running_mean, statistics)
    assert all(parameter.grad is None for parameter in module.parameters())


def test_layers_inside_an_activation_and_computed_weights_are_not_touched() -> None:
    class Learned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x).relu()

    def make(sites: Sites) -> nn.Module:
        return nn.Sequential(
            nn.Linear(6, 4), sites(), nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)), nn.Linear(4, 2)
        )

    ours, theirs = (started(lambda: counted(contender(Learned), make), init, 1, 6) for init in ("gain", "torch"))
    changed = [name for name, tensor in ours.state_dict().items() if not torch.equal(tensor, theirs.state_dict()[name])]
    assert changed == ["0.weight", "0.bias", "3.weight", "3.bias"]


def test_the_first_layer_is_never_scaled_by_an_activation() -> None:
    for model in NAMES:
        design = Design(model, 64, (8, 8), 10, 32, 2, "none")
        module = network(design, parse("silu"))
        first = next(iter(gains_of(module, 64).items()))
        assert first[1] == 1.0, model
        assert next(part for part in module.modules() if isinstance(part, (nn.Linear, nn.Conv2d))) is first[0]


def test_every_generator_is_seeded_and_left_as_it_was() -> None:
    def make() -> nn.Module:
        layer = nn.Linear(3, 2)
        layer.own = (np.random.rand(), random.random(), torch.rand(()).item())  # noqa: NPY002, S311
        return layer

    states = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first, again, other = (started(make, "torch", seed, 3).own for seed in (1, 1, 2))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[2])


@pytest.mark.parametrize("init", ["torch", "gain"])
def test_lazy_layers_learn_their_sizes_first(init: str) -> None:
    module = started(lambda: nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2)), init, 1, 7)
    assert [tuple(parameter.shape) for parameter in module.parameters()] == [(4, 7), (4,), (2, 4), (2,)]
