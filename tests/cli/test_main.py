"""The command as a whole: help pages, exit codes, what a refusal looks like, and what is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest

from actlab.cli.main import COMMANDS, group
from actlab.errors import UnknownActivation

HEAVY = {"sympy", "numba", "torch", "matplotlib", "numpy", "scipy", "pandas", "sklearn", "joblib"}
SHELL = [sys.executable, "-m", "actlab"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command, run, golden) -> None:
    outcome = run(*([command] if command else []), "--help")
    golden(f"help_{command}" if command else "help", outcome.out)
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_alone_it_teaches(run) -> None:
    assert run() == run("--help")


def test_every_command_has_one_section_and_a_file() -> None:
    context = click.Context(group)
    assert len(set(COMMANDS)) == len(COMMANDS)
    assert [group.get_command(context, name).name for name in COMMANDS] == list(COMMANDS)


def test_version(run) -> None:
    assert run("--version") == (0, "actlab 0.1.0\n", "")


def _can_draw(words: list[str]) -> None:
    if words[0] == "plot":
        pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lst"], "there is no command 'lst'; did you mean 'list'?"),
        (["quux"], "there is no command 'quux'"),
        (["show"], "name an activation, or give --define"),
        (["plot"], "name at least one activation, or give --define"),
        (["plot", "relu", "--range", "a", "b"], "'a' is not a valid float"),
        (["compare", "--depth", "many"], "'many' is not a valid integer"),
    ],
)
def test_bad_usage(words, message, run) -> None:
    _can_draw(words)
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: actlab")
    assert message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "mihs"], "no activation is called 'mihs'; did you mean 'mish'?"),
        (["show", "quux"], "no activation is called 'quux'"),
        (["show", "elu:alpha=-1"], "elu: alpha must lie in (0, inf); got alpha=-1"),
        (["show", "elu:alpha"], "elu: a parameter must be written name=number; got 'alpha'"),
        (["show", "elu:beta=1"], "elu: no parameter is called 'beta'; its parameters: alpha"),
        (["compare", "--activations", "relu,mihs"], "no activation is called 'mihs'; did you mean 'mish'?"),
        (
            ["show", "--define", "bump"],
            "--define: a function must be written NAME=FORMULA; got 'bump'; e.g. bump=x*exp(-x**2)",
        ),
        (
            ["show", "--define", "lrelu=2*x"],
            "--define: a name must be free; got 'lrelu', which is in the catalogue; rename it",
        ),
        (
            ["show", "--define", "a:register=1=x*register"],
            "--define: a parameter must not be called 'register'; choose another name",
        ),
        (
            ["plot", "--define", "a=x", "--define", "a=2*x"],
            "--define: a name must be used once; got 'a' twice; rename one of them",
        ),
        (
            ["plot", "relu", "--out", "relu.jpg"],
            "--out: the file must end in .png, .svg or .pdf; got 'relu.jpg'",
        ),
        (
            ["plot", "relu", "--out", "nowhere/relu.png"],
            "--out: the folder must exist; got 'nowhere'; make it first",
        ),
        (["plot", "relu", "--range", "2", "-2"], "--range: A must lie below B, both finite; got A=2, B=-2"),
        (["plot", "relu", "--range", "0", "inf"], "--range: A must lie below B, both finite; got A=0, B=inf"),
        (
            ["plot", "swish", "--vary", "beta"],
            "--vary: it must be written PARAMETER=VALUE,VALUE; got 'beta'; e.g. beta=0.5,1,2",
        ),
        (
            ["plot", "swish", "--vary", "alpha=1"],
            "--vary: the activations must have the parameter; got 'alpha'; they have beta",
        ),
        (
            ["plot", "relu", "--vary", "alpha=1"],
            "--vary: the activations must have the parameter; got 'alpha'; they have no parameters",
        ),
        (
            ["plot", "swish", "--vary", "beta=1,two"],
            "--vary: the values must be numbers separated by commas; got '1,two'; e.g. 0.5,1,2",
        ),
        (
            ["compare", "--learning-rates", "fast"],
            "--learning-rates: the values must be numbers separated by commas; got 'fast'; e.g. 0.5,1,2",
        ),
    ],
)
def test_refusals_are_one_line(words, message, run) -> None:
    _can_draw(words)
    assert run(*words) == (1, "", f"{message}\n")


def test_debug_shows_where_a_refusal_comes_from(run) -> None:
    with pytest.raises(UnknownActivation, match="mihs"):
        run("--debug", "show", "mihs")


def test_an_interruption_has_its_own_code(run, monkeypatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(group.get_command(click.Context(group), "list"), "callback", interrupted)
    code, out, err = run("list")
    assert (code, out, err.strip()) == (130, "", "interrupted")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    lister = subprocess.Popen([*SHELL, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lister.stdout.close()
    assert lister.stderr.read() == b""
    lister.stderr.close()
    assert lister.wait() == 1


# Stands in for an installation without extras: what is not in the core cannot be imported.
CORE_ONLY = """
import sys
for name in ("torch", "matplotlib", "sklearn", "scipy", "pandas", "joblib", "mnist1d", "jinja2", "flint"):
    sys.modules[name] = None
from actlab.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("words", "code", "err"),
    [
        (["list"], 0, ""),
        (["show", "mish"], 0, ""),
        (["show", "--define", "bump=x*exp(-x**2)"], 0, ""),
        (["doctor"], 0, ""),
        (["plot", "mish"], 1, "actlab plot needs matplotlib; pip install 'actlab[plot]'\n"),
        (["compare"], 1, "compare needs pandas; pip install 'actlab[compare]'\n"),
    ],
)
def test_without_extras(words, code, err, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CORE_ONLY, *words], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (code, err)


@pytest.mark.parametrize("code", ["import actlab", "from actlab.cli import main; main(['list'])"])
def test_a_fresh_process_loads_nothing_heavy(code) -> None:
    script = f"{code}\nimport json, sys; print(); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "actlab.activation" in loaded
    assert not loaded & HEAVY


def test_a_terminal_without_unicode_is_served() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for words in (["show", "relu"], ["list"], ["doctor"]):
        done = subprocess.run([*SHELL, *words], capture_output=True, env=environment, check=True)
        assert done.stdout.isascii()
        assert done.stderr == b""
