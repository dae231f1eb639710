"""From a design and a contender to a network, with matched parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType

import torch
from torch import nn

from actlab.errors import OptionError
from actlab.experiment.contender import WHO, Contender, parse
from actlab.experiment.models import NORMS, Design, cnn, mlp, mobilenet, resnet, transformer
from actlab.experiment.site import Sites, counted

_MODELS: dict[str, ModuleType] = {
    "mlp": mlp,
    "cnn": cnn,
    "resnet": resnet,
    "mobilenet": mobilenet,
    "transformer": transformer,
}


# Matched parameters may miss those of the plain network by this share where whole units allow it.
_CLOSE = 0.01


def network(design: Design, contender: Contender) -> nn.Module:
    """The network of this design with this function, its parameters matched; see `matched_units`."""
    return counted(contender, lambda sites: build(design, sites, matched_units(design, contender)))


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with places from ``sites``.

    Parameters
    ----------
    units : numbers, or channels, that leave an activation, for each layer or block; `plain_units` with one piece

    Raises
    ------
    OptionError
        If the model does not have this normalisation.
    """
    norms = NORMS[design.model]
    if design.norm not in norms:
        raise OptionError(f"{WHO}: norm must be {' or '.join(norms)} in a {design.model}; got norm={design.norm!r}")
    module: nn.Module = _MODELS[design.model].build(design, sites, units)
    return module


def plain_units(design: Design) -> tuple[int, ...]:
    """Units of each layer of the network whose activation has one piece."""
    model = _MODELS[design.model]
    return (design.width * getattr(model, "EXPANSION", 1),) * (design.depth + getattr(model, "LAYERS_MORE", 0))


@lru_cache(maxsize=256)
def matched_units(design: Design, contender: Contender) -> tuple[int, ...]:
    """Units of each layer that bring the parameters closest to those of the plain network.

    In a resnet, a mobilenet and a transformer these are the layers inside a block, as in Shazeer 2020,
    arXiv:2002.05202; the stream keeps its width. Layers differ by one unit at most. Learned parameters of the
    activation count; the plain network's own units are kept where they lie within 1% with them.
    """
    plain = plain_units(design)
    target = parameter_count(design, parse("relu"), plain)

    def miss(units: tuple[int, ...]) -> float:
        return abs(parameter_count(design, contender, units) / target - 1)

    if all(unit.pieces == 1 for unit in contender.units) and miss(plain) <= _CLOSE:
        return plain
    low, high = len(plain), 2 * sum(plain)
    while high - low > 1:
        middle = (low + high) // 2
        if parameter_count(design, contender, _spread(middle, len(plain))) <= target:
            low = middle
        else:
            high = middle
    best = min((_spread(total, len(plain)) for total in (high, low)), key=miss)
    if miss(best) > _CLOSE:  # in a small network it matters which layers have the odd units
        totals = range(max(len(plain), low - 1), high + 2)
        best = min((_spread(total, len(plain), start) for total in totals for start in range(len(plain))), key=miss)
    return best


def _spread(total: int, layers: int, start: int = 0) -> tuple[int, ...]:
    """So many units shared out to the layers, the odd ones from ``start`` on."""
    each, odd = divmod(total, layers)
    return tuple(each + ((layer - start) % layers < odd) for layer in range(layers))


def matched_width(design: Design, contender: Contender) -> int:
    """Units of the widest layer of `matched_units`."""
    return max(matched_units(design, contender))


def parameter_count(design: Design, contender: Contender, units: Sequence[int]) -> int:
    """Numbers that train, counted without memory for them."""
    with torch.device("meta"):
        module = counted(contender, lambda sites: build(design, sites, units))
    return sum(parameter.numel() for parameter in module.parameters())
