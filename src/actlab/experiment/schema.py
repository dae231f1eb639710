"""The tables of `trials.sqlite`.

`experiment` holds the description in one row: settings, conditions, activations, versions. `split` has a digest of
every seed's split. `chunk` is the plan, written before work starts; further rounds of the learning-rate grid are
appended to it. `trial`, `curve`, `health`, `learned` and `cost` hold the outcomes.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from actlab.errors import OptionError

FILE_NAME = "trials.sqlite"

# Of the tables; a file of another schema is refused.
SCHEMA = 2

TABLES = f"""
create table if not exists experiment (
    id integer primary key check (id = 1), key text not null, created text not null default current_timestamp,
    description text not null, environment text not null);
create table if not exists split (
    data text not null, seed integer not null, digest text not null, primary key (data, seed));
create table if not exists chunk (
    id integer primary key, condition text not null, activation text not null, stage integer not null,
    round integer not null, part integer not null, members text not null, state text not null default 'planned',
    seconds real, unique (condition, activation, stage, round, part));
create table if not exists trial (
    chunk integer not null references chunk, member integer not null, lr real not null, seed integer not null,
    score_validation real, score_test real, loss_train real, loss_validation real, loss_test real,
    settled_step integer, diverged integer not null, diverged_step integer, trained text not null,
    message text not null, primary key (chunk, member));
create table if not exists curve (
    chunk integer not null references chunk, member integer not null, step integer not null,
    loss_train real, loss_validation real, score_validation real, primary key (chunk, member, step));
create table if not exists health (
    chunk integer not null references chunk, member integer not null, moment text not null, site integer not null,
    observations integer not null, dead real, "left" real, "right" real, sparsity real, mean_shift real,
    gradient real, mean real, sd real, histogram text not null, primary key (chunk, member, moment, site));
create table if not exists learned (
    chunk integer not null references chunk, member integer not null, site integer not null, name text not null,
    value real, primary key (chunk, member, site, name));
create table if not exists cost (
    condition text not null, activation text not null, seconds_per_step real, saved_bytes integer not null,
    parameters integer not null, flops integer not null, width integer, kernel text not null,
    primary key (condition, activation));
pragma user_version = {SCHEMA};
"""


class OtherVersion(OptionError):
    """The file was made by another version of actlab."""


def connect(folder: Path | None, who: str) -> sqlite3.Connection:
    """A connection to the file in the folder, which is made if it is not there; None keeps everything in memory.

    Raises
    ------
    OptionError
        If the folder cannot be written, or the file is no intact database with these tables.
    """
    if folder is None:
        connection = sqlite3.connect(":memory:")
        connection.executescript(TABLES)
        return connection
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        _refuse_other_version(connection, path, who)
        connection.execute("pragma journal_mode = wal")
        _refuse_damage(connection)
        connection.executescript(TABLES)
    except sqlite3.DatabaseError as error:
        raise OptionError(
            f"{who}: {FILE_NAME} in the out folder must be intact and writable; got file={str(path)!r} "
            f"({_line(error)}); move it away or choose another out"
        ) from None
    except OSError as error:
        raise OptionError(f"{who}: out must be a writable folder; got out={str(folder)!r} ({error.strerror})") from None
    return connection


def connect_to_read(path: Path, who: str) -> sqlite3.Connection:
    """A connection to a file that stays as it is, in a folder that need not be writable.

    Raises
    ------
    OptionError
        If the file is no intact database with these tables.
    """
    # Of a comparison that runs or was killed, the log has the latest; without one, nothing is made beside the file.
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
        _refuse_other_version(connection, path, who)
        _refuse_damage(connection)
    except sqlite3.DatabaseError as error:
        raise OptionError(
            f"{who}: {FILE_NAME} must be intact and readable; got file={str(path)!r} ({_line(error)}); "
            "if its folder cannot be written, copy it to one that can"
        ) from None
    return connection


def _refuse_damage(connection: sqlite3.Connection) -> None:
    damage = connection.execute("pragma quick_check").fetchone()[0]
    if damage != "ok":
        raise sqlite3.DatabaseError(damage)


def _line(error: sqlite3.Error) -> str:
    return " ".join(str(error).split())


def _refuse_other_version(connection: sqlite3.Connection, path: Path, who: str) -> None:
    version = connection.execute("pragma user_version").fetchone()[0]
    tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
    if tables and version != SCHEMA:
        connection.close()
        raise OtherVersion(
            f"{who}: {FILE_NAME} in the out folder must be of this version of actlab; got file={str(path)!r} with "
            f"schema {version} instead of {SCHEMA}; move it away or choose another out"
        )
