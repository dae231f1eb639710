"""`torch.nn.Module`s of the activations, with learnable parameters where the function has them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from actlab.activation import Activation, get
from actlab.errors import OptionError, ParameterError
from actlab.frameworks.torch.calls import prepared


class ActivationModule(nn.Module):
    """An activation as a module.

    Parameters
    ----------
    item : the activation, by name or itself (also from `actlab.define`)
    *values, **parameters : parameter values, by position in the order of `item.parameters` or by name. For a learnable
        parameter it is the initial value.
    num_parameters : length of each learnable parameter; 1, or the number of channels (axis 1 of x, as in torch.nn.PReLU)
    learnable : make the learnable parameters trainable weights; by default True
    device, dtype : of the learnable parameters

    Shape
    -----
    Any floating-point tensor; the result has the shape of x (maxout: its axis is divided by `pieces`).

    Raises
    ------
    ParameterError
        If a parameter is unknown or outside its domain.

    Examples
    --------
    >>> import torch, actlab.torch
    >>> act = actlab.torch.module("prelu", num_parameters=64)
    >>> act, act(torch.ones(2, 64, 8)).shape
    (PReLU(num_parameters=64), torch.Size([2, 64, 8]))
    """

    def __init__(
        self,
        item: str | Activation,
        *values: float,
        num_parameters: int = 1,
        learnable: bool = True,
        device: Any = None,
        dtype: torch.dtype | None = None,
        **parameters: float,
    ) -> None:
        super().__init__()
        self.item: Activation = get(item)
        given = {**_by_position(self.item, values), **parameters}
        self.values: dict[str, Any] = self.item.resolved(given)
        self._order = tuple(self.values)
        self.num_parameters = _count(self.item, num_parameters)
        free = self.item.parameters
        self.learned: tuple[str, ...] = tuple(name for name in free if free[name].learnable and learnable)
        if num_parameters != 1 and not self.learned:
            raise OptionError(
                f"{self.item.name}: num_parameters must be 1 for a function without learnable parameters; got {num_parameters}"
            )
        for name in self.learned:
            start = torch.full((num_parameters,), float(self.values.pop(name)), device=device, dtype=dtype)
            self.register_parameter(name, nn.Parameter(start))
        self._compute = prepared(self.item)

    def forward(self, x: Tensor) -> Tensor:
        """The activation of x."""
        values = [self._weight(name, x) if name in self.learned else self.values[name] for name in self._order]
        return self._compute(x, values, self.training)

    def __getstate__(self) -> dict[str, Any]:
        # What computes is made again from the formula: generated functions do not pickle.
        return {name: value for name, value in self.__dict__.items() if name != "_compute"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._compute = prepared(self.item)

    def _weight(self, name: str, x: Tensor) -> Tensor:
        """The learned parameter, shaped to lie along axis 1 of x."""
        weight: Tensor = getattr(self, name)
        if self.num_parameters == 1 or x.ndim <= 1:
            return weight
        return weight.reshape(1, -1, *[1] * (x.ndim - 2))

    def reset_parameters(self) -> None:
        """Give the learnable parameters their default values."""
        for name in self.learned:
            nn.init.constant_(getattr(self, name), self.item.parameters[name].default)

    def extra_repr(self) -> str:
        """Parameters that differ from their defaults, and how many are learned."""
        return ", ".join(self._shown())

    def _shown(self) -> Iterator[str]:
        if type(self) is ActivationModule:
            yield repr(self.item.label)
        if self.learned:
            yield f"num_parameters={self.num_parameters}"
        for name, param in self.item.parameters.items():
            if name in self.values and self.values[name] != param.default:
                yield f"{name}={self.values[name]}"


class MaxoutLinear(nn.Module):
    """The learnable maxout layer: the largest of `pieces` affine maps, for each output.

    Parameters
    ----------
    in_features, out_features : sizes of the last axis before and after
    pieces : affine maps for each output; 1 is a linear layer, 2 can be ReLU or abs, more fit any convex function better
    bias, device, dtype : as in torch.nn.Linear

    Source: Goodfellow et al. 2013, arXiv:1302.4389.

    Examples
    --------
    >>> import torch, actlab.torch
    >>> actlab.torch.MaxoutLinear(8, 4, pieces=3)(torch.ones(2, 8)).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        *,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name, size in (("in_features", in_features), ("out_features", out_features), ("pieces", pieces)):
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise ParameterError(f"MaxoutLinear: {name} must be a positive whole number; got {name}={size!r}")
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        self.linear = nn.Linear(in_features, out_features * pieces, bias=bias, device=device, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., in_features) to (..., out_features)."""
        return get("maxout")(self.linear(x), pieces=self.pieces, axis=-1)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_features}, {self.out_features}, pieces={self.pieces}"


def module(item: str | Activation, *values: float, **options: Any) -> ActivationModule:
    """The module of an activation; see `ActivationModule`. Named ones get their own class."""
    item = get(item)
    cls = class_of(item.name) if item == _registered(item.name) else None
    return ActivationModule(item, *values, **options) if cls is None else cls(*values, **options)


@lru_cache(maxsize=512)
def class_of(name: str) -> type[ActivationModule]:
    """The module class of a catalogue entry."""
    item = get(name)

    def __init__(self: ActivationModule, *values: float, **options: Any) -> None:  # noqa: N807
        ActivationModule.__init__(self, item, *values, **options)

    body = {"__init__": __init__, "__doc__": f"{item.summary}\n\nSource: {item.source}. See ActivationModule for parameters.",
            "__module__": "actlab.torch", "__qualname__": class_name(item.name)}  # fmt: skip
    return type(class_name(item.name), (ActivationModule,), body)


def class_name(name: str) -> str:
    """How the class is spelled: as torch.nn does where it has the function, otherwise in CamelCase.

    Examples
    --------
    >>> class_name("prelu"), class_name("hard_swish"), class_name("gelu_tanh")
    ('PReLU', 'Hardswish', 'GeluTanh')
    """
    return _torch_spelling().get(name.replace("_", ""), "".join(part.capitalize() for part in name.split("_")))


@lru_cache(maxsize=1)
def _torch_spelling() -> dict[str, str]:
    """torch.nn's own names, by their letters alone."""
    from torch.nn.modules import activation

    return {spelled.lower(): spelled for spelled in (*activation.__all__, "Identity")}


def _registered(name: str) -> Activation | None:
    from actlab.activation import names

    return get(name) if name in names() else None


def _by_position(item: Activation, values: tuple[float, ...]) -> dict[str, float]:
    if len(values) > len(item.parameters):
        raise ParameterError(
            f"{item.name}: at most {len(item.parameters)} parameters may be given by position; got {len(values)}"
        )
    return dict(zip(item.parameters, values, strict=False))


def _count(item: Activation, number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise OptionError(f"{item.name}: num_parameters must be a positive whole number; got num_parameters={number!r}")
    return number
