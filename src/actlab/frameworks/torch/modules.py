"""`torch.nn.Module`s of the activations, with learnable parameters where the function has them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from actlab.activation import Activation
from actlab.errors import OptionError, ParameterError
from actlab.frameworks.torch.calls import prepared
from actlab.registry import get, names


class ActivationModule(nn.Module):
    """An activation as a module.

    Parameters
    ----------
    item : the activation, by name or itself (also from `actlab.define`)
    *values, **parameters : parameter values, by name, or by position in the order torch.nn has: LeakyReLU(0.2),
        Hardtanh(-2, 2). For a learnable parameter it is the initial value, and num_parameters comes before it:
        PReLU(64), PReLU(64, 0.1).
    num_parameters : length of each learnable parameter; 1, or that of channels (axis 1 of x, as in torch.nn.PReLU)
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
        *values: Any,
        learnable: bool = True,
        device: Any = None,
        dtype: torch.dtype | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__()
        self.item: Activation = get(item)
        given = _by_name(self.item, values, parameters)
        number = given.pop("num_parameters", 1)
        # A module's parameters are numbers that will not change, or weights that start as such: `bind` checks both.
        self.values: dict[str, Any] = self.item.bind(**given).resolved({})
        self._order = tuple(self.values)
        free = self.item.parameters
        learned = [name for name in free if free[name].learnable and learnable]
        self.learned: dict[str, float] = {name: float(self.values.pop(name)) for name in learned}
        self.num_parameters = _count(self.item, number, learned)
        for name in learned:
            self.register_parameter(name, nn.Parameter(torch.empty(self.num_parameters, device=device, dtype=dtype)))
        self.reset_parameters()
        self._compute = prepared(self.item)

    def forward(self, x: Tensor) -> Tensor:
        """The activation of x."""
        values = [self._weight(name, x) if name in self.learned else self.values[name] for name in self._order]
        return self._compute(x, values, self.training)

    def __getstate__(self) -> dict[str, Any]:
        # What computes is made again from the formula: generated functions do not pickle.
        return {name: value for name, value in self.__dict__.items() if name != "_compute"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._compute = prepared(self.item)

    def _weight(self, name: str, x: Tensor) -> Tensor:
        """The learned parameter, shaped to lie along axis 1 of x."""
        weight: Tensor = getattr(self, name)
        if self.num_parameters == 1:
            return weight.reshape(())
        channels = x.shape[min(1, x.ndim - 1)] if x.ndim else 1
        if channels != self.num_parameters:
            raise OptionError(
                f"{self.item.name}: x must have num_parameters={self.num_parameters} channels along axis 1; "
                f"got shape {tuple(x.shape)}"
            )
        return weight.reshape(-1, *[1] * (x.ndim - 2))

    def reset_parameters(self) -> None:
        """Give the learnable parameters their initial values again."""
        for name, start in self.learned.items():
            nn.init.constant_(getattr(self, name), start)

    def extra_repr(self) -> str:
        """How many parameters are learned, and (initial) values that differ from the defaults."""
        return ", ".join(self._shown())

    def _shown(self) -> Iterator[str]:
        if type(self) is ActivationModule:
            yield repr(self.item.label)
        if self.learned:
            yield f"num_parameters={self.num_parameters}"
        for name, value in (self.learned | self.values).items():
            if name in self.item.parameters and value != self.item.parameters[name].default:
                yield f"{name}={value}"


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
            if type(size) is not int or size < 1:
                raise ParameterError(f"MaxoutLinear: {name} must be a positive whole number; got {name}={size!r}")
        self.in_features, self.out_features, self.pieces = in_features, out_features, pieces
        self.linear = nn.Linear(in_features, out_features * pieces, bias=bias, device=device, dtype=dtype)
        self.maxout = module("maxout", pieces=pieces, axis=-1)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (..., in_features) to (..., out_features)."""
        return self.maxout(self.linear(x))  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_features}, {self.out_features}, pieces={self.pieces}"


def module(item: str | Activation, *values: Any, **options: Any) -> ActivationModule:
    """The module of an activation; see `ActivationModule`. Those of the catalogue have a class of their own."""
    found: Activation = get(item)
    if found.name in names() and found == get(found.name):
        return class_of(found.name)(*values, **options)
    return ActivationModule(found, *values, **options)


@cache  # one class for ever: pickle demands that a name leads to the same object
def class_of(name: str) -> type[ActivationModule]:
    """The module class of a catalogue entry."""
    item = get(name)

    def __init__(self: ActivationModule, *values: Any, **options: Any) -> None:  # noqa: N807
        ActivationModule.__init__(self, item, *values, **options)

    text = f"{item.summary}\n\nSource: {item.source}. See ActivationModule for parameters."
    body = {"__init__": __init__, "__doc__": text, "__module__": "actlab.torch"}
    return type(class_name(item.name), (ActivationModule,), body)


def class_name(name: str) -> str:
    """How the class is spelled: as torch.nn does where it has the function, otherwise in CamelCase.

    Examples
    --------
    >>> class_name("prelu"), class_name("hard_swish"), class_name("gelu_tanh")
    ('PReLU', 'Hardswish', 'GeluTanh')
    """
    return _torch_spelling().get(name.replace("_", ""), "".join(part.capitalize() for part in name.split("_")))


@cache
def _torch_spelling() -> dict[str, str]:
    """torch.nn's own names, by their letters alone."""
    from torch.nn.modules import activation

    return {spelled.lower(): spelled for spelled in (*activation.__all__, "Identity")}


def _by_name(item: Activation, values: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """All arguments by name; num_parameters is the first in order where a parameter can be learned."""
    if "inplace" in named:  # a habit from torch.nn
        raise ParameterError(f"{item.name}: inplace must be left out; the result is always new memory")
    learns = any(param.learnable for param in item.parameters.values())
    order = ["num_parameters"] * learns + list(item.parameters)
    if len(values) > len(order):
        raise ParameterError(f"{item.name}: at most {len(order)} values may be given by position; got {len(values)}")
    given = dict(zip(order, values, strict=False))
    twice = ", ".join(given.keys() & named.keys())
    if twice:
        raise ParameterError(f"{item.name}: {twice} must be given once; got it by position and by name")
    return given | named


def _count(item: Activation, number: Any, learned: list[str]) -> int:
    if type(number) is not int or number < 1:
        raise OptionError(f"{item.name}: num_parameters must be a positive whole number; got num_parameters={number!r}")
    if number != 1 and not learned:
        raise OptionError(
            f"{item.name}: num_parameters must be 1 for a function without learnable parameters; "
            f"got num_parameters={number}"
        )
    return number
