"""What is light stays light: asked of a fresh process, by what it has loaded and not by a clock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src"
HEAVY = ("sympy", "numba", "torch", "matplotlib", "sklearn", "scipy", "pandas", "jax", "tensorflow", "joblib")
REPORT = f"import sys; print(*sorted(set(sys.modules) & {{*{HEAVY!r}}}))"


def _loaded_after(code: str) -> list[str]:
    whole = f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {code}\n{REPORT}"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    "code",
    [
        "import actlab",
        "import actlab; actlab.names(); actlab.silu.formula; actlab.get('lrelu').label",
        "import actlab; actlab.silu.derivative(2).formula; dir(actlab)",
        "import actlab; [repr(actlab.get(name)) for name in actlab.names()]",
        "from actlab.cli import main\ntry: main(['list'])\nexcept SystemExit as end: assert not end.code",
        "from actlab.cli import main\ntry: main(['list', '--json'])\nexcept SystemExit as end: assert not end.code",
    ],
)
def test_light(code: str) -> None:
    assert _loaded_after(code) == []


def test_the_probe_sees_what_is_loaded() -> None:
    assert "sympy" in _loaded_after("import actlab; actlab.silu.latex")


def test_a_call_on_arrays_loads_no_framework() -> None:
    loaded = _loaded_after("import actlab, numpy; actlab.silu(numpy.ones(3)); actlab.softmax(numpy.ones(3))")
    assert "numba" in loaded
    assert not {*loaded} & {"torch", "jax", "tensorflow", "matplotlib", "sklearn", "pandas"}


def test_python_m_actlab_list(tmp_path: Path) -> None:
    trace = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "actlab", "list"],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": str(SOURCE), "PATH": "", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert trace.returncode == 0, trace.stderr
    assert "silu" in trace.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in trace.stderr.splitlines() if "|" in line}
    assert not imported & {*HEAVY}
