"""Train the runs of one chunk: a pure function of its arguments, on one thread."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from actlab.activation import Activation
from actlab.experiment.chunk import FINAL, Chunk, Member
from actlab.experiment.data import Dataset, Rows
from actlab.experiment.hidden import Hidden
from actlab.experiment.mlp import StackedAdam, StackedMLP, layer_sizes, losses, matched_width
from actlab.experiment.outcome import Point, Trial, failed_trial
from actlab.experiment.settings import EVALUATIONS, Settings

# The learning rate is constant for this share of the steps, then falls to 0 in a straight line.
CONSTANT_SHARE = 0.5

# A run has diverged when a loss is not finite, or the last training loss is this many times the loss of a
# constant guess: it is then worse than not having trained.
HOPELESS = 2.0

# Scores are computed in blocks of rows that keep a layer's outputs below this many floats (16 MB).
BLOCK_FLOATS = 4_000_000


def run_chunk(chunk: Chunk, dataset: Dataset, activation: Activation, settings: Settings) -> list[Trial]:
    """Train every member of the chunk; a run that raises becomes a failed trial."""
    try:
        # Bits of a stack of one differ from those of the same model in a larger one.
        members = chunk.members if len(chunk.members) > 1 else chunk.members * 2
        with one_thread():
            trials = _Training(members, dataset, activation, settings, stage=chunk.stage).run()
    except Exception as error:  # noqa: BLE001  one function's failure must not end the experiment
        message = f"{type(error).__name__}: {error}"
        return [failed_trial(member, dataset.chance, chunk.stage, message) for member in chunk.members]
    return trials[: len(chunk.members)]


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread, for the same bits on every machine, and no slow subnormal numbers."""
    threads = torch.get_num_threads()
    flushed = torch.tensor(1e-38).mul(1e-5).item() == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)


class BatchOrder:
    """Row numbers of one seed's training, pass after pass, each in a new order."""

    def __init__(self, rows: Rows, seed: int) -> None:
        self.rows = rows
        self.rng = np.random.default_rng([seed, 2])
        self.waiting = rows[:0]

    def take(self, count: int) -> Rows:
        """The next ``count`` row numbers."""
        parts, held = [self.waiting], len(self.waiting)
        while held < count:
            parts.append(self.rng.permutation(self.rows))
            held += len(self.rows)
        drawn = np.concatenate(parts)
        self.waiting = drawn[count:]
        return drawn[:count]


class _Training:
    """The runs of one chunk while they train.

    Axes: ``seeds`` are the distinct seeds, ``models`` the members; `of_seed` takes the first to the second,
    so that members with one seed share the work on their rows.
    """

    def __init__(
        self,
        members: tuple[Member, ...],
        dataset: Dataset,
        activation: Activation,
        settings: Settings,
        stage: int,
    ) -> None:
        self.members, self.dataset, self.stage = members, dataset, stage
        self.seeds = sorted({member.seed for member in members})
        self.of_seed = torch.tensor([self.seeds.index(member.seed) for member in members])
        splits = [dataset.split(seed) for seed in self.seeds]
        self.training = [training for training, _ in splits]
        self.validation = torch.from_numpy(np.stack([validation for _, validation in splits]))
        self.batch = settings.batch_for(len(self.training[0]))
        self.steps = settings.steps_for(len(self.training[0]))
        # Copies: joblib hands large arrays over as read-only memory maps, which torch warns about.
        self.x, self.y = torch.tensor(dataset.x), torch.tensor(dataset.y)
        self._measure_scales()
        self.model = _model(activation, settings, dataset, [member.seed for member in members])
        self.parameters = list(self.model.parameters())
        self.adam = StackedAdam(self.parameters, torch.tensor([member.lr for member in members]))
        # Random activations: one stream per chunk, the same for all functions.
        self.draws = torch.Generator().manual_seed(sum((i + 1) * seed for i, seed in enumerate(self.seeds)))

    def _measure_scales(self) -> None:
        """Mean and spread of each seed's training rows: the only rows the inputs are standardised with."""
        x_scales = [_scales(self.dataset.x[rows]) for rows in self.training]
        self.x_mean, self.x_spread = (_stack(part)[:, None] for part in zip(*x_scales, strict=True))
        if not self.dataset.classes:
            y_scales = [_scales(self.dataset.y[rows]) for rows in self.training]
            self.y_mean, self.y_spread = (_stack(part)[:, None] for part in zip(*y_scales, strict=True))

    def run(self) -> list[Trial]:
        """Train to the last step."""
        curves: list[list[Point]] = [[] for _ in self.members]
        history = torch.empty(self.steps, len(self.members))
        orders = [BatchOrder(rows, seed) for rows, seed in zip(self.training, self.seeds, strict=True)]
        done = 0
        for end in evaluation_steps(self.steps):
            self._train(history, done, end, orders)
            scores, validation_loss = self._evaluate(self.validation)
            train_loss = history[done:end].mean(0)
            for curve, loss, score in zip(curves, train_loss.tolist(), scores, strict=True):
                curve.append(Point(end, loss, score))
            done = end
        return self._trials(history, curves, validation_loss)

    def _train(self, history: torch.Tensor, start: int, end: int, orders: list[BatchOrder]) -> None:
        """The steps from ``start`` to ``end``; writes each model's losses into ``history``."""
        rows = np.stack([order.take((end - start) * self.batch) for order in orders])
        batches = torch.from_numpy(rows).view(len(orders), end - start, self.batch)
        for step in range(start, end):
            x, y = self._rows(batches[:, step - start])
            loss = losses(self.model(x, training=True, draws=self.draws), y)
            # One model's loss does not depend on another's weights: the sum has every model's own gradient.
            gradients = torch.autograd.grad(loss.sum(), self.parameters)
            self.adam.step(gradients, schedule(step, self.steps))
            history[step] = loss.detach()

    def _rows(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised inputs and targets [models, rows, ...] of row numbers [seeds, rows]."""
        x = (self.x[rows] - self.x_mean) / self.x_spread
        y = self.y[rows]
        if not self.dataset.classes:
            y = (y - self.y_mean) / self.y_spread
        return x[self.of_seed], y[self.of_seed]

    @torch.no_grad()
    def _evaluate(self, rows: torch.Tensor) -> tuple[list[float], list[float]]:
        """Score and loss of every model on row numbers [seeds, rows]."""
        widest = max(weight.shape[-1] for weight in self.model.weights)
        block = max(1, BLOCK_FLOATS // (len(self.members) * max(widest, self.x.shape[1])))
        outputs, targets = [], []
        for part in torch.split(rows, block, dim=1):
            x, y = self._rows(part)
            outputs.append(self.model(x))
            targets.append(y)
        output, target = torch.cat(outputs, 1), torch.cat(targets, 1)
        return scores(output, target).tolist(), losses(output, target).tolist()

    def _trials(self, history: torch.Tensor, curves: list[list[Point]], validation_loss: list[float]) -> list[Trial]:
        test = [math.nan] * len(self.members)
        if self.stage == FINAL:
            rows = torch.tensor(self.dataset.test_rows).expand(len(self.seeds), -1)
            test, _ = self._evaluate(rows)
        return [
            self._trial(number, history[:, number], curves[number], validation_loss[number], test[number])
            for number in range(len(self.members))
        ]

    def _trial(
        self, number: int, history: torch.Tensor, curve: list[Point], validation_loss: float, test: float
    ) -> Trial:
        train_loss, validation = curve[-1].loss_train, curve[-1].score_validation
        where = _diverged_step(history, train_loss, validation_loss, HOPELESS * self._constant_loss())
        if where is not None:
            validation = self.dataset.chance
            test = validation if self.stage == FINAL else math.nan
        return Trial(
            member=self.members[number],
            score_validation=validation,
            score_test=test,
            loss_train=train_loss,
            loss_validation=validation_loss,
            diverged=where is not None,
            diverged_step=where,
            curve=tuple(curve),
        )

    def _constant_loss(self) -> float:
        """Loss of the best constant guess: entropy of the classes, or 1 for a standardised target."""
        if not self.dataset.classes:
            return 1.0
        share = np.bincount(self.dataset.y) / len(self.dataset.y)
        return float(-np.sum(share * np.log(share)))


def _model(activation: Activation, settings: Settings, dataset: Dataset, seeds: list[int]) -> StackedMLP:
    """The stack of networks for these seeds."""
    hidden = Hidden(activation)
    inputs = dataset.x.shape[1]
    width = matched_width(hidden, settings.depth, settings.width, inputs, dataset.outputs)
    sizes = layer_sizes(hidden.pieces, settings.depth, width, inputs, dataset.outputs)
    return StackedMLP(hidden, sizes, seeds)


def _scales(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, in float64; 1 for a constant column."""
    mean, spread = values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64)
    # A constant column of large float32 numbers has a spread of rounding errors only.
    spread = np.where(spread > 1e-6 * np.abs(mean), spread, 1.0)
    return mean.astype(np.float32), spread.astype(np.float32)


def _stack(parts: tuple[np.ndarray, ...]) -> torch.Tensor:
    return torch.from_numpy(np.stack(parts))


def evaluation_steps(steps: int) -> list[int]:
    """The steps after which validation scores are taken; the last is the end."""
    return sorted({math.ceil(steps * part / EVALUATIONS) for part in range(1, EVALUATIONS + 1)})


def schedule(step: int, steps: int) -> float:
    """Share of the learning rate at this step (0, 1, ...)."""
    return min(1.0, (1 - step / steps) / (1 - CONSTANT_SHARE))


def scores(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Accuracy (class numbers) or R^2 (real targets) of each model."""
    if target.dtype == torch.int64:
        return (output.argmax(-1) == target).double().mean(1)
    error = (output[..., 0] - target).double().square().sum(1)
    spread = (target.double() - target.double().mean(1, keepdim=True)).square().sum(1)
    return 1 - error / spread


def _diverged_step(history: torch.Tensor, train_loss: float, validation_loss: float, hopeless: float) -> int | None:
    """The step at which a run is taken to have diverged, or None."""
    broken = ~torch.isfinite(history)
    if bool(broken.any()):
        return int(broken.int().argmax())
    if not math.isfinite(validation_loss) or train_loss > hopeless:
        return len(history)
    return None
