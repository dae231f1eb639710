"""The command runs every section and reads its options. How long anything takes is not asserted."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.sections import SECTIONS

LETTERS = "ABCDEFGHIJKLMNO"

# J and O start processes of their own; M and N train networks.
QUICK = "ABCDEFGHIKL"


def test_sections_have_letters_of_their_own_in_order() -> None:
    assert "".join(section.letter for section in SECTIONS) == LETTERS


def test_every_section_of_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    table, only = tmp_path / "figures.csv", ",".join(QUICK)
    arguments = ["--only", only, "--functions", "prelu,silu,softmax", "--size", "100", "--rounds", "2"]
    main([*arguments, "--csv", str(table)])
    out = capsys.readouterr().out
    for section in SECTIONS:
        assert (f"\n{section.letter}  {section.title}\n" in out) == (section.letter in QUICK)
    assert "A: float32 value, one thread, against PyTorch" in out
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["section"] for row in rows} == set(only) - {","}
    assert {row["function"] for row in rows} == {"prelu", "silu", "softmax"}
    assert all(float(row["ours"]) > 0 and float(row["value"]) > 0 for row in rows if row["section"] != "H")
    layouts = {row["what"] for row in rows if row["section"] == "I"}
    assert layouts == {"in place", "Fortran order", "parameter a column", "parameter a row", "strided"}


def test_document_says_how_to_measure_again(tmp_path: Path) -> None:
    document = tmp_path / "speed.md"
    document.write_text("<!-- bench:summary --><!-- /bench:summary -->\n", encoding="utf-8")
    main(["--only", "h", "--functions", "lrelu", "--size", "100", "--rounds", "2", "--markdown", str(document)])
    text = document.read_text(encoding="utf-8")
    assert '`make bench ARGS="--only H --functions leaky_relu --size 100 --rounds 2"`' in text
    assert "| H: a warm call on 16 elements" in text


def test_document_without_a_place_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "speed.md"
    document.write_text("# Speed\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["--markdown", str(document)])
    assert f"{document} must have a place for the tables; write <!-- bench:summary -->" in capsys.readouterr().err


def test_absent_peers_are_named_and_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for package in ("jax", "numexpr"):
        monkeypatch.delitem(sys.modules, f"benchmarks.peers.{package}", raising=False)
        monkeypatch.setitem(sys.modules, package, None)
    main(["--only", "F", "--functions", "relu", "--size", "100", "--rounds", "2"])
    out = capsys.readouterr().out
    assert "not measured: JAX, which is not installed" in out
    assert "not measured: numexpr, which is not installed" in out
    assert "geometric mean, SciPy: -, to reach ≥ 5.00x: not measured" in out  # SciPy has no relu
    assert "NumPy 100" in out


def test_first_calls_in_processes_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "figures.csv"
    main(["--only", "J", "--functions", "relu", "--csv", str(table)])
    assert "warm processes that load SymPy: 0, to reach ≤ 0: reached" in capsys.readouterr().out
    with table.open(encoding="utf-8") as file:
        figures = {row["what"]: row["value"] for row in csv.DictReader(file)}
    assert set(figures) == {"cold (ms)", "warm (ms)", "loads SymPy"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "A,Q"], "must be among A,B,C,D,E,F,G,H,I,J,K,L,M,N,O; got A,Q"),
        (["--functions", "sillu"], "no activation is called 'sillu'; did you mean 'silu'?"),
        (["--rounds", "1"], "must be a whole number of at least 2; got 1"),
        (["--size", "1e5,-3"], "must be numbers of elements such as 1e5,3e7; got 1e5,-3"),
        (["--size", "many"], "must be numbers of elements such as 1e5,3e7; got many"),
    ],
)
def test_bad_options_are_named(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err
