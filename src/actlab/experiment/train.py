"""Train the runs of one chunk: a pure function of its arguments, on one thread."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from actlab.experiment import health
from actlab.experiment.adam import StackedAdam
from actlab.experiment.chunk import FINAL, Chunk, Member, portions
from actlab.experiment.objective import constant_loss, losses, scores
from actlab.experiment.outcome import Health, Point, Trial, failed_trial
from actlab.experiment.problem import Problem
from actlab.experiment.rows import BatchOrder, Deck
from actlab.experiment.seeding import seeded
from actlab.experiment.settings import EVALUATIONS
from actlab.experiment.stacks import Stack, stack

# The learning rate is constant for this share of the steps, then falls to 0 in a straight line.
CONSTANT_SHARE = 0.5

# A run has diverged when a loss is not finite, or the last training loss is this many times the loss of a
# constant guess: it is then worse than not having trained.
HOPELESS = 2.0

# The share of its final score at which a run counts as converged.
SETTLED = 0.95

# malloc keeps blocks of up to 32 MiB, no larger ones.
_BLOCK = 30 * 2**20

# Scores are computed in blocks of rows that keep what a stack remembers of them below this (128 MB).
BLOCK_BYTES = 2**27


def run_chunk(chunk: Chunk, problem: Problem) -> list[Trial]:
    """Train every member of the chunk; a run that raises becomes a failed trial."""
    try:
        # The trial runs that tell how to train may draw, too.
        with one_thread(), seeded(0):
            way = stack(problem)
            trials = []
            for members in portions(chunk.members, way.most):
                trials += _train(members, problem, way, chunk.stage)
    except Exception as error:  # noqa: BLE001  one function's failure must not end the experiment
        message = f"{type(error).__name__}: {error}"
        return [failed_trial(member, problem.dataset.chance, chunk.stage, message) for member in chunk.members]
    return trials


def _train(members: Sequence[Member], problem: Problem, way: Stack, stage: int) -> list[Trial]:
    # Bits of a stack of one differ from those of the same model in a larger one.
    trained = list(members) * 2 if len(members) == 1 < way.most else list(members)
    # Dropout and random activations: one stream per stack, the same for all functions.
    stream = sum((place + 1) * seed for place, seed in enumerate(sorted({member.seed for member in members})))
    with seeded(stream):
        return _Training(trained, problem, way, stage).run()[: len(members)]


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread, for the same bits on every machine, and no slow subnormal numbers."""
    threads = torch.get_num_threads()
    # The C library returns large blocks to the system, and faults every page of the next one anew, until a block of
    # their size was freed once: here that is a third of the time of a look at the networks' health.
    torch.empty(_BLOCK, dtype=torch.uint8)[::4096] = 0
    flushed = torch.tensor(1e-38).mul(1e-5).item() == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


class _Training:
    """The runs of one portion of a chunk while they train."""

    def __init__(self, members: Sequence[Member], problem: Problem, way: Stack, stage: int) -> None:
        self.members, self.problem = members, problem
        self.task, self.final = problem.dataset.task, stage == FINAL
        settings, seeds = problem.settings, [member.seed for member in members]
        self.deck = Deck(problem.dataset, problem.condition.scale, seeds, settings.device)
        rows = self.deck.training.shape[1]
        self.batch, self.steps = settings.batch_for(rows), settings.steps_for(rows)
        self.networks = way.make(seeds)
        self.bytes_per_row = way.bytes_per_row
        rates = torch.tensor([member.lr for member in members], device=settings.device)
        self.adam = StackedAdam(self.networks.parameters, rates)

    def run(self) -> list[Trial]:
        """Train to the last step."""
        curves: list[list[Point]] = [[] for _ in self.members]
        history = torch.empty(self.steps, len(self.members), device=self.deck.x.device)
        order = BatchOrder(self.deck.training, self.deck.seeds)
        watch = _Watch(self)
        watch.look("start")
        ends = evaluation_steps(self.steps)
        done = 0
        for end in ends:
            self._train(history, done, end, order)
            points = [history[done:end].mean(0).tolist(), *self._evaluate(self.deck.validation)]
            for curve, *values in zip(curves, *points, strict=True):
                curve.append(Point(end, *values))
            if end == middle(ends):
                watch.look("middle")
            done = end
        watch.look("end")
        return self._trials(history, curves, watch.records)

    def _train(self, history: Tensor, start: int, end: int, order: BatchOrder) -> None:
        """The steps from ``start`` to ``end``; writes each model's losses into ``history``."""
        drawn = order.take((end - start) * self.batch)
        for step in range(start, end):
            first = (step - start) * self.batch
            x, y = self.deck.rows(drawn[:, first : first + self.batch])
            loss = losses(self.task, self.networks(x, training=True), y)
            self.adam.step(self.networks.gradients(loss), schedule(step, self.steps))
            history[step] = loss.detach()

    @torch.no_grad()
    def _evaluate(self, rows: np.ndarray) -> tuple[list[float], list[float]]:
        """Loss and score of every model on row numbers [seeds, rows]."""
        block = max(1, BLOCK_BYTES // (len(self.members) * self.bytes_per_row))
        parts = []
        for first in range(0, rows.shape[1], block):
            x, y = self.deck.rows(rows[:, first : first + block])
            parts.append((self.networks(x), y))
        outputs, targets = (torch.cat(part, 1) for part in zip(*parts, strict=True))
        return losses(self.task, outputs, targets).tolist(), scores(self.task, outputs, targets).tolist()

    def _trials(self, history: Tensor, curves: list[list[Point]], healths: list[list[Health]]) -> list[Trial]:
        missing = [math.nan] * len(self.members)
        test = self._evaluate(self.deck.test) if self.final else (missing, missing)
        hopeless, chance = HOPELESS * constant_loss(self.problem.dataset), self.problem.dataset.chance
        learned = self.networks.learned()
        trials = []
        for number, member in enumerate(self.members):
            curve, (test_loss, test_score) = curves[number], (part[number] for part in test)
            last = curve[-1]
            where = _diverged_step(history[:, number], last.loss_train, last.loss_validation, hopeless)
            lost = where is not None
            trial = Trial(
                member=member,
                score_validation=chance if lost else last.score_validation,
                score_test=chance if lost and self.final else test_score,
                loss_train=last.loss_train,
                loss_validation=last.loss_validation,
                loss_test=test_loss,
                settled_step=None if lost else settled_step(curve),
                diverged=lost,
                diverged_step=where,
                trained=self.networks.trained,
                curve=tuple(curve),
                health=tuple(healths[number]),
                learned=tuple(learned[number]),
            )
            trials.append(trial)
        return trials


class _Watch:
    """Looks at the health of the networks in training, on the first validation rows of every seed."""

    def __init__(self, training: _Training) -> None:
        self.training = training
        x, y = training.deck.rows(training.deck.validation[:, : health.MOST_ROWS])
        rows = health.rows_for(training.networks, x)
        self.x, self.y = x[:, :rows], y[:, :rows]
        self.records: list[list[Health]] = [[] for _ in training.members]

    def look(self, moment: str) -> None:
        """Note the health of every place."""
        own = self.training
        found = health.examine(own.networks, own.task, self.x, self.y, moment=moment, histograms=own.final)
        for record, new in zip(self.records, found, strict=True):
            record.extend(new)


def evaluation_steps(steps: int) -> list[int]:
    """The steps after which validation scores are taken; the last is the end."""
    return sorted({math.ceil(steps * part / EVALUATIONS) for part in range(1, EVALUATIONS + 1)})


def middle(ends: Sequence[int]) -> int:
    """The evaluation half way through."""
    return ends[(len(ends) - 1) // 2]


def schedule(step: int, steps: int) -> float:
    """Share of the learning rate at this step (0, 1, ...)."""
    return min(1.0, (1 - step / steps) / (1 - CONSTANT_SHARE))


def settled_step(curve: Sequence[Point]) -> int | None:
    """The first point with 95% of the final validation score; None if that is not positive: a share means nothing."""
    final = curve[-1].score_validation
    return next((point.step for point in curve if final > 0 and point.score_validation >= SETTLED * final), None)


def _diverged_step(history: Tensor, train_loss: float, validation_loss: float, hopeless: float) -> int | None:
    """The step at which a run is taken to have diverged, or None."""
    broken = ~torch.isfinite(history)
    if bool(broken.any()):
        return int(broken.int().argmax())
    if not math.isfinite(validation_loss) or train_loss > hopeless:
        return len(history)
    return None
