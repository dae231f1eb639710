"""Many networks of one shape that train side by side.

The multilayer perceptron has a form of its own (`mlp.StackedMLP`). Any other module is batched by torch.func.vmap if
that works and agrees with running it alone, and otherwise trained one by one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from actlab.experiment.outcome import Learned
from actlab.experiment.site import Site, recording

# A batched module must agree with the module alone to this share of the largest output.
AGREEMENT = 1e-4

Build = Callable[[int], nn.Module]


@dataclass(frozen=True)
class Place:
    """What one place of an activation saw in a forward pass.

    Attributes
    ----------
    z : what arrived, [models, rows, ...]
    y : what the activation made of it
    site : whose place it is; one that is used twice in a forward pass has two
    axis : of z and y, where the units are
    """

    z: Tensor
    y: Tensor
    site: Site
    axis: int


class Networks(ABC):
    """Copies of a module, one for each seed, with the parameters of all of them stacked.

    Parameters
    ----------
    build : makes the module of a seed; models of one seed start alike
    seeds : one per model
    device : where they train

    Attributes
    ----------
    trained : how a reader is told that they were trained
    parameters : what trains, each [models, ...]
    buffers : what changes in training without being trained, each [models, ...]
    """

    trained: str

    def __init__(self, build: Build, seeds: Sequence[int], device: str) -> None:
        made = {seed: build(seed).to(device) for seed in sorted(set(seeds))}
        first = made[seeds[0]]
        trains = {name for name, tensor in first.named_parameters() if tensor.requires_grad}
        state, kept = stack_module_state([made[seed] for seed in seeds])
        self.module = deepcopy(first).requires_grad_(requires_grad=False)
        self.models = len(seeds)
        self.state = {name: tensor.detach().clone().requires_grad_(name in trains) for name, tensor in state.items()}
        self.kept = {name: tensor.clone() for name, tensor in kept.items()}
        self.parameters = [tensor for tensor in self.state.values() if tensor.requires_grad]
        self.buffers = list(self.kept.values())

    @abstractmethod
    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        """Outputs [models, rows, outputs] for inputs [models, rows, features]."""

    @abstractmethod
    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        """Outputs as in training, and what every place of an activation saw, in the order of execution.

        Parameters
        ----------
        x : [models, rows, features]
        extra : is added to what arrives, place by place, so that gradients there can be asked for
        """

    def learned(self) -> list[list[Learned]]:
        """The activations' own parameters, for each model; of one with several values their mean."""
        sites = [(path, site) for path, site in self.module.named_modules() if isinstance(site, Site)]
        found = [
            (site.position, name.rpartition(".")[2], self.state[f"{path}.{name}"].detach().flatten(1).mean(1).tolist())
            for path, site in sites
            for name, _ in site.named_parameters()
        ]
        return [
            [Learned(number, name, values[model]) for number, name, values in found] for model in range(self.models)
        ]


class _Functional(Networks):
    """Runs the module itself, with the state of one model after the other or of all at once."""

    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        self.module.train(training)
        return self._apply(self._run, x)[0]

    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        self.module.train()
        output, *flat = self._apply(self._run_recorded, x, *extra)
        return output, list(map(Place, flat[::2], flat[1::2], *self._seen))

    def _run(self, state: dict[str, Tensor], x: Tensor) -> tuple[Tensor, ...]:
        return (functional_call(self.module, state, (x,)),)

    def _run_recorded(self, state: dict[str, Tensor], x: Tensor, *extra: Tensor) -> tuple[Tensor, ...]:
        with recording(extra) as seen:
            outputs = self._run(state, x)
        # One more than for the module, which knows of no models.
        self._seen = seen.sites, [site.dim(z) + 1 for site, z in zip(seen.sites, seen.inputs, strict=True)]
        return (*outputs, *(part for pair in zip(seen.inputs, seen.outputs, strict=True) for part in pair))

    @abstractmethod
    def _apply(self, function: Callable[..., tuple[Tensor, ...]], *inputs: Tensor) -> tuple[Tensor, ...]:
        """function(state, *inputs) of every model; its results stacked."""


class Batched(_Functional):
    """All models in one call, by vmap."""

    trained = "batched with vmap"

    def _apply(self, function: Callable[..., tuple[Tensor, ...]], *inputs: Tensor) -> tuple[Tensor, ...]:
        # Dropout and random activations draw for each model.
        results: tuple[Tensor, ...] = vmap(function, randomness="different")(self.state | self.kept, *inputs)
        return results


class OneByOne(_Functional):
    """One model after the other."""

    trained = "one by one"

    def _apply(self, function: Callable[..., tuple[Tensor, ...]], *inputs: Tensor) -> tuple[Tensor, ...]:
        state = self.state | self.kept
        results = [
            function({name: tensor[model] for name, tensor in state.items()}, *(part[model] for part in inputs))
            for model in range(self.models)
        ]
        return tuple(torch.stack(parts) for parts in zip(*results, strict=True))


def batchable(build: Build, x: Tensor, device: str) -> bool:
    """Whether vmap can run the module, with the same result as the module alone.

    Parameters
    ----------
    build : makes the module of a seed
    x : [rows, features], two rows at least
    """
    seeds, both = [1, 2], torch.stack([x, x]).to(device)
    try:
        batched = Batched(build, seeds, device)
        batched(both, training=True).sum().backward()  # type: ignore[no-untyped-call]
        batched.record(both)
        # Made anew: training may have changed what is kept.
        together, alone = (kind(build, seeds, device)(both).detach() for kind in (Batched, OneByOne))
    except Exception:  # noqa: BLE001  whatever it is that vmap cannot do, there is another way
        return False
    return bool((together - alone).abs().max() <= AGREEMENT * alone.abs().max().clamp(min=1.0))
