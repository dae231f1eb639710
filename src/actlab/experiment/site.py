"""The places of a network at which the activation under comparison stands, and a recorder of what arrives there.

A model's build function is given a `Sites`. Each call makes one place:

    act = activation()
    linear = nn.Linear(inputs, units * act.pieces)
    y = act(linear(x))                                  # [rows, units]

Recording, for statistics by depth:

    with recording() as seen:
        loss = loss_of(model(x))
    seen.sites[k], seen.inputs[k], seen.outputs[k]      # the k-th place in order of execution
    torch.autograd.grad(loss, seen.inputs)

Under `torch.func.vmap` no tensor may leave the function but as its result, and gradients are asked of arguments. So the
function returns what was recorded, and gradients come through zeros that are added to what arrives:

    def run(state, x, *extra):
        with recording(extra) as seen:
            output = torch.func.functional_call(model, state, (x,))
        return output, *seen.inputs

    vmap(run, randomness="different")(states, x, *zeros)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor, nn

from actlab.activation import Axis
from actlab.errors import OptionError
from actlab.experiment.contender import WHO, Contender, Unit
from actlab.experiment.custom import Custom
from actlab.frameworks.torch.modules import ActivationModule

Model = TypeVar("Model", bound=nn.Module)

# From so many axes on a tensor holds pictures or volumes: [rows, channels, height, width].
_PICTURES = 4


@dataclass
class Recorder:
    """What the sites saw in order of execution; one that is called twice in a forward pass is there twice.

    Attributes
    ----------
    extra : what is added to each of the inputs
    sites : who was called
    inputs : what the function was applied to: the pre-activations; of a gated function those that gate
    outputs : what the function made of it, before a gate's multiplication
    """

    extra: Sequence[Tensor] = ()
    sites: list[Site] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    def call(self, site: Site, z: Tensor) -> Tensor:
        """The site's function of z, written down."""
        if self.extra:
            z = z + self.extra[len(self.inputs)]
        y = site.apply_function(z)
        self.sites.append(site)
        self.inputs.append(z)
        self.outputs.append(y)
        return y


_recorder: Recorder | None = None


@contextmanager
def recording(extra: Sequence[Tensor] | None = None) -> Iterator[Recorder]:
    """Write down every call of a site in this block.

    Parameters
    ----------
    extra : what to add to the inputs, one for each call: zeros to ask gradients of
    """
    global _recorder  # noqa: PLW0603  a site deep inside a user's network cannot be handed anything
    before, _recorder = _recorder, Recorder(extra or ())
    try:
        yield _recorder
    finally:
        _recorder = before


class Site(nn.Module):
    """One place: the activation with parameters of its own.

    Maps [..., pieces * units, ...] to [..., units, ...] along the axis of features.

    Attributes
    ----------
    unit : what stands here
    position : number of the place, in the order in which the network was built
    pieces : pre-activations for each output
    """

    def __init__(self, unit: Unit, position: int, axis: int | None) -> None:
        super().__init__()
        self.unit, self.position, self.pieces, self.axis = unit, position, unit.pieces, axis
        item = unit.item
        self.function: nn.Module = item.build() if isinstance(item, Custom) else ActivationModule(item)
        # An axis that the user has bound is the user's choice; a custom module knows its own.
        self._along_features = isinstance(item, Axis) and "axis" not in item.bound

    def dim(self, z: Tensor) -> int:
        """The axis of features of z, counted from the front."""
        axis = self.axis if self.axis is not None else 1 if z.ndim >= _PICTURES else -1
        return axis % z.ndim

    def forward(self, z: Tensor) -> Tensor:
        """Outputs for pre-activations z; OptionError if their number is no multiple of the pieces."""
        if self.pieces == 1:
            return self._function(z)
        dim = self.dim(z)
        units, rest = divmod(z.shape[dim], self.pieces)
        if rest:
            raise OptionError(
                f"{WHO}: {self.unit.label} must be given {self.pieces} features for each of its outputs; got "
                f"{z.shape[dim]} features; make the layer before it activation().pieces times as wide"
            )
        if not self.unit.gated:
            return self._function(z)
        gating = units * (self.pieces - 1)
        return self._function(z.narrow(dim, 0, gating)) * z.narrow(dim, gating, units)

    def _function(self, z: Tensor) -> Tensor:
        return self.apply_function(z) if _recorder is None else _recorder.call(self, z)

    def apply_function(self, z: Tensor) -> Tensor:
        """The function alone, without gate and recorder."""
        if not self._along_features:
            return self.function(z)  # type: ignore[no-any-return]
        dim = self.dim(z)
        return self.function(z.movedim(dim, -1)).movedim(-1, dim)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """What stands here."""
        return self.unit.label


class Sites:
    """Makes the places of one network.

    Parameters
    ----------
    contender : what is compared
    count : how many places the network has; without it every place gets the contender's first function

    Attributes
    ----------
    made : the places so far
    """

    def __init__(self, contender: Contender, count: int | None = None) -> None:
        self.contender, self.count = contender, count
        self.made: list[Site] = []

    def __call__(self, axis: int | None = None) -> Site:
        """A new place.

        Parameters
        ----------
        axis : where the features are; None: axis 1 of tensors with four or five axes, otherwise the last
        """
        position = len(self.made)
        unit = self.contender.units[0] if self.count is None else self.contender.unit(position, self.count)
        site = Site(unit, position, axis)
        self.made.append(site)
        return site


def counted(contender: Contender, make: Callable[[Sites], Model]) -> Model:
    """The network ``make(sites)``; for functions by depth it is made twice, the first time to count the places."""
    sites = Sites(contender)
    if len(contender.units) > 1:
        with torch.random.fork_rng(devices=[]):
            make(sites)
        sites = Sites(contender, len(sites.made))
    return make(sites)
