"""The health of a network: planted faults are counted exactly, healthy layers are as theory says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from experiment.problems import problem

from actlab.experiment import health
from actlab.experiment.build import builder
from actlab.experiment.mlp import StackedMLP
from actlab.experiment.networks import Batched, Networks
from actlab.experiment.outcome import Health

ROWS = 4000


def examined(
    function: str,
    change: Callable[[Networks], None] | None = None,
    *,
    kind: type[Networks] = StackedMLP,
    **changes: object,
) -> list[list[Health]]:
    """The health of two networks on normal rows."""
    own = problem(function, depth=3, width=200, **changes)
    networks = kind(builder(own), [1, 2], "cpu")
    if change:
        with torch.no_grad():
            change(networks)
    x = torch.randn(2, ROWS, 13, generator=torch.Generator().manual_seed(1))
    y = torch.arange(2 * ROWS).view(2, ROWS) % 3
    return health.examine(networks, "classification", x, y, moment="start", histograms=True)


# Shares for a standard normal signal: of |f'(z)| < 0.05 below and above 0, of zeros; |mean|/sd of f(z); sqrt(E f'^2).
REFERENCE = {
    "relu": (0.5, 0.0, 0.5, 0.68),
    "gelu": (0.081, 0.0, 0.0, 0.48),
    "silu": (0.08, 0.0, 0.0, 0.37),
    "tanh": (0.0146, 0.0146, 0.0, 0.0),
    "hard_tanh": (0.159, 0.159, 0.0, 0.0),
}


@pytest.mark.parametrize("function", REFERENCE)
def test_a_healthy_layer_is_as_theory_says(function: str) -> None:
    first = examined(function)[0][0]
    left, right, sparsity, shift = REFERENCE[function]
    assert first.left == pytest.approx(left, abs=0.02)
    assert first.right == pytest.approx(right, abs=0.02)
    assert first.sparsity == pytest.approx(sparsity, abs=0.02)
    assert first.mean_shift == pytest.approx(shift, abs=0.06)
    assert (first.dead, first.observations) == (0.0, ROWS)
    assert (first.mean, first.sd) == (pytest.approx(0, abs=0.06), pytest.approx(1, abs=0.06))


@pytest.mark.parametrize("kind", [StackedMLP, Batched])
def test_dead_units_are_counted_exactly(kind: type[Networks]) -> None:
    def kill(networks: Networks) -> None:
        networks.state["0.bias"][1, :80] = -100.0

    healthy, harmed = examined("relu", kill, kind=kind)
    assert [each.dead for each in healthy] == [0.0, 0.0, 0.0]
    assert harmed[0].dead == 0.4
    assert harmed[0].sparsity == pytest.approx(0.4 + 0.3, abs=0.02)
    saturated = examined("tanh", lambda networks: networks.state["3.bias"][:, :50].fill_(50.0))[0]
    assert (saturated[0].right < 0.03, saturated[1].right) == (True, pytest.approx(0.25 + 0.75 * 0.0146, abs=0.01))


def test_units_of_a_convolution_are_its_channels() -> None:
    def kill(networks: Networks) -> None:
        networks.state["1.bias"][:, :8] = -100.0

    own = problem("relu", dataset="digits", model="cnn", depth=2, width=16)
    networks = Batched(builder(own), [1, 2], "cpu")
    with torch.no_grad():
        kill(networks)
    x = torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(1))
    found = health.examine(networks, "classification", x, torch.zeros(2, 50).long(), moment="end", histograms=False)
    assert found[0][0].dead == 0.5
    assert found[0][0].observations % 50 == 0
    assert found[0][0].histogram == ()


def test_gradients_are_those_of_single_rows() -> None:
    own = problem("tanh", depth=1, width=5)
    networks = StackedMLP(builder(own), [1, 1], "cpu")
    x = torch.randn(2, 7, 13, generator=torch.Generator().manual_seed(1))
    y = torch.zeros(2, 7).long()
    found = health.examine(networks, "classification", x, y, moment="end", histograms=False)[0][0]
    module = builder(own)(1)
    total = 0.0
    for row in x[0]:
        z = module[0](row[None]).detach().requires_grad_()
        torch.nn.functional.cross_entropy(module[3](torch.tanh(z)), torch.tensor([0])).backward()
        total += float(z.grad.square().mean())
    assert found.gradient == pytest.approx(math.sqrt(total / 7), rel=1e-5)


def test_histograms_hold_everything() -> None:
    first = examined("relu", lambda networks: networks.state["0.bias"][:, :20].fill_(1e9))[0][0]
    assert len(first.histogram) == len(health.EDGES) - 1
    assert sum(first.histogram) == ROWS * 200
    assert first.histogram[-1] >= ROWS * 20
    middle = np.array(first.histogram[20:28]).sum() / sum(first.histogram)
    assert middle == pytest.approx(0.9 * 0.68, abs=0.03)


def test_what_does_not_act_on_single_values_has_no_dead_units() -> None:
    for each in examined("maxout")[0]:
        assert math.isnan(each.dead)
        assert math.isnan(each.left)
        assert each.mean_shift > 0


def test_learned_slopes_count() -> None:
    flat = examined("prelu", lambda networks: networks.state["2.function.weight"].fill_(0.0))[0]
    assert flat[0].left == pytest.approx(0.5, abs=0.02)
    assert flat[1].left == 0.0


def test_by_depth_every_place_is_judged_by_its_own_function() -> None:
    shallow, *_, deep = examined("relu/tanh")[0]
    assert shallow.sparsity > 0.4
    assert deep.sparsity == 0.0


def test_looking_changes_nothing() -> None:
    own = problem("relu", norm="batch")
    networks = StackedMLP(builder(own), [1, 2], "cpu")
    before = [tensor.clone() for tensor in [*networks.parameters, *networks.kept.values()]]
    x = torch.randn(2, 9, 13)
    assert health.rows_for(networks, x) == 9
    health.examine(networks, "classification", x, torch.zeros(2, 9).long(), moment="end", histograms=False)
    assert all(torch.equal(a, b) for a, b in zip(before, [*networks.parameters, *networks.kept.values()], strict=True))


def test_a_nan_network_is_described_without_an_error() -> None:
    first = examined("relu", lambda networks: networks.state["0.weight"].fill_(math.nan))[0][0]
    assert math.isnan(first.mean)
    assert sum(first.histogram) == 0
