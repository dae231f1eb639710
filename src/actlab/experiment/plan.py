"""The plan and the outcomes of experiments, in one SQLite file.

Table `experiment` has one row per distinct key: settings, data, activations and version. What is run under
one key is never mixed with another's. Table `chunk` is the plan, written before work starts; further rounds
of the learning-rate grid are appended to it. `trial`, `curve` and `cost` hold the outcomes. Every finished
chunk is one transaction, so that an interruption loses only what was being computed.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from actlab.errors import OptionError
from actlab.experiment.chunk import Chunk, Member
from actlab.experiment.outcome import Cost, Trial

FILE_NAME = "trials.sqlite"

_TABLES = """
create table if not exists experiment (
    id integer primary key, key text unique not null, created text not null default current_timestamp,
    description text not null);
create table if not exists dataset (
    experiment integer not null references experiment, name text not null, fingerprint text not null,
    description text not null, primary key (experiment, name));
create table if not exists split (
    experiment integer not null references experiment, data text not null, seed integer not null,
    digest text not null, primary key (experiment, data, seed));
create table if not exists chunk (
    id integer primary key, experiment integer not null references experiment, data text not null,
    activation text not null, stage integer not null, round integer not null, part integer not null,
    members text not null, state text not null default 'planned', seconds real,
    unique (experiment, data, activation, stage, round, part));
create table if not exists trial (
    chunk integer not null references chunk, member integer not null, lr real not null, seed integer not null,
    score_validation real, score_test real, loss_train real, loss_validation real,
    diverged integer not null, diverged_step integer, message text not null, primary key (chunk, member));
create table if not exists curve (
    chunk integer not null references chunk, member integer not null, step integer not null,
    loss_train real, score_validation real, primary key (chunk, member, step));
create table if not exists cost (
    experiment integer not null references experiment, data text not null, activation text not null,
    seconds_per_step real, saved_bytes integer not null, parameters integer not null, width integer not null,
    primary key (experiment, data, activation));
"""

_TRIALS = """
select chunk.data, chunk.activation, chunk.stage, chunk.round, trial.lr, trial.seed, score_validation,
score_test,
    loss_train, loss_validation, diverged, diverged_step, message
from trial join chunk on trial.chunk = chunk.id where chunk.experiment = ?
order by chunk.data, chunk.activation, chunk.stage, trial.lr, trial.seed
"""

_CURVES = """
select chunk.data, chunk.activation, chunk.stage, trial.lr, trial.seed, curve.step, curve.loss_train,
    curve.score_validation
from curve join trial using (chunk, member) join chunk on curve.chunk = chunk.id where chunk.experiment = ?
order by chunk.data, chunk.activation, chunk.stage, trial.lr, trial.seed, curve.step
"""

_COSTS = """
select data, activation, seconds_per_step, saved_bytes, parameters, width from cost where experiment = ?
"""


class Plan:
    """The rows of one experiment.

    Parameters
    ----------
    folder : where `trials.sqlite` lies or is made; None keeps everything in memory
    key : what makes this experiment the same as an earlier one
    description : the experiment in plain data, for whoever opens the file
    who : the command, for messages

    Raises
    ------
    OptionError
        If the folder cannot be written, or holds a file of this name that is no intact plan.
    """

    def __init__(self, folder: Path | None, key: str, description: dict[str, Any], who: str) -> None:
        self._connection = _open(folder, who)
        with self._connection as connection:
            connection.execute(
                "insert or ignore into experiment (key, description) values (?, ?)",
                (key, json.dumps(description)),
            )
        found = self._connection.execute("select id from experiment where key = ?", (key,)).fetchone()
        self._experiment = int(found[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add_dataset(self, name: str, fingerprint: str, description: dict[str, Any], splits: dict[int, str]) -> None:
        """Write down a data set and the digest of every seed's split."""
        own = self._experiment
        with self._connection as connection:
            connection.execute(
                "insert or ignore into dataset values (?, ?, ?, ?)",
                (own, name, fingerprint, json.dumps(description)),
            )
            connection.executemany(
                "insert or ignore into split values (?, ?, ?, ?)",
                [(own, name, seed, digest) for seed, digest in splits.items()],
            )

    def add_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Append to the plan what it does not hold yet."""
        rows = [
            (self._experiment, *chunk.key, json.dumps([[member.lr, member.seed] for member in chunk.members]))
            for chunk in chunks
        ]
        with self._connection as connection:
            connection.executemany(
                "insert or ignore into chunk (experiment, data, activation, stage, round, part, members) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def chunks(self) -> list[Chunk]:
        """The whole plan, in its order."""
        return self._chunks("%")

    def open_chunks(self) -> list[Chunk]:
        """The planned chunks without an outcome, in the order of the plan."""
        return self._chunks("planned")

    def _chunks(self, state: str) -> list[Chunk]:
        rows = self._connection.execute(
            "select data, activation, stage, round, part, members from chunk "
            "where experiment = ? and state like ? order by id",
            (self._experiment, state),
        )
        return [
            Chunk(data, activation, stage, round_, part, tuple(Member(lr, seed) for lr, seed in json.loads(members)))
            for data, activation, stage, round_, part, members in rows
        ]

    def finished_runs(self) -> int:
        """Training runs with an outcome."""
        return len(self.trials())

    def finish(self, chunk: Chunk, trials: Sequence[Trial], seconds: float) -> None:
        """Write down the outcome of a chunk, in one transaction."""
        number = self._number(chunk)
        state = "failed" if any(trial.message for trial in trials) else "done"
        with self._connection as connection:
            connection.execute("update chunk set state = ?, seconds = ? where id = ?", (state, seconds, number))
            connection.executemany(
                "insert or replace into trial values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(number, member, *_trial_row(trial)) for member, trial in enumerate(trials)],
            )
            connection.executemany(
                "insert or replace into curve values (?, ?, ?, ?, ?)",
                [
                    (number, member, point.step, _null(point.loss_train), _null(point.score_validation))
                    for member, trial in enumerate(trials)
                    for point in trial.curve
                ],
            )

    def _number(self, chunk: Chunk) -> int:
        found = self._connection.execute(
            "select id from chunk where (experiment, data, activation, stage, round, part) = (?, ?, ?, ?, ?, ?)",
            (self._experiment, *chunk.key),
        )
        return int(found.fetchone()[0])

    def finish_costs(self, data: str, costs: Sequence[Cost]) -> None:
        """Write down what a step costs on a data set."""
        with self._connection as connection:
            connection.executemany(
                "insert or replace into cost values (?, ?, ?, ?, ?, ?, ?)",
                [
                    (self._experiment, data, cost.activation, _null(cost.seconds_per_step), cost.saved_bytes,
                     cost.parameters, cost.width)
                    for cost in costs
                ],
            )  # fmt: skip

    def trials(self) -> list[dict[str, Any]]:
        """Every finished run; NaN where there is no number."""
        rows = self._select(_TRIALS)
        return [row | {"diverged": bool(row["diverged"])} for row in rows]

    def curves(self) -> list[dict[str, Any]]:
        """Every point of every learning curve."""
        return self._select(_CURVES)

    def costs(self) -> list[dict[str, Any]]:
        """Every cost measured."""
        return self._select(_COSTS)

    def _select(self, query: str) -> list[dict[str, Any]]:
        cursor = self._connection.execute(query, (self._experiment,))
        names = [column[0] for column in cursor.description]
        return [
            {name: math.nan if value is None else value for name, value in zip(names, row, strict=True)}
            for row in cursor
        ]


def _open(folder: Path | None, who: str) -> sqlite3.Connection:
    if folder is None:
        connection = sqlite3.connect(":memory:")
        connection.executescript(_TABLES)
        return connection
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        connection.execute("pragma journal_mode = wal")
        connection.executescript(_TABLES)
        damage = connection.execute("pragma quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        damage = str(error)
    except OSError as error:
        raise OptionError(f"{who}: out must be a writable folder; got out={str(folder)!r} ({error.strerror})") from None
    if damage != "ok":
        raise OptionError(
            f"{who}: {FILE_NAME} in the out folder must be intact and writable; got file={str(path)!r} "
            f"({' '.join(damage.split())}); move it away or choose another out"
        )
    return connection


def _trial_row(trial: Trial) -> tuple[Any, ...]:
    numbers = (trial.score_validation, trial.score_test, trial.loss_train, trial.loss_validation)
    return (
        trial.member.lr, trial.member.seed, *map(_null, numbers), trial.diverged, trial.diverged_step,
        trial.message,
    )  # fmt: skip


def _null(value: float) -> float | None:
    """SQLite turns NaN into NULL and keeps infinity; a table of scores wants neither."""
    return value if math.isfinite(value) else None
