"""The plan and the outcomes of one experiment, in one SQLite file; `schema` has its tables.

Every finished chunk is one transaction, so that an interruption loses only what was being computed.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from itertools import count as numbers
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from actlab.errors import OptionError
from actlab.experiment.chunk import Chunk, Member
from actlab.experiment.outcome import Cost, Health, Learned, Point, Trial
from actlab.experiment.schema import FILE_NAME, OtherVersion, connect, connect_to_read

LOCK_NAME = "trials.lock"

_RUN = "chunk.condition, chunk.activation, chunk.stage, trial.lr, trial.seed"
_ORDER = "order by chunk.condition, chunk.activation, chunk.stage, chunk.round, trial.lr, trial.seed"
_TRIALS = f"""
select chunk.condition, chunk.activation, chunk.stage, chunk.round, trial.lr, trial.seed, score_validation, score_test,
    loss_train, loss_validation, loss_test, settled_step, diverged, diverged_step, trained, message
from trial join chunk on trial.chunk = chunk.id {_ORDER}
"""  # noqa: S608  our own names
_OF_RUNS = "join trial using (chunk, member) join chunk on trial.chunk = chunk.id"


class Plan:
    """The rows of one experiment; make one with `Plan.create` or `Plan.open`.

    Parameters
    ----------
    connection : to a file with the tables
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path | None, who: str) -> None:
        self._connection, self.folder, self._who = connection, folder, who
        self._held: FileLock | None = None

    @classmethod
    def create(
        cls, folder: Path | None, key: dict[str, Any], description: dict[str, Any], who: str, *, numbered: bool = False
    ) -> Plan:
        """The plan of an experiment: a new one, or the one that the folder holds.

        Parameters
        ----------
        folder : where `trials.sqlite` lies or is made; None keeps everything in memory
        key : all that decides the outcomes, in plain data; another key is another experiment
        description : what a report needs besides the outcomes, in plain data
        who : the command, for messages
        numbered : pass over folders that hold another experiment: folder, folder-2, folder-3, ...

        Raises
        ------
        OptionError
            If the folder cannot be written, holds a file of this name that is no intact plan, or another experiment.
        """
        for place in numbers(1):
            own = folder.with_name(f"{folder.name}-{place}") if folder and place > 1 else folder
            try:
                plan = cls(connect(own, who), own, who)
            except OtherVersion:
                if numbered:
                    continue
                raise
            changes = plan._begin(key, description)
            if not changes:
                plan._lock()
                return plan
            plan.close()
            if not numbered:
                raise OptionError(
                    f"{who}: out must be a new folder or one that holds the same comparison; got out={str(own)!r}, "
                    f"which differs ({'; '.join(changes)}); choose another out, or repeat its settings to go on there"
                )
        raise AssertionError  # numbers do not end

    def _begin(self, key: dict[str, Any], description: dict[str, Any]) -> list[str]:
        """Write down the experiment, unless there is one already; returns in what that differs."""
        with self._writing() as connection:
            connection.execute(
                "insert or ignore into experiment (id, key, description, environment) values (1, ?, ?, '{}')",
                (json.dumps(key), json.dumps(description)),
            )
        stored = json.loads(self._connection.execute("select key from experiment").fetchone()[0])
        return list(_changes(stored, json.loads(json.dumps(key))))

    @classmethod
    def open(cls, folder: Path, who: str) -> Plan:
        """The plan that the folder holds, for reading.

        Raises
        ------
        OptionError
            If there is none, or it is damaged.
        """
        path = folder / FILE_NAME
        if not path.is_file():
            raise OptionError(
                f"{who}: the folder must hold {FILE_NAME}; got {str(folder)!r}; give the --out of a comparison"
            )
        plan = cls(connect_to_read(path, who), folder, who)
        if plan._connection.execute("select count(*) from experiment").fetchone()[0] == 0:
            plan.close()
            raise OptionError(f"{who}: {FILE_NAME} must hold a comparison; got {str(path)!r}, which is empty")
        return plan

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        if self._held:
            self._held.release()

    def _lock(self) -> None:
        """Keep other runs off the folder for as long as this process lives; reading stays possible."""
        if self.folder is None:
            return
        self._held = FileLock(self.folder / LOCK_NAME)
        try:
            self._held.acquire(timeout=0)
        except Timeout:
            self.close()
            raise OptionError(
                f"{self._who}: out must be used by one comparison at a time; got out={str(self.folder)!r}, where "
                "another is running; wait for it or choose another out"
            ) from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; what the disk refuses becomes one line, and what was there stays."""
        try:
            with self._connection as connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise OptionError(
                f"{self._who}: {FILE_NAME} must be writable; got out={str(self.folder)!r} ({error}); what was finished "
                "is kept: make room, then run the same command again"
            ) from None

    @property
    def description(self) -> dict[str, Any]:
        """The experiment in plain data."""
        found: dict[str, Any] = json.loads(self._connection.execute("select description from experiment").fetchone()[0])
        return found

    @property
    def environment(self) -> dict[str, Any]:
        """What was noted about the run: versions, hardware, time."""
        found: dict[str, Any] = json.loads(self._connection.execute("select environment from experiment").fetchone()[0])
        return found

    def note_environment(self, environment: Mapping[str, Any]) -> None:
        """Write down what a number may depend on besides the settings."""
        with self._writing() as connection:
            connection.execute("update experiment set environment = ?", (json.dumps(environment),))

    def add_splits(self, data: str, digests: Mapping[int, str]) -> None:
        """Write down the digest of every seed's split."""
        with self._writing() as connection:
            rows = [(data, seed, digest) for seed, digest in digests.items()]
            connection.executemany("insert or ignore into split values (?, ?, ?)", rows)

    def add_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Append to the plan what it does not hold yet."""
        rows = [(*chunk.key, json.dumps([[member.lr, member.seed] for member in chunk.members])) for chunk in chunks]
        with self._writing() as connection:
            connection.executemany(
                "insert or ignore into chunk (condition, activation, stage, round, part, members) "
                "values (?, ?, ?, ?, ?, ?)",
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
            "select condition, activation, stage, round, part, members from chunk where state like ? order by id",
            (state,),
        )
        return [
            Chunk(condition, activation, stage, round_, part, tuple(Member(*member) for member in json.loads(members)))
            for condition, activation, stage, round_, part, members in rows
        ]

    def unfinished(self) -> str:
        """What is still to be done, in a few words; "" if the experiment is complete."""
        left, done = len(self.open_chunks()), self.finished_runs()
        if left or self.costs().empty or not self.environment:
            return f"{done} runs are done, {left} parts of the plan are open"
        return ""

    def finished_runs(self) -> int:
        """Training runs with an outcome."""
        return int(self._connection.execute("select count(*) from trial").fetchone()[0])

    def finish(self, chunk: Chunk, trials: Sequence[Trial], seconds: float) -> None:
        """Write down the outcome of a chunk, in one transaction."""
        found = self._connection.execute(
            "select id from chunk where (condition, activation, stage, round, part) = (?, ?, ?, ?, ?)", chunk.key
        )
        number = int(found.fetchone()[0])
        state = "failed" if any(trial.message for trial in trials) else "done"
        runs = [((number, member), trial) for member, trial in enumerate(trials)]
        with self._writing() as connection:
            connection.execute("update chunk set state = ?, seconds = ? where id = ?", (state, seconds, number))
            _insert(connection, "trial", [(*run, *_trial_row(trial)) for run, trial in runs])
            for table, kind in (("curve", Point), ("health", Health), ("learned", Learned)):
                rows = [(*run, *_plain(part)) for run, trial in runs for part in _parts(trial, kind)]
                _insert(connection, table, rows)

    def finish_costs(self, condition: str, costs: Iterable[Cost]) -> None:
        """Write down what a step costs under a condition."""
        with self._writing() as connection:
            _insert(connection, "cost", [(condition, *_plain(cost)) for cost in costs])

    def trials(self) -> pd.DataFrame:
        """Every finished run; NaN where there is no number."""
        frame = self._select(_TRIALS)
        return frame.assign(diverged=frame.diverged.astype(bool))

    def curves(self) -> pd.DataFrame:
        """Every point of every learning curve."""
        return self._of_runs("curve", Point, "step")

    def health(self) -> pd.DataFrame:
        """Every place at every moment of every run; the histogram is a list of counts or None."""
        frame = self._of_runs("health", Health, "moment = 'end', moment = 'middle', site")
        return frame.assign(histogram=[json.loads(text) or None for text in frame.histogram])

    def learned(self) -> pd.DataFrame:
        """Every learned parameter of every run."""
        return self._of_runs("learned", Learned, "site, name")

    def costs(self) -> pd.DataFrame:
        """Every cost measured."""
        return self._select("select * from cost")

    def _of_runs(self, table: str, kind: type, order: str) -> pd.DataFrame:
        columns = ", ".join(f'{table}."{field.name}"' for field in fields(kind))
        return self._select(f"select {_RUN}, {columns} from {table} {_OF_RUNS} {_ORDER}, {order}")  # noqa: S608  our own names

    def _select(self, query: str) -> pd.DataFrame:
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        # NULL is "no number" everywhere.
        rows = [[math.nan if value is None else value for value in row] for row in cursor]
        return pd.DataFrame(rows, columns=names)


def _changes(old: Any, new: Any, name: str = "") -> Iterator[str]:
    """What differs between two keys, a phrase each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for part in old | new:
            yield from _changes(old.get(part), new.get(part), part)
    elif name == "conditions" and old != new:
        own, other = ([item for item in one if item not in two] for one, two in ((old, new), (new, old)))
        yield f"{name}: {_brief(own) or 'no others'} there, {_brief(other) or 'no others'} here"
    elif old != new:
        yield f"{name}: {_brief(old)} there, {_brief(new)} here"


def _brief(value: Any, longest: int = 60) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "nothing" if value is None else str(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f"insert or replace into {table} values ({places})", rows)  # noqa: S608  our own names


def _trial_row(trial: Trial) -> list[Any]:
    own = [trial.score_validation, trial.score_test, trial.loss_train, trial.loss_validation, trial.loss_test]
    return [
        trial.member.lr, trial.member.seed, *map(_cell, own), trial.settled_step, trial.diverged, trial.diverged_step,
        trial.trained, trial.message,
    ]  # fmt: skip


def _parts(trial: Trial, kind: type) -> tuple[Any, ...]:
    return {Point: trial.curve, Health: trial.health, Learned: trial.learned}[kind]


def _plain(part: Any) -> list[Any]:
    return [_cell(value) for value in astuple(part)]


def _cell(value: Any) -> Any:
    """SQLite turns NaN into NULL and keeps infinity, a table of scores wants neither; a histogram becomes text."""
    if isinstance(value, tuple):
        return json.dumps(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
