"""A parameter of an activation: its default, where it may lie, and who may change it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actlab.errors import ParameterError
from actlab.interval import EVERYWHERE, Interval


@dataclass(frozen=True)
class Param:
    """A parameter: its default, where it may lie, and whether a network may learn it.

    Parameters
    ----------
    default : float
    domain : the interval of allowed values, e.g. "(0, inf)"
    learnable : a framework's module makes it a trainable weight
    integer : only whole numbers are allowed
    """

    default: float
    domain: str = "(-inf, inf)"
    learnable: bool = False
    integer: bool = False

    @cached_property
    def interval(self) -> Interval:
        """The domain, parsed."""
        return Interval.parse(self.domain)

    def check(self, who: str, name: str, value: Any) -> None:
        """Raise ParameterError unless the number, or every element of the array, is allowed.

        Tensors are looked into only where the domain is limited: a learned weight may take any value, and looking
        would make an accelerator wait. Dask arrays are not looked into at all: that is done when they are computed.
        """
        if isinstance(value, bool | str | complex) or value is None:
            raise ParameterError(f"{who}: {name} must be a number; got {name}={value!r}")
        if isinstance(value, int | float):
            self._check_number(who, name, value)
        elif is_lazy(value):
            pass
        elif type(value).__module__.partition(".")[0] == "torch":
            self._check_tensor(who, name, value)
        elif getattr(value, "ndim", None) == 0:
            self._check_number(who, name, value)
        elif self.integer:
            raise ParameterError(f"{who}: {name} must be one whole number; got {name}={shown(value)}")
        else:
            self._check_array(who, name, value)

    def _check_number(self, who: str, name: str, value: Any) -> None:
        number = float(value)
        if number not in self.interval:
            raise ParameterError(f"{who}: {name} must lie in {self.interval}; got {name}={shown(value)}")
        if self.integer and not number.is_integer():
            raise ParameterError(f"{who}: {name} must be a whole number; got {name}={shown(value)}")

    def _check_tensor(self, who: str, name: str, value: Any) -> None:
        if self.interval != EVERYWHERE:
            from actlab.frameworks.torch.calls import extremes

            for extreme in extremes(value):
                self._check_number(who, name, extreme)

    def _check_array(self, who: str, name: str, value: Any) -> None:
        import numpy as np

        try:
            array = np.asarray(value)
        except (ValueError, TypeError):  # a ragged list, an array that refuses
            array = np.array(None)
        if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
            raise ParameterError(f"{who}: {name} must be numbers; got {name}={shown(value)}")
        for extreme in (array.min(), array.max()) if array.size else ():
            self._check_number(who, name, extreme)


@dataclass(frozen=True)
class Uniform:
    """A parameter that is drawn per element in training, between two others, and is their mean otherwise."""

    lower: str
    upper: str


def is_lazy(value: Any) -> bool:
    """Whether these are numbers still to be computed: a Dask array, or an xarray object that holds one."""
    graph = getattr(value, "__dask_graph__", None)
    return graph is not None and graph() is not None


def shown(value: Any) -> str:
    """A value in an error line: short, and the number itself for a 0-d array or tensor."""
    item = getattr(value, "item", None)
    if item is not None and getattr(value, "ndim", None) == 0:
        value = item()
    text = " ".join(repr(value).split())  # a table has many lines
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - half a line
