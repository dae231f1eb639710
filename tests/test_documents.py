"""What the documents say is so: commands and programs run, links lead somewhere, every column is explained."""

from __future__ import annotations

import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

from actlab.experiment.contender import GATES
from actlab.experiment.models import DEFAULTS
from actlab.experiment.sources import NAMES

ROOT = Path(__file__).parent.parent
README, COMPARE, FILES = (ROOT / name for name in ("README.md", "docs/compare.md", "docs/summary.md"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

# Of what is given twice the last one counts: enough to go once through everything.
FEW = ["--activations", "relu,tanh"]
SHORT = ["--steps", "2", "--seeds", "2", "--tuning-seeds", "1", "--learning-rates", "0.01", "--jobs", "1"]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def shown(path: Path) -> list[str]:
    """The comparisons that a document shows, each as one line."""
    return re.findall(r"^\$ (actlab compare .*)$", "".join(blocks(path, "console")), re.MULTILINE)


def words(line: str) -> list[str]:
    """What the command is given, without a redirection."""
    _, compare, *found = shlex.split(line.partition(" > ")[0])
    return [compare, *found] if found[0] in {"report", "export"} else [compare, *FEW, *found, *SHORT]


def call(folder: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands of the documents run: with the files that they name."""
    here = tmp_path_factory.mktemp("documents")
    table = load_iris(as_frame=True).frame
    table.rename(columns={"target": "species"}).to_csv(here / "measurements.csv", index=False)
    (network,) = (text for text in blocks(README, "python") if text.startswith("# net.py"))
    (here / "net.py").write_text(network, encoding="utf-8")
    call(here, "-m", "actlab", "compare", "--data", "wine", *FEW, *SHORT)
    return here


@pytest.mark.parametrize("line", [*shown(README), *shown(COMPARE)])
def test_every_command_runs(line: str, folder: Path) -> None:
    assert call(folder, "-m", "actlab", *words(line))


@pytest.mark.parametrize("path", [COMPARE, FILES], ids=lambda path: path.name)
def test_every_program_runs(path: Path, folder: Path) -> None:
    programs = blocks(path, "python")
    assert programs
    for text in programs:
        (folder / "program.py").write_text(text, encoding="utf-8")
        assert "relu" in call(folder, "program.py")


def test_every_query_runs(folder: Path) -> None:
    (query,) = re.findall(r'^\$ sqlite3 (\S+) "(.*)"$', FILES.read_text(encoding="utf-8"), re.MULTILINE)
    connection = sqlite3.connect(folder / query[0])
    rows = connection.execute(query[1]).fetchall()
    connection.close()
    assert len(rows) == 2 * 2
    assert all(0 <= score <= 1 for _, score in rows)


def test_every_column_of_the_plan_is_explained(folder: Path) -> None:
    text = FILES.read_text(encoding="utf-8")
    parts = re.split(r"^\*\*`(\w+)`\*\*", text[text.index("### The tables") :], flags=re.MULTILINE)[1:]
    told = {
        table: re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)))
        for table, part in zip(parts[::2], parts[1::2], strict=True)
    }
    connection = sqlite3.connect(folder / "actlab-compare" / "trials.sqlite")
    tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    columns = {table: [row[1] for row in connection.execute(f"pragma table_info({table})")] for table in tables}
    connection.close()
    assert told == columns


def test_every_choice_is_named() -> None:
    text = COMPARE.read_text(encoding="utf-8")
    missing = {name for name in (*NAMES, *DEFAULTS, *GATES) if f"`{name}`" not in text}
    assert not missing


def test_the_map_names_what_is_there() -> None:
    named = re.findall(r"`([a-z_\d/]+(?:\.py|/))`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert len(named) > 40
    missing = [name for name in named if not any((ROOT / "src").rglob(name)) and not any(ROOT.glob(f"**/{name}"))]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"
