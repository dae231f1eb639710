"""What comes out of the work, as plain data: training runs, their curves, costs of a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actlab.experiment.chunk import FINAL, Member


@dataclass(frozen=True)
class Point:
    """One point of a learning curve.

    Attributes
    ----------
    step : optimiser steps done
    loss_train : mean training loss of the steps since the last point
    score_validation : accuracy or R^2 on the validation rows
    """

    step: int
    loss_train: float
    score_validation: float


@dataclass(frozen=True)
class Trial:
    """The outcome of one training run.

    Attributes
    ----------
    member : which run
    score_validation, score_test : at the last step; test is NaN in stage 1; chance level if diverged
    loss_train, loss_validation : at the last step
    diverged, diverged_step : whether and where the loss stopped being finite (the last step, if hopeless)
    message : why the run failed, "" if it did not
    curve : the learning curve
    """

    member: Member
    score_validation: float
    score_test: float
    loss_train: float
    loss_validation: float
    diverged: bool
    diverged_step: int | None
    message: str = ""
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What one network of a data set costs with one activation.

    Attributes
    ----------
    activation : label
    seconds_per_step : forward and backward pass of one batch, one thread; NaN if it failed
    saved_bytes : kept for the backward pass, beyond parameters and inputs
    parameters : numbers that train
    width : units of a hidden layer
    """

    activation: str
    seconds_per_step: float
    saved_bytes: int
    parameters: int
    width: int


def failed_trial(member: Member, chance: float, stage: int, message: str) -> Trial:
    """A run that raised: it scores chance level, like one that diverged."""
    test = chance if stage == FINAL else math.nan
    return Trial(member, chance, test, math.nan, math.nan, True, 0, " ".join(message.split()))
