"""Budgets, grids, and the conditions that options make."""

from __future__ import annotations

import pytest
from experiment.problems import settings

from actlab.errors import OptionError
from actlab.experiment.condition import AS_BUILT, Network, cross, networks_of
from actlab.experiment.settings import BUDGETS, Settings


@pytest.mark.parametrize(("budget", "seeds", "rates"), [("quick", 5, 7), ("standard", 10, 7), ("publish", 20, 13)])
def test_a_budget_sets_seeds_steps_and_grid(budget: str, seeds: int, rates: int) -> None:
    own = settings(budget=budget, steps=None)
    assert (own.seeds, len(own.learning_rates)) == (seeds, rates)
    assert own.tuning_seeds >= 3
    assert (own.learning_rates[0], own.learning_rates[-1]) == (1e-4, 0.1)
    assert own.steps_for(10) == BUDGETS[budget].fewest_steps
    assert own.steps_for(10**6) == BUDGETS[budget].most_steps
    assert not set(own.seed_list()) & set(own.tuning_seed_list())


def test_every_number_can_be_given() -> None:
    own = settings(budget="publish", seeds=3, tuning_seeds=1, steps=7, learning_rates=[0.1, 0.01])
    assert (own.seeds, own.tuning_seeds, own.steps_for(999), own.learning_rates) == (3, 1, 7, (0.01, 0.1))
    assert own.per_decade is None
    assert Settings.from_dict(own.as_dict()) == own


def test_labels_name_what_varies() -> None:
    plain, normed = networks_of("mlp", None, None, None, None)[0]
    assert (plain.norm, normed.norm, plain.depth, plain.width) == ("none", "layer", 3, 64)
    assert [each.label for each in cross(["a", "b"], ["standard"], [plain])] == ["a", "b"]
    assert [each.label for each in cross(["a"], ["standard"], [plain, normed])] == ["a, no norm", "a, layer norm"]
    several = networks_of(["mlp", "cnn"], "none", ["gain", "torch"], 2, 8)[0]
    assert [each.label for each in cross(["a"], ["none"], several)] == [
        "a, mlp, own gain", "a, mlp, PyTorch's start", "a, cnn, own gain", "a, cnn, PyTorch's start",
    ]  # fmt: skip
    assert {(each.depth, each.width) for each in several} == {(2, 8)}


def test_a_user_s_network_is_left_as_built() -> None:
    def mine(activation: object, in_features: int, out_features: int) -> None: ...

    (own,), users = networks_of(mine, None, None, None, None)
    assert own == Network("mine", AS_BUILT, AS_BUILT, None, None)
    assert users["mine"].call is mine
    both, _ = networks_of(mine, None, ["torch", "gain"], None, None)
    assert [each.init for each in both] == [AS_BUILT, "gain"]
    with pytest.raises(OptionError) as caught:
        networks_of(mine, None, None, 3, None)
    assert str(caught.value) == (
        "compare: depth must be left to a network of your own; got depth=3 with model='mine'; build it into the file"
    )


def test_a_transformer_has_no_batch_norm() -> None:
    with pytest.raises(OptionError, match="compare: norm must be one of none, layer; got norm='batch'"):
        networks_of("transformer", "batch", None, None, None)


def test_both_norms_among_others() -> None:
    networks, _ = networks_of("mlp", ["both", "layer", "batch"], None, None, None)
    assert [each.norm for each in networks] == ["none", "layer", "batch"]
    assert networks_of("mlp", ["both"], None, None, None) == networks_of("mlp", None, None, None, None)


def test_norm_and_size_beside_a_network_of_ones_own_are_for_ours() -> None:
    def mine(activation: object, in_features: int, out_features: int) -> None: ...

    networks, _ = networks_of(["mlp", mine], "none", None, 2, 8)
    assert networks == [Network("mlp", "none", "gain", 2, 8), Network("mine", AS_BUILT, AS_BUILT, None, None)]
    assert [str(each) for each in cross(["a"], ["minmax"], networks)] == [
        "a, mlp, no norm, own gain (minmax, mlp 2 x 8, no norm, own gain)", "a, mine (minmax, mine)",
    ]  # fmt: skip
