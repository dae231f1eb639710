"""Multilayer perceptron: float32[rows, features] to float32[rows, outputs].

Each hidden layer is affine, normalisation, activation; the last layer is affine alone.
Source: Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from actlab.experiment.models import Design
from actlab.experiment.models.layers import normalisation
from actlab.experiment.site import Sites


def build(design: Design, sites: Sites, units: Sequence[int]) -> nn.Module:
    """The network with hidden layers of these ``units``."""
    layers: list[nn.Module] = []
    inputs = design.features
    for own in units:
        site = sites()
        wide = own * site.pieces
        layers += [nn.Linear(inputs, wide), normalisation(design.norm, wide), site]
        inputs = own
    return nn.Sequential(*layers, nn.Linear(inputs, design.outputs))
