"""`actlab doctor`."""

from __future__ import annotations

import json
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from actlab.cli import doctor

ROOT = Path(__file__).parents[2]


def test_every_part_is_there(run) -> None:
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    for title in ("actlab 0.1.0, Python 3.", "\nprocessor ", "\ncache ", "\npackages\n", "\nextras\n"):
        assert title in out
    assert max(map(len, out.splitlines()[2:])) <= 80 or "/" in out


def test_json(run) -> None:
    findings = json.loads(run("doctor", "--json").out)
    assert findings["actlab"] == metadata.version("actlab")
    assert findings["packages"]["numpy"] == metadata.version("numpy")
    assert findings["processor"]["usable_cores"] <= findings["processor"]["cores"]
    assert findings["processor"]["features"]


def test_packages_and_extras_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core, extras = doctor.requirements()
    assert len(core) == len(project["dependencies"])
    assert {name: len(names) for name, names in extras.items()} == {
        name: len(names) for name, names in project["optional-dependencies"].items()
    }
    assert extras["torch"] == ["torch"]


def test_the_cache_folder_is_the_users_choice(run, monkeypatch, tmp_path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "a.py").write_bytes(b"12345")
    monkeypatch.setenv("ACTLAB_CACHE_DIR", str(tmp_path))
    assert doctor.cache() == {"folder": str(tmp_path), "files": 1, "bytes": 5}


def test_what_is_missing_comes_with_the_command(run, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: None if name in {"jax", "ray", "ruff"} else "1.0")
    out = run("doctor").out
    assert "install the rest: pip install 'actlab[jax,ray]'" in out
    assert "jax (missing)" in out


def test_nothing_missing_nothing_advised(run, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda name: "1.0")
    assert "install the rest" not in run("doctor").out


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("numpy>=2.0", ("numpy", None)),
        ('scikit-learn>=1.5; extra == "compare"', ("scikit-learn", "compare")),
        ("mnist1d>=0.0.2 ; python_version > '3' and extra == 'compare'", ("mnist1d", "compare")),
    ],
)
def test_requirement_lines(line, found) -> None:
    assert doctor._REQUIREMENT.match(line).groups() == found
