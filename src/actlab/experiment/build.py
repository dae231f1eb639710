"""From a problem to its network."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from actlab.experiment.models import Design
from actlab.experiment.models.factory import matched_width, network
from actlab.experiment.models.start import started
from actlab.experiment.problem import Problem


def builder(problem: Problem) -> Callable[[int], nn.Module]:
    """What makes the network of a seed."""
    init = "gain" if problem.condition.network.init == "gain" else "torch"
    features = problem.dataset.x.shape[1]
    return lambda seed: started(lambda: _network(problem), init, seed, features)


def _network(problem: Problem) -> nn.Module:
    if problem.user is None:
        return network(_design(problem), problem.contender)
    return problem.user.build(problem.contender, problem.dataset.x.shape[1], problem.dataset.outputs)


def width_of(problem: Problem) -> int | None:
    """Units of a layer with this activation, parameters matched; None in a user's network."""
    return None if problem.user else matched_width(_design(problem), problem.contender)


def _design(problem: Problem) -> Design:
    network, dataset = problem.condition.network, problem.dataset
    assert network.depth is not None  # noqa: S101  only a user's network has none
    assert network.width is not None  # noqa: S101
    return Design(
        model=network.model,
        features=dataset.x.shape[1],
        shape=dataset.shape,
        outputs=dataset.outputs,
        width=network.width,
        depth=network.depth,
        norm=network.norm,
    )
