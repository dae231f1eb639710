"""`compare`: its stacked training against a plain PyTorch loop, vmap against one by one, and a whole comparison."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal, highest, lowest
from benchmarks.section import Section

if TYPE_CHECKING:
    from actlab.experiment.chunk import Chunk
    from actlab.experiment.networks import Networks
    from actlab.experiment.problem import Problem

# What `actlab compare` does by itself, apart from its second, easier data set.
_FUNCTIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "silu", "gelu")
_NORMS = {"none": "no norm", "layer": "layer norm"}
_DATA, _STEPS = "mnist1d", 2000

_MODELS = ("cnn", "resnet", "mobilenet", "transformer")
_PROCESSES = 2


def _training(bench: Bench) -> Iterator[Figure]:
    """The runs that choose a function's learning rate, on two processes: stacked, and one after the other."""
    from benchmarks.plain_loop import OPTIMISERS, Loop

    (steps,) = bench.sized(_STEPS)
    dataset = _problem("relu").dataset
    with ProcessPoolExecutor(
        _PROCESSES, get_context("spawn"), _prepare, [_problem("relu", norm="layer", steps=1)]
    ) as pool:
        for number, (norm, function) in enumerate(product(_NORMS, bench.chosen(*_FUNCTIONS))):
            problem = _problem(function, norm=norm, steps=steps)
            chunks = _chunks(problem)
            sides: dict[str, tuple[Callable[..., object], list[tuple[Any, ...]]]] = {
                "ours": (_stacked, [(chunk, problem) for chunk in chunks])
            }
            for optimiser in OPTIMISERS:
                # All runs of a loop take as long: one stands for them.
                loop = Loop(function, norm, optimiser, steps)
                sides[optimiser] = loop.train, [(dataset, chunk.members[0]) for chunk in chunks]
            # What comes first may find a slower machine: every other time it is the other side.
            taken = {side: _slowest(pool, *sides[side]) for side in sorted(sides, reverse=number % 2 == 1)}
            ours, runs = taken.pop("ours"), max(len(chunk.members) for chunk in chunks)
            for optimiser, seconds in taken.items():
                theirs, what = seconds * runs, f"{_NORMS[norm]}, {optimiser}"
                yield Figure(function, what, "PyTorch", "float32", steps, 1, ours, theirs, theirs / ours)


def _prepare(problem: Problem) -> None:
    """One thread a process; and what the first call of each side loads or compiles is not counted."""
    import torch

    from benchmarks.plain_loop import Loop

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    (chunk, *_) = _chunks(problem)
    _stacked(chunk, problem)
    Loop("relu", "layer", "Adam", 1).train(problem.dataset, chunk.members[0])


def _slowest(pool: Executor, task: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> float:
    """Seconds of the process that takes longest, when each has one of these to do."""
    futures = [pool.submit(_processor_seconds, task, own) for own in arguments]
    return max(future.result() for future in futures)


def _processor_seconds(task: Callable[..., object], arguments: tuple[Any, ...]) -> float:
    """What one thread takes by the clock, if nobody else wants its core."""
    start = time.process_time()
    task(*arguments)
    return time.process_time() - start


def _stacked(chunk: Chunk, problem: Problem) -> None:
    from actlab.experiment.train import run_chunk

    messages = {trial.message for trial in run_chunk(chunk, problem)}
    if messages != {""}:
        raise RuntimeError(f"compare: {messages}")


def _problem(function: str, *, model: str = "mlp", norm: str = "none", steps: int = _STEPS) -> Problem:
    """What `compare` would train by default."""
    from actlab.experiment.condition import cross, networks_of
    from actlab.experiment.contender import parse
    from actlab.experiment.problem import Problem
    from actlab.experiment.settings import checked_settings
    from actlab.experiment.sources import load_all

    settings = checked_settings(
        budget="standard", batch=64, seeds=None, tuning_seeds=None, steps=steps, learning_rates=None,
        baseline=function, device="cpu",
    )  # fmt: skip
    (dataset,) = load_all(_DATA, None, "make bench")
    networks, _ = networks_of(model, norm, None, None, None)
    (condition,) = cross([dataset.name], ["standard"], networks)
    return Problem(dataset, condition, parse(function), settings)


def _chunks(problem: Problem) -> list[Chunk]:
    """The runs that choose the learning rate: a chunk for each process."""
    from actlab.experiment.chunk import TUNING, chunks_of

    settings = problem.settings
    return chunks_of(
        problem.condition.label, problem.contender.label, stage=TUNING, round_=0,
        rates=settings.learning_rates, seeds=settings.tuning_seed_list(),
    )  # fmt: skip


def _ways(bench: Bench) -> Iterator[Figure]:
    """A training step of all networks of a stack at once, against one network after the other."""
    from actlab.experiment.networks import Batched, OneByOne
    from actlab.experiment.rows import Deck
    from actlab.experiment.stacks import stack

    quick = replace(bench, rounds=max(2, bench.rounds // 10))
    for model in _MODELS:
        for function in bench.chosen("silu"):
            problem = _problem(function, model=model)
            way = stack(problem)
            seeds = list(range(1, way.most + 1))
            deck = Deck(problem.dataset, "standard", seeds, "cpu")
            x, y = deck.rows(deck.training[:, : problem.settings.batch])
            ours, theirs = (_step(kind(way.build, seeds, "cpu"), x, y) for kind in (Batched, OneByOne))
            yield quick.figure(model, f"{len(seeds)} networks", "one by one", x=x.numpy(), ours=ours, theirs=theirs)


def _step(networks: Networks, x: Any, y: Any) -> Callable[[], object]:

    from actlab.experiment.objective import CLASSIFICATION, losses

    def step() -> object:
        return networks.gradients(losses(CLASSIFICATION, networks(x, training=True), y))

    return step


def _whole(bench: Bench) -> Iterator[Figure]:
    """`actlab compare` as one types it."""
    if not bench.full:
        return
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(  # noqa: S603 - our own interpreter and package
            [sys.executable, "-m", "actlab", "compare", "--out", folder], stdout=subprocess.DEVNULL, check=True
        )
        seconds = time.perf_counter() - start
    yield Figure("actlab compare", "wall time", "", "float32", _STEPS, 1, seconds, math.nan, seconds)


def _with(optimiser: str) -> Callable[[Figure], bool]:
    """Picks the figures of the loop with this optimiser."""
    return lambda figure: figure.what.endswith(f", {optimiser}")


SECTIONS = (
    Section(
        "M",
        "compare, default perceptron: its training against a plain PyTorch loop, two processes of one thread each",
        _training,
        (
            Goal("geometric mean, PyTorch's Adam as it comes", 3, chosen=_with("Adam")),
            Goal("slowest function", None, lowest, chosen=_with("Adam")),
            Goal("geometric mean, its fused Adam", None, chosen=_with("Adam(fused=True)")),
        ),
        column="{what}",
        times=False,
        note=f"{_STEPS} steps of 21 runs on {_DATA}, in processor time; ours with what is noted of their health. The "
        "loop has PyTorch's own modules and is timed on two of the runs.",
    ),
    Section(
        "N",
        "compare, other networks: a training step of several at once by vmap against one by one, one thread",
        _ways,
        column="{what}",
        times=False,
    ),
    Section(
        "O",
        "compare: a whole comparison by default, all cores",
        _whole,
        (Goal("wall time", 180, highest, at_most=True, unit="s"),),
        column="{what}",
        unit="s",
        times=False,
        note="Minutes: measured with --full only.",
    ),
)
