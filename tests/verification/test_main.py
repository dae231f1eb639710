"""`python -m actlab.verification`, which `make exhaustive` runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import actlab
from actlab.verification import measure, table
from actlab.verification.__main__ import command


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = actlab.get_num_threads()
    yield
    actlab.set_num_threads(before)


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_a_sample_is_printed_and_recorded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(measure, "points", lambda exact, form, _layers=1, real=measure.points: real(exact, form, 1))
    path = tmp_path / "accuracy.csv"
    outcome = run("leaky_relu", "--sample", "--table", str(path))
    rows = table.read(path)
    assert {row.function for row in rows.values()} == {
        *("leaky_relu", "leaky_relu:negative_slope=0.017", "leaky_relu:negative_slope=0.003"),
        "leaky_relu:negative_slope=-0.007",
    }
    assert len(rows) == 4 + 1 + 4 * 3
    lines = outcome.stdout.splitlines()
    assert len(lines) == len(rows)
    assert lines[1] == "leaky_relu float16 derivative: 0.28 ulp at x=0.0, 0 of 65,536 misrounded, 56.0% of the promise"
    assert "leaky_relu, sample" in outcome.stderr


def test_all_of_float32_is_asked_for_by_default(tmp_path: Path, monkeypatch) -> None:
    seen: list[tuple[str, int]] = []

    def interrupted(item: actlab.activation.Elementwise, jobs: int, progress: object) -> None:
        seen.append((item.label, jobs))
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "of_every_float32", interrupted)
    outcome = run("tanh", "--jobs", "2", "--table", str(tmp_path / "accuracy.csv"))
    assert seen == [("tanh", 2)]
    assert outcome.exit_code == 1
    assert "Aborted!" in outcome.stderr
    assert len(table.read(tmp_path / "accuracy.csv")) == 8, "what was finished is recorded"


def test_a_broken_promise_is_an_error(tmp_path: Path, monkeypatch) -> None:
    row = table.Row("relu", "float32", "value", 0.6, 2.0, 1.2, 3.0, 1, 2**32, "all inputs", "", "")
    monkeypatch.setattr(measure, "of_every_float32", lambda *_: [row])
    outcome = run("relu", "--table", str(tmp_path / "accuracy.csv"))
    assert outcome.exit_code == 1
    assert outcome.stdout.splitlines()[-1] == (
        "relu float32 value: 0.6 ulp at x=2.0, 1 of 4,294,967,296 misrounded, 120.0% of the promise, BROKEN at x=3.0"
    )
    assert outcome.stderr.splitlines()[-1] == "Error: 1 promises are not kept"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["sulu"], 1, "Error: no activation is called 'sulu'; did you mean 'silu'?"),
        (["silu", "softmax"], 1, "Error: verification: an activation must work element by element; got softmax"),
        ([], 2, "Error: Missing argument 'NAME...'."),
    ],
)
def test_what_is_refused(words: list[str], code: int, message: str) -> None:
    outcome = run(*words)
    assert outcome.exit_code == code
    assert outcome.stderr.splitlines()[-1] == message
