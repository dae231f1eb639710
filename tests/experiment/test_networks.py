"""Stacks of networks: against the plain module, against each other, against PyTorch's optimiser and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from experiment.problems import chunk, problem
from torch import nn

from actlab.experiment.adam import StackedAdam
from actlab.experiment.build import builder
from actlab.experiment.mlp import StackedMLP
from actlab.experiment.networks import Batched, Networks, OneByOne, batchable
from actlab.experiment.objective import losses
from actlab.experiment.problem import Problem
from actlab.experiment.stacks import MOST_BYTES, stack
from actlab.experiment.train import run_chunk


def wide(function: str, **changes: Any) -> Problem:
    return problem(function, depth=3, width=64, **changes)


def trained(kind: type[Networks], own: Problem, seeds: list[int], rates: list[float], steps: int = 10) -> torch.Tensor:
    """Outputs after a few steps on rows that depend on the seed alone."""
    networks = kind(builder(own), seeds, "cpu")
    adam = StackedAdam(networks.parameters, torch.tensor(rates))
    generators = {seed: np.random.default_rng(seed) for seed in set(seeds)}
    for _ in range(steps):
        rows = {seed: rng.normal(size=(64, 13)).astype(np.float32) for seed, rng in generators.items()}
        x = torch.from_numpy(np.stack([rows[seed] for seed in seeds]))
        y = (x.sum(2) * 3).long() % 3
        adam.step(networks.gradients(losses("classification", networks(x, training=True), y)), 1.0)
    probe = torch.linspace(-2, 2, 130).view(1, 10, 13).expand(len(seeds), -1, -1)
    return networks(probe).detach()


def apart(first: torch.Tensor, second: torch.Tensor) -> float:
    """The largest difference, as a share of the largest output where that is above 1."""
    return float((first - second).abs().max() / second.abs().max().clamp(min=1.0))


SEEDS, RATES = [1, 2, 3, 1, 2], [1e-3, 1e-3, 1e-3, 1e-2, 1e-2]
FUNCTIONS = ["relu", "silu", "prelu", "swish", "maxout", "swiglu", "relu/tanh", "softmax"]


@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_stack_and_single_runs_agree_to_1e_5_after_10_steps(function: str, norm: str) -> None:
    own = wide(function, norm=norm)
    together = trained(StackedMLP, own, SEEDS, RATES)
    alone = torch.cat([trained(StackedMLP, own, [seed], [rate]) for seed, rate in zip(SEEDS, RATES, strict=True)])
    assert together.std() > 0.1
    assert apart(together, alone) <= 1e-5


@pytest.mark.parametrize("norm", ["none", "layer"])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stack_is_the_module(function: str, norm: str) -> None:
    own = wide(function, norm=norm)
    found = [trained(kind, own, SEEDS, RATES) for kind in (StackedMLP, Batched, OneByOne)]
    assert apart(found[0], found[2]) <= 1e-5
    assert apart(found[1], found[2]) <= 1e-5


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_stack_is_the_module_with_batch_norm(function: str) -> None:
    # One step: the gradient of a bias before it is nothing but rounding errors, which Adam blows up to whole steps.
    own = wide(function, norm="batch")
    x = torch.randn(5, 64, 13, generator=torch.Generator().manual_seed(1))
    found = []
    for kind in (OneByOne, StackedMLP, Batched):
        networks = kind(builder(own), SEEDS, "cpu")
        output = networks(x, training=True)
        gradients = networks.gradients(output.square().sum((1, 2)))
        # Sizes only: a stack keeps its matrices the other way round.
        sizes = (gradient.flatten(1).norm(dim=1) for gradient in gradients)
        found.append([output.detach(), networks(x).detach(), *sizes])
    for other in found[1:]:
        assert all(apart(mine, theirs) <= 1e-4 for mine, theirs in zip(other, found[0], strict=True))


@pytest.mark.parametrize("function", ["relu", "prelu"])
def test_it_trains_as_a_plain_loop_would(function: str) -> None:
    own = wide(function, norm="layer")
    module = builder(own)(4)
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-2)
    rng = np.random.default_rng(4)
    for _ in range(10):
        x = torch.from_numpy(rng.normal(size=(64, 13)).astype(np.float32))
        loss = nn.functional.cross_entropy(module(x), (x.sum(1) * 3).long() % 3)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    probe = torch.linspace(-2, 2, 130).view(10, 13)
    expected = module.eval()(probe)
    assert torch.allclose(trained(StackedMLP, own, [4, 5], [1e-2, 1e-3])[0], expected, atol=2e-5)


def test_members_do_not_disturb_each_other() -> None:
    own = wide("relu")
    healthy = trained(StackedMLP, own, [1, 2], [1e-3, 1e-3])[0]
    beside_a_broken_one = trained(StackedMLP, own, [1, 2], [1e-3, float("nan")])
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


def test_all_functions_start_from_the_same_draws() -> None:
    relu, tanh = (StackedMLP(builder(wide(name)), [4, 5], "cpu") for name in ("relu", "tanh"))
    first, second = "0.weight", "3.weight"
    assert torch.equal(relu.state[first], tanh.state[first])
    ratio = relu.state[second] / tanh.state[second]
    assert ratio.mean().item() == pytest.approx(2**0.5 / 1.5925374, rel=1e-5)
    assert not torch.equal(relu.state[first][0], relu.state[first][1])


def test_pytorchs_start_is_pytorchs() -> None:
    stacked = StackedMLP(builder(wide("relu", init="torch")), [7, 7], "cpu")
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = nn.Linear(13, 64)
    assert torch.equal(stacked.state["0.weight"][1].T, expected.weight)


@pytest.mark.parametrize("function", ["prelu", "swish"])
def test_learnable_parameters_learn_one_value_per_model_and_layer(function: str) -> None:
    networks = StackedMLP(builder(wide(function)), [1, 2], "cpu")
    x = torch.randn(2, 64, 13, generator=torch.Generator().manual_seed(1))
    own = [
        networks.state[f"{place}.function.{name}"]
        for place in (2, 5, 8)
        for name in networks.module[2].function.learned
    ]
    gradients = torch.autograd.grad(networks(x).square().sum(), own)
    assert [gradient.shape for gradient in gradients] == [(2, 1)] * 3
    assert all(bool((gradient != 0).all()) for gradient in gradients)
    assert [len(each) for each in networks.learned()] == [3, 3]


@pytest.mark.parametrize("kind", [StackedMLP, Batched, OneByOne])
def test_rrelu_draws_in_training_and_takes_the_mean_slope_otherwise(kind: type[Networks]) -> None:
    networks = kind(builder(wide("rrelu")), [1, 1], "cpu")
    mean = kind(builder(wide(f"leaky_relu:negative_slope={11 / 48}")), [1, 1], "cpu")
    mean.state = networks.state
    x = torch.randn(1, 64, 13, generator=torch.Generator().manual_seed(1)).expand(2, -1, -1)
    first, second = networks(x, training=True)
    assert not torch.equal(first, second)  # every model draws for itself
    assert torch.allclose(networks(x), mean(x), atol=1e-5)


class Asks(nn.Module):
    """A network that vmap cannot run: what it does depends on a value."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(13, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        z = self.first(x)
        return self.last(z if float(z.detach().mean()) > 100 else z / 2)


class Reassigns(nn.Module):
    """What it remembers is another tensor after every call."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(13, 3)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        self.calls = self.calls + 1
        return self.last(x) * self.calls


class Hides(nn.Module):
    """A random start that is neither a parameter nor a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.mixing = nn.Linear(13, 3), torch.randn(13, 13)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return self.last(x @ self.mixing)


class Counts(nn.Module):
    """Remembers in plain Python how often it was called in training, and changes its input in place."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.calls = nn.Linear(13, 3), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # noqa: D102
        self.calls += self.training
        x *= 0.5
        return self.last(x) / (1 + self.calls)


def seeded(make: Callable[[], nn.Module]) -> Callable[[int], nn.Module]:
    """What builds the same network for the same seed."""

    def build(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return make()

    return build


def test_what_vmap_cannot_do_trains_one_by_one() -> None:
    rows = torch.randn(4, 13)
    usual = seeded(lambda: nn.Sequential(nn.Linear(13, 8), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 3)))
    assert batchable(usual, usual, rows, "cpu")
    for kind in (Asks, Reassigns, Hides):
        assert not batchable(seeded(kind), seeded(kind), rows, "cpu"), kind
    assert not batchable(seeded(Asks), usual, rows, "cpu")


@pytest.mark.parametrize("kind", [Asks, Reassigns, Hides, Counts])
def test_one_by_one_is_a_plain_loop_whatever_the_network_remembers(kind: type[nn.Module]) -> None:
    networks, modules = OneByOne(seeded(kind), [1, 2], "cpu"), [seeded(kind)(seed) for seed in (1, 2)]
    adam = StackedAdam(networks.parameters, torch.tensor([1e-2, 1e-2]))
    optimisers = [torch.optim.Adam(module.parameters(), lr=1e-2) for module in modules]
    rows = torch.randn(20, 2, 7, 13, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(14).view(2, 7) % 3
    for x in rows:
        # A look in between must leave no trace.
        networks.record(x)
        adam.step(networks.gradients(losses("classification", networks(x.clone(), training=True), labels)), 1.0)
        for module, optimiser, own, y in zip(modules, optimisers, x, labels, strict=True):
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(own.clone()), y).backward()
            optimiser.step()
    expected = torch.stack([module.eval()(own.clone()) for module, own in zip(modules, rows[0], strict=True)])
    assert apart(networks(rows[0].clone()).detach(), expected.detach()) <= 1e-5


def test_modules_of_classes_made_on_the_way_are_batched() -> None:
    def build() -> nn.Module:
        class Mine(nn.Linear):
            """Another class in every call."""

        return Mine(13, 3)

    assert batchable(seeded(build), seeded(build), torch.randn(4, 13), "cpu")


def test_a_parameter_that_takes_no_part_stays() -> None:
    class Extra(nn.Linear):
        """Has more than it uses."""

        def __init__(self) -> None:
            super().__init__(13, 3)
            self.more = nn.Parameter(torch.ones(3))

    for kind in (Batched, OneByOne):
        networks = kind(seeded(Extra), [1, 2], "cpu")
        found = networks.gradients(networks(torch.randn(2, 4, 13), training=True).square().sum((1, 2)))
        assert [gradient is None for gradient in found] == ["more" in name for name in networks.state]


def test_running_statistics_are_those_of_each_model() -> None:
    networks = Batched(lambda seed: nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)), [1, 2], "cpu")
    alone = [nn.BatchNorm1d(3) for _ in range(2)]
    x = torch.randn(2, 20, 3, generator=torch.Generator().manual_seed(1)) * torch.tensor([1.0, 5.0]).view(2, 1, 1)
    networks(x, training=True)
    for norm, own in zip(alone, x, strict=True):
        norm(own)
    expected = torch.stack([norm.running_var for norm in alone])
    assert torch.allclose(networks.kept["0.running_var"], expected, rtol=1e-5)
    networks.record(x + 100)
    assert torch.allclose(networks.kept["0.running_var"], expected, rtol=1e-5)


@pytest.mark.parametrize("function", ["relu", "swiglu", "maxout", "rrelu"])
@pytest.mark.parametrize(
    ("model", "norm"), [("cnn", "layer"), ("resnet", "batch"), ("mobilenet", "layer"), ("transformer", "layer")]
)
def test_every_network_trains_with_every_kind_of_function(model: str, norm: str, function: str) -> None:
    own = problem(function, dataset="digits", model=model, norm=norm, depth=1, width=8, steps=2)
    messages = {trial.message for trial in run_chunk(chunk(rates=(1e-3,), seeds=(1, 2)), own)}
    assert messages == {""}


@pytest.mark.parametrize(("width", "most"), [(16, 12), (2500, range(3, 12)), (4500, [2])])
def test_large_networks_make_small_stacks(width: int, most: Sequence[int] | int) -> None:
    way = stack(problem("relu", width=width, depth=2))
    assert way.most in ([most] if isinstance(most, int) else most)
    networks = way.make([1])
    weights = sum(tensor.nbytes for tensor in networks.parameters)
    assert way.most == 2 or way.most * 5 * weights <= MOST_BYTES
