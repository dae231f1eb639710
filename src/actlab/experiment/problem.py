"""What a worker process is given: everything that one training run depends on, but its rate and seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actlab.experiment.condition import Condition
from actlab.experiment.contender import Contender
from actlab.experiment.data import Dataset
from actlab.experiment.settings import Settings

if TYPE_CHECKING:
    from actlab.experiment.models.user import UserModel


@dataclass(frozen=True)
class Problem:
    """One activation under one condition.

    Attributes
    ----------
    dataset, condition, contender, settings : as their names say
    user : the user's own network; None where the condition names one of ours
    """

    dataset: Dataset
    condition: Condition
    contender: Contender
    settings: Settings
    user: UserModel | None = None

    @property
    def parts(self) -> tuple[Dataset, Condition, Contender, Settings, UserModel | None]:
        """What to hand to a worker; the data set by itself, since many problems share it."""
        return self.dataset, self.condition, self.contender, self.settings, self.user
