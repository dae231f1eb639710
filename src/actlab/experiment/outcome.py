"""What comes out of the work, as plain data: training runs with their curves and health, costs of a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actlab.experiment.chunk import FINAL, Member

# When the health of a network is looked at.
MOMENTS = ("start", "middle", "end")


@dataclass(frozen=True)
class Point:
    """One point of a learning curve.

    Attributes
    ----------
    step : optimiser steps done
    loss_train : mean training loss of the steps since the last point
    loss_validation, score_validation : on the validation rows
    """

    step: int
    loss_train: float
    loss_validation: float
    score_validation: float


@dataclass(frozen=True)
class Health:
    """How one place of an activation fares at one moment; shares lie in 0..1, NaN is "not applicable".

    Attributes
    ----------
    moment : one of `MOMENTS`
    site : number of the place in the order of execution
    observations : values that each unit was judged by
    dead : share of units with |f'(z)| <= 1e-3 for all of them
    left, right : share of values with |f'(z)| < 0.05, z below or above 0
    sparsity : share of outputs that are exactly 0
    mean_shift : |mean| / standard deviation of the outputs
    gradient : root mean square of the loss gradient of single rows at the inputs z
    mean, sd : of the inputs z
    histogram : counts of z between `health.EDGES`, the outer bins holding all beyond; empty in stage 1
    """

    moment: str
    site: int
    observations: int
    dead: float
    left: float
    right: float
    sparsity: float
    mean_shift: float
    gradient: float
    mean: float
    sd: float
    histogram: tuple[int, ...] = ()


@dataclass(frozen=True)
class Learned:
    """A parameter of an activation after training.

    Attributes
    ----------
    site : number of the place
    name : of the parameter
    value : what training made of it
    """

    site: int
    name: str
    value: float


@dataclass(frozen=True)
class Trial:
    """The outcome of one training run.

    Attributes
    ----------
    member : which run
    score_validation, score_test : at the last step; test is NaN in stage 1; chance level if diverged
    loss_train, loss_validation, loss_test : at the last step; test is NaN in stage 1
    settled_step : first point of the curve with 95% of the final validation score; None without one
    diverged, diverged_step : whether and where the loss stopped being finite (the last step, if hopeless)
    trained : how the runs of the chunk were trained: together or one by one
    message : why the run failed, "" if it did not
    curve : the learning curve
    health : of every place at every moment
    learned : the activation's own parameters
    """

    member: Member
    score_validation: float
    score_test: float
    loss_train: float
    loss_validation: float
    loss_test: float
    settled_step: int | None
    diverged: bool
    diverged_step: int | None
    trained: str
    message: str = ""
    curve: tuple[Point, ...] = ()
    health: tuple[Health, ...] = ()
    learned: tuple[Learned, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What one network of a condition costs with one activation.

    Attributes
    ----------
    activation : label
    seconds_per_step : forward and backward pass of one batch, one thread; NaN if it failed
    saved_bytes : kept for the backward pass, beyond parameters and inputs
    parameters : numbers that train
    flops : floating-point operations of the affine maps in a forward pass of one row
    width : units of a hidden layer; None in a user's network
    kernel : what computed the activation while the step was timed
    """

    activation: str
    seconds_per_step: float
    saved_bytes: int
    parameters: int
    flops: int
    width: int | None
    kernel: str


def failed_trial(member: Member, chance: float, stage: int, message: str) -> Trial:
    """A run that raised: it scores chance level, like one that diverged."""
    return Trial(
        member=member,
        score_validation=chance,
        score_test=chance if stage == FINAL else math.nan,
        loss_train=math.nan,
        loss_validation=math.nan,
        loss_test=math.nan,
        settled_step=None,
        diverged=True,
        diverged_step=0,
        trained="",
        message=" ".join(message.split()),
    )


def failed_cost(activation: str) -> Cost:
    """Of a network that cannot run there is nothing to measure."""
    return Cost(activation, math.nan, 0, 0, 0, None, "")
