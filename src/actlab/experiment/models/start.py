"""How a network starts.

"gain": the weights of linear layers and convolutions are normal with standard deviation g / sqrt(fan in), biases are 0.
g is the own gain of the activation whose outputs arrive at the layer, with at most pooling, reshaping or arithmetic in
between; it is 1 where an input, a normalisation or another layer's outputs arrive. The last layer of each of N residual
branches starts smaller by sqrt(N), for all functions alike, so that the stream does not grow with depth (Radford et al.
2019, "Language Models are Unsupervised Multitask Learners", section 2.3). Everything else starts as PyTorch makes it.

"torch": everything starts as PyTorch makes it.

Weights are drawn by NumPy, whose streams are the same on every machine.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from actlab.experiment.seeding import seeded
from actlab.experiment.site import Site

M = TypeVar("M", bound=nn.Module)

_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.LayerNorm, nn.GroupNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

# The attribute by which a layer tells that it ends one of so many residual branches.
_BRANCHES = "residual_branches"


def end_of_branch(layer: M, branches: int) -> M:
    """Mark the last layer of one of ``branches`` residual branches."""
    setattr(layer, _BRANCHES, branches)
    return layer


def started(make: Callable[[], M], init: str, seed: int, features: int) -> M:
    """A new network.

    Parameters
    ----------
    make : builds it
    init : "gain" or "torch", see the top of this file
    seed : decides every draw; the caller's generators are left as they were
    features : numbers in a row
    """
    with seeded(seed):
        module = make()
        if any(isinstance(parameter, UninitializedParameter) for parameter in module.parameters()):
            module(torch.zeros(2, features))  # lazy layers learn their sizes from what arrives
    if init == "gain":
        initialise(module, seed, features)
    return module


@torch.no_grad()
def initialise(module: nn.Module, seed: int, features: int) -> None:
    """Give the layers the start "gain"; what stands inside an activation is not touched."""
    gains = gains_of(module, features)
    rng = np.random.default_rng([seed, 1])
    for layer in _layers(module):
        fan_in, fan_out = layer.weight[0].numel(), len(layer.weight)
        scale = gains.get(layer, 1.0) / fan_in**0.5
        normal = rng.standard_normal((fan_in, fan_out)) * scale
        started = torch.from_numpy(normal.astype(np.float32).T.copy()).reshape(layer.weight.shape)
        layer.weight.copy_(started / math.sqrt(getattr(layer, _BRANCHES, 1)))
        if layer.bias is not None:
            layer.bias.zero_()


def _layers(module: nn.Module) -> Iterator[Any]:
    """Layers with weights of their own, in the order of the network's attributes."""
    if isinstance(module, Site):
        return
    # A parametrised weight (spectral norm, ...) is computed anew each time: there is nothing to write to.
    if isinstance(module, _LAYERS) and "weight" in module._parameters:  # noqa: SLF001  no public way to ask
        yield module
    for child in module.children():
        yield from _layers(child)


@torch.enable_grad()
def gains_of(module: nn.Module, features: int) -> dict[nn.Module, float]:
    """The gain with which each layer starts that takes part in a forward pass.

    What arrives at a layer is found in the graph that autograd keeps: the nearest output of an activation,
    normalisation or other layer.
    """
    sources: dict[Any, float] = {}  # node of the graph -> gain that its output asks for
    gains: dict[nn.Module, float] = {}

    def enter(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        gains.setdefault(layer, _nearest(inputs[0].grad_fn, sources))

    def leave(part: nn.Module, _: object, output: Tensor) -> None:
        own = part.unit.gain(output.shape[part.dim(output)]) if isinstance(part, Site) else 1.0
        if output.grad_fn is not None:  # nothing is known behind what a network detaches
            sources[output.grad_fn] = own

    with ExitStack() as hooks, _evaluated(module):
        for part in module.modules():
            if isinstance(part, _LAYERS):
                hooks.callback(part.register_forward_pre_hook(enter).remove)
            if isinstance(part, (*_LAYERS, *_NORMS, Site)):
                hooks.callback(part.register_forward_hook(leave).remove)
        rows = torch.linspace(-1, 1, 2 * features).reshape(2, features)
        module(rows.requires_grad_())
    return gains


def _nearest(node: Any, sources: dict[Any, float]) -> float:
    """The gain of the source that the fewest operations separate from this node; 1 if there is none."""
    waiting, seen = deque([node]), {node, None}
    while waiting:
        current = waiting.popleft()
        if current in sources:
            return sources[current]
        following = [parent for parent, _ in getattr(current, "next_functions", ()) if parent not in seen]
        seen.update(following)
        waiting.extend(following)
    return 1.0


@contextmanager
def _evaluated(module: nn.Module) -> Iterator[None]:
    """The module outside training: nothing is drawn, no running statistic moves."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in training.items():
            part.training = mode
