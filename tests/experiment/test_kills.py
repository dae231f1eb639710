"""An experiment that is killed or interrupted goes on where it was, to the same tables and words."""

from __future__ import annotations

import os
import random
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import psutil
import pytest

from actlab.experiment.result import Comparison
from actlab.experiment.schema import FILE_NAME

TIMEOUT = 120

# A shell that starts the tests in the background has them ignore Ctrl-C, which processes of theirs would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Some 20 chunks of a fraction of a second each, in all three kinds of rounds.
OPTIONS = shlex.split(
    "--data wine --activations relu,tanh,prelu --norm none,layer --steps 30 --seeds 2 --tuning-seeds 1"
)


def start(out: Path, *options: str) -> psutil.Popen:
    """The command as a shell would start it, in a process group of its own."""
    command = [sys.executable, "-m", "actlab", "compare", *OPTIONS, "--out", str(out), *options]
    return psutil.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(out: Path) -> Comparison:
    """Run to the end, from wherever it stands."""
    process = start(out)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, errors
    return Comparison.load(out)


def finished_chunks(out: Path) -> int:
    """As another process sees the file at any moment."""
    if not (out / FILE_NAME).exists():
        return 0
    with closing(sqlite3.connect(f"file:{out / FILE_NAME}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("select count(*) from chunk where state != 'planned'").fetchone()[0]
        except sqlite3.OperationalError:  # the tables are not there yet
            return 0


def wait_until(true: Callable[[], bool], process: psutil.Popen) -> None:
    end = time.monotonic() + TIMEOUT
    while process.is_running() and process.poll() is None and not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def untimed(text: str) -> str:
    """Without the sentences about what the clock said."""
    return " ".join(
        sentence for sentence in re.split(r"(?<=\.) (?=[A-Z])", text) if "A training step takes" not in sentence
    )


def assert_same(found: Comparison, expected: Comparison) -> None:
    for table in ("trials", "curves", "health", "learned"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(expected, table), check_exact=True)
    clocked = ["seconds_per_step"]
    pd.testing.assert_frame_equal(
        found.summary.drop(columns=clocked), expected.summary.drop(columns=clocked), check_exact=True
    )
    assert found.detectable == expected.detectable
    assert found.ranks == expected.ranks
    assert [untimed(text) for text in found.conclusion] == [untimed(text) for text in expected.conclusion]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    expected = finish(tmp_path_factory.mktemp("uninterrupted"))
    assert len(expected.trials) > 20
    assert "A training step takes" in "".join(expected.conclusion), "the sentence that is left out"
    return expected


def test_twenty_kills_change_nothing(uninterrupted: Comparison, tmp_path: Path) -> None:
    """Of the parent alone and of everything, at moments from the first second to the last chunk."""
    rng = random.Random(4)  # noqa: S311  moments, not secrets
    kills, stages = 0, set()
    for number in range(20):
        before, ahead = finished_chunks(tmp_path), number % 2
        process = start(tmp_path, "--jobs", "1")
        wait_until(lambda wanted=before + ahead: finished_chunks(tmp_path) >= wanted, process)
        time.sleep(rng.uniform(0, 0.1 if ahead else 2))
        kills += kill(process, everything=number % 4 < 2)
        stages.add(finished_chunks(tmp_path))
    assert kills > 15, "killed, not finished before"
    assert len(stages) > 5, "progress was made between the kills"
    assert_same(finish(tmp_path), uninterrupted)


def kill(process: psutil.Popen, *, everything: bool) -> bool:
    """Kill the parent alone or its group; returns whether it was running. Afterwards nothing runs any more."""
    if process.poll() is not None:
        return False
    family = process.children(recursive=True)
    if everything:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate(timeout=TIMEOUT)
    assert psutil.wait_procs(family, TIMEOUT)[1] == []
    return process.returncode == -signal.SIGKILL


def test_interrupted_it_says_how_to_go_on(uninterrupted: Comparison, tmp_path: Path) -> None:
    process = start(tmp_path / "results here")
    wait_until(lambda: finished_chunks(tmp_path / "results here") >= 3, process)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    kept = finished_chunks(tmp_path / "results here")
    assert kept >= 3
    assert "Traceback" not in errors
    _, command = errors.split("what is finished is kept; this goes on from there:\n")
    program, *arguments = shlex.split(command.splitlines()[0])
    assert program == "actlab"
    done = subprocess.run(
        [sys.executable, "-m", "actlab", *arguments], check=True, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert "going on:" in done.stderr
    assert_same(Comparison.load(tmp_path / "results here"), uninterrupted)
