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
from torch.func import functional_call, vmap

from actlab.experiment.outcome import Learned
from actlab.experiment.site import Site, recording

# Batched networks must agree with the same ones alone to this share of the largest value, over so many steps.
AGREEMENT, STEPS = 1e-4, 3

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
    module : one of them, for its structure
    state : name -> parameter, [models, ...]
    kept : name -> buffer, which changes in training without being trained, [models, ...]
    parameters : those of `state` that train
    """

    trained: str

    def __init__(self, build: Build, seeds: Sequence[int], device: str) -> None:
        made = {seed: build(seed).to(device) for seed in sorted(set(seeds))}
        self.module = deepcopy(made[seeds[0]]).requires_grad_(requires_grad=False)
        self._stack([made[seed] for seed in seeds])

    def _stack(self, modules: Sequence[nn.Module]) -> None:
        self.models = len(modules)
        trains = {name for name, tensor in modules[0].named_parameters() if tensor.requires_grad}
        state = _stacked([dict(module.named_parameters()) for module in modules])
        self.state = {name: tensor.requires_grad_(name in trains) for name, tensor in state.items()}
        self.kept = _stacked([dict(module.named_buffers()) for module in modules])
        self.parameters = [tensor for tensor in self.state.values() if tensor.requires_grad]

    @abstractmethod
    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        """Outputs [models, rows, outputs] for inputs [models, rows, features]."""

    @abstractmethod
    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        """Outputs as in training, and what every place of an activation saw, in the order of execution.

        The networks themselves stay as they are: running statistics, counters and the like change in copies.

        Parameters
        ----------
        x : [models, rows, features]
        extra : is added to what arrives, place by place, so that gradients there can be asked for
        """

    def gradients(self, losses: Tensor) -> list[Tensor | None]:
        """The gradient of every model's loss [models] for each of `parameters`; None for one that took no part."""
        # One model's loss does not depend on another's weights: their sum has every model's own gradient.
        ones = torch.ones_like(losses)
        return list(torch.autograd.grad(losses, self.parameters, ones, allow_unused=True))

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


def _stacked(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name].detach() for state in states]) for name in states[0]}


class Batched(Networks):
    """Any module: all models in one call, by vmap."""

    trained = "batched with vmap"

    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        """As `Networks`."""

        def run(state: dict[str, Tensor], x: Tensor) -> Tensor:
            output: Tensor = functional_call(self.module, state, (x,))
            return output

        self.module.train(training)
        # Dropout and random activations draw for each model.
        outputs: Tensor = vmap(run, randomness="different")(self.state | self.kept, x)
        return outputs

    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        """As `Networks`."""
        module, kept = _copied(self.module).train(), {name: tensor.clone() for name, tensor in self.kept.items()}
        seen: list[tuple[Site, int]] = []

        def run(state: dict[str, Tensor], x: Tensor, *extra: Tensor) -> tuple[Tensor, ...]:
            with recording(extra) as found:
                output = functional_call(module, state, (x,))
            # One more than for the module, which knows of no models.
            seen[:] = [(site, site.dim(z) + 1) for site, z in zip(found.sites, found.inputs, strict=True)]
            return (output, *found.inputs, *found.outputs)

        output, *parts = vmap(run, randomness="different")(self.state | kept, x.clone(), *extra)
        count = len(seen)
        return output, [Place(z, y, *own) for z, y, own in zip(parts[:count], parts[count:], seen, strict=True)]


class OneByOne(Networks):
    """Any module: one model after the other, each a module of its own that may remember what it likes."""

    trained = "one by one"

    def __init__(self, build: Build, seeds: Sequence[int], device: str) -> None:
        self.alone = [build(seed).to(device) for seed in seeds]
        self.module = self.alone[0]
        self._stack(self.alone)
        for model, module in enumerate(self.alone):
            for name, parameter in module.named_parameters():
                # The same memory: what moves the stacked parameters moves the module's.
                parameter.data = self.state[name].detach()[model]

    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        """As `Networks`."""
        # Copies: a network may change its input, and must not change its neighbour's.
        return torch.stack([module.train(training)(own.clone()) for module, own in zip(self.alone, x, strict=True)])

    def record(self, x: Tensor, extra: Sequence[Tensor] = ()) -> tuple[Tensor, list[Place]]:
        """As `Networks`."""
        outputs, recorders = [], []
        for model, module in enumerate(self.alone):
            with recording([part[model] for part in extra]) as seen:
                outputs.append(_copied(module).train()(x[model].clone()))
            recorders.append(seen)
        places = []
        for number, site in enumerate(recorders[0].sites):
            z, y = (
                torch.stack(part)
                for part in zip(*((r.inputs[number], r.outputs[number]) for r in recorders), strict=True)
            )
            places.append(Place(z, y, site, site.dim(z[0]) + 1))
        return torch.stack(outputs), places

    def gradients(self, losses: Tensor) -> list[Tensor | None]:
        """As `Networks`."""
        own = [[p for p in module.parameters() if p.requires_grad] for module in self.alone]
        flat = [parameter for parameters in own for parameter in parameters]
        found = torch.autograd.grad(losses, flat, torch.ones_like(losses), allow_unused=True)
        of_model = [found[k : k + len(own[0])] for k in range(0, len(flat), len(own[0]))]
        return [None if gradients[0] is None else torch.stack(gradients) for gradients in zip(*of_model, strict=True)]


def _copied(module: nn.Module) -> nn.Module:
    try:
        return deepcopy(module)
    except Exception:  # noqa: BLE001  some modules cannot be copied; looking at them may change what they remember
        return module


def batchable(build: Build, plain: Build, x: Tensor, device: str) -> bool:
    """Whether vmap can run the network, and trains it as the network alone.

    Parameters
    ----------
    build : makes the network of a seed
    plain : makes it with an activation that draws nothing, so that two ways to run it can be compared
    x : [rows, features], two rows at least
    """
    seeds, both = [1, 2], torch.stack([x, x]).to(device)
    try:
        for count in (1, 2):
            networks = Batched(build, seeds[:count], device)
            networks.gradients(networks(both[:count], training=True).square().mean((1, 2)))
            networks.record(both[:count])
        return _train_alike(Batched(plain, seeds, device), OneByOne(plain, seeds, device), both)
    except Exception:  # noqa: BLE001  whatever it is that vmap cannot do, there is another way
        return False


def _train_alike(batched: Batched, alone: OneByOne, x: Tensor) -> bool:
    for part in (each for module in (batched.module, *alone.alone) for each in module.modules()):
        if isinstance(part, nn.modules.dropout._DropoutNd):  # noqa: SLF001  there is no public name for all of them
            part.p = 0.0
    for _ in range(STEPS):
        results = []
        for networks in (batched, alone):
            outputs = networks(x.clone(), training=True)
            gradients = networks.gradients(outputs.square().mean((1, 2)))
            results.append([outputs.detach(), *gradients])
            with torch.no_grad():
                for parameter, gradient in zip(networks.parameters, gradients, strict=True):
                    parameter.sub_(0.01 * gradient if gradient is not None else 0.0)
        if not all(map(_close, *results)):
            return False
    with torch.no_grad():
        return _close(batched(x), alone(x))


def _close(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool((a - b).abs().max() <= AGREEMENT * b.abs().max().clamp(min=1.0))
