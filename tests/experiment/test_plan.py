"""The plan: nothing is lost, nothing is mixed, whatever the disk does."""

from __future__ import annotations

import math
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actlab.errors import OptionError
from actlab.experiment.chunk import FINAL, TUNING, Chunk, Member
from actlab.experiment.outcome import Cost, Health, Learned, Point, Trial, failed_trial
from actlab.experiment.plan import Plan
from actlab.experiment.schema import FILE_NAME, SCHEMA

KEY: dict[str, Any] = {"seeds": 3, "data": {"wine": "ab"}}
CHUNKS = [
    Chunk("wine", "relu", TUNING, 0, 0, (Member(0.001, 1), Member(0.01, 1))),
    Chunk("wine", "tanh", FINAL, 0, 0, (Member(0.01, 2),)),
]


def plan(folder: Path | None = None, **changes: Any) -> Plan:
    return Plan.create(folder, KEY | changes, {"settings": {}}, "compare")


def trial(member: Member, score: float = 0.5) -> Trial:
    return Trial(
        member=member, score_validation=score, score_test=math.nan, loss_train=0.1, loss_validation=math.inf,
        loss_test=math.nan, settled_step=20, diverged=False, diverged_step=None, trained="stacked",
        curve=(Point(10, 0.5, 0.6, 0.4), Point(20, 0.1, math.nan, score)),
        health=(Health("start", 0, 100, 0.1, 0.2, math.nan, 0.5, 1.0, 0.01, 0.0, 1.0, (1, 2, 3)),),
        learned=(Learned(0, "weight", 0.3),),
    )  # fmt: skip


def test_what_is_written_comes_back() -> None:
    own = plan()
    own.add_chunks(CHUNKS)
    assert own.chunks() == own.open_chunks() == CHUNKS
    own.finish(CHUNKS[0], [trial(member) for member in CHUNKS[0].members], 1.5)
    assert own.open_chunks() == CHUNKS[1:]
    assert own.finished_runs() == 2
    trials, curves, health, learned = own.trials(), own.curves(), own.health(), own.learned()
    assert trials.lr.tolist() == [0.001, 0.01]
    assert trials.settled_step.tolist() == [20, 20]
    assert trials.loss_validation.isna().all()  # infinity is no number for a table of scores
    assert curves.step.tolist() == [10, 20, 10, 20]
    assert health.histogram.tolist() == [[1, 2, 3]] * 2
    assert health.right.isna().all()
    assert learned.value.tolist() == [0.3, 0.3]
    assert own.costs().empty
    own.finish_costs("wine", [Cost("relu", math.nan, 1, 2, 3, None, "")])
    assert own.costs()[["condition", "activation", "flops"]].values.tolist() == [["wine", "relu", 3]]


def test_chunks_are_planned_once() -> None:
    own = plan()
    own.add_chunks(CHUNKS)
    own.finish(CHUNKS[0], [trial(member) for member in CHUNKS[0].members], 1.5)
    own.add_chunks(CHUNKS)
    assert (own.chunks(), own.open_chunks()) == (CHUNKS, CHUNKS[1:])


def test_empty_tables_have_their_columns() -> None:
    own = plan()
    assert {"condition", "activation", "lr", "seed"} <= set(own.trials()) & set(own.health()) & set(own.learned())


def test_the_same_key_goes_on_and_another_is_refused(tmp_path: Path) -> None:
    first = plan(tmp_path)
    first.add_chunks(CHUNKS)
    first.close()
    found = plan(tmp_path)
    assert found.chunks() == CHUNKS
    found.close()
    with pytest.raises(OptionError) as caught:
        plan(tmp_path, seeds=4, data={"wine": "cd", "iris": "ef"})
    assert "differs (seeds: 3 there, 4 here; wine: ab there, cd here; iris: nothing there, ef here)" in str(
        caught.value
    )
    second = Plan.create(tmp_path, KEY | {"seeds": 4}, {}, "compare", numbered=True)
    third = Plan.create(tmp_path, KEY | {"seeds": 5}, {}, "compare", numbered=True)
    second.close()
    again = Plan.create(tmp_path, KEY | {"seeds": 4}, {}, "compare", numbered=True)
    names = [own.folder.name for own in (second, third, again)]
    assert names == [f"{tmp_path.name}-2", f"{tmp_path.name}-3", f"{tmp_path.name}-2"]


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    own = plan(tmp_path)
    own.add_chunks(CHUNKS)
    own.finish(CHUNKS[0], [trial(member) for member in CHUNKS[0].members], 1.5)
    pages = own._connection.execute("pragma page_count").fetchone()[0]
    own._connection.execute(f"pragma max_page_count = {pages}")
    long = trial(CHUNKS[1].members[0])
    points = tuple(Point(step, 0.1, 0.2, 0.3) for step in range(5000))
    with pytest.raises(OptionError) as caught:
        own.finish(CHUNKS[1], [Trial(**{**vars(long), "curve": points})], 1.0)
    assert str(caught.value) == (
        f"compare: trials.sqlite must be writable; got out={str(tmp_path)!r} (database or disk is full); what was "
        "finished is kept: make room, then run the same command again"
    )
    own.close()
    kept = plan(tmp_path)
    assert kept.open_chunks() == CHUNKS[1:]
    assert kept.finished_runs() == 2
    kept.finish(CHUNKS[1], [long], 1.0)
    assert kept.open_chunks() == []


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("create table experiment (id integer)")
    before = path.read_bytes()
    with pytest.raises(OptionError) as caught:
        plan(tmp_path)
    assert str(caught.value) == (
        f"compare: trials.sqlite in the out folder must be of this version of actlab; got file={str(path)!r} with "
        f"schema 0 instead of {SCHEMA}; move it away or choose another out"
    )
    other = Plan.create(tmp_path, KEY, {}, "compare", numbered=True)
    assert other.folder == tmp_path.with_name(f"{tmp_path.name}-2")
    assert path.read_bytes() == before


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """The folder can be read and not written, also by root."""
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_can_be_read() -> None:
    # Folders of pytest can only be entered by their owner.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = plan(folder)
        own.add_chunks(CHUNKS)
        own.close()
        before = sorted(folder.iterdir())
        with unwritable(folder):
            with pytest.raises(PermissionError):
                (folder / "new").touch()
            found = Plan.open(folder, "compare")
            assert found.chunks() == CHUNKS
            found.close()
        Plan.open(folder, "compare").close()
        assert sorted(folder.iterdir()) == before


def test_what_a_running_comparison_wrote_last_is_read(tmp_path: Path) -> None:
    own = plan(tmp_path)
    own.add_chunks(CHUNKS)
    assert (tmp_path / f"{FILE_NAME}-wal").stat().st_size
    found = Plan.open(tmp_path, "compare")
    assert found.chunks() == CHUNKS
    found.close()
    own.close()


def test_conditions_that_are_the_same_are_not_told(tmp_path: Path) -> None:
    plan(tmp_path, conditions=["a (x)", "b (y)"]).close()
    with pytest.raises(OptionError, match=r"conditions: b \(y\) there, b \(z\) here"):
        plan(tmp_path, conditions=["a (x)", "b (z)"])
    with pytest.raises(OptionError, match=r"conditions: no others there, c \(z\) here"):
        plan(tmp_path, conditions=["a (x)", "b (y)", "c (z)"])


def test_a_folder_without_a_plan_is_not_made_one(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"compare: the folder must hold trials.sqlite; got .*; give the --out"):
        Plan.open(tmp_path, "compare")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_run_is_an_outcome() -> None:
    own = plan()
    own.add_chunks(CHUNKS)
    own.finish(CHUNKS[1], [failed_trial(CHUNKS[1].members[0], 0.1, FINAL, "ValueError: no\nway")], math.nan)
    (row,) = own.trials().to_dict("records")
    assert (row["score_test"], row["diverged"], row["message"]) == (0.1, True, "ValueError: no way")
    assert own.open_chunks() == CHUNKS[:1]


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    first = plan(tmp_path)
    first.add_chunks(CHUNKS)
    with pytest.raises(OptionError) as caught:
        plan(tmp_path)
    assert str(caught.value) == (
        f"compare: out must be used by one comparison at a time; got out={str(tmp_path)!r}, where another is running; "
        "wait for it or choose another out"
    )
    assert Plan.open(tmp_path, "compare").chunks() == CHUNKS
    first.close()
    plan(tmp_path).close()
