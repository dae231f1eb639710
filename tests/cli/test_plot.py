"""`actlab plot`: files and names; what is in the picture is tested beside the drawing functions."""

from __future__ import annotations

from pathlib import Path

import pytest

SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", SIGNATURES)
def test_a_picture_is_written_where_asked(suffix, run) -> None:
    assert run("plot", "silu", "--out", f"my{suffix}") == (0, f"my{suffix}\n", "")
    assert Path(f"my{suffix}").read_bytes().startswith(SIGNATURES[suffix])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["relu", "leaky_relu:negative_slope=0.2"], "relu_leaky_relu-negative_slope-0.2.png"),
        (["--define", "bump=x*exp(-x**2)"], "bump.png"),
        (["swish", "--vary", "beta=0.5,2", "--derivative"], "swish-beta-0.5_swish-beta-2.png"),
        (["softmax", "rrelu"], "softmax_rrelu.png"),
    ],
)
def test_without_out_the_picture_is_named_after_its_curves(words, name, run) -> None:
    assert run("plot", *words) == (0, f"{name}\n", "")
    assert Path(name).stat().st_size > 10_000


def test_the_picture_says_what_it_shows(run) -> None:
    run(
        "plot",
        "leaky_relu:negative_slope=0.2",
        "tanh",
        "--out",
        "a.svg",
        "--range",
        "-2",
        "3",
        "--derivative",
    )
    text = Path("a.svg").read_text(encoding="utf-8")
    for phrase in (
        "leaky_relu:negative_slope=0.2",
        "tanh",
        "input x",
        "value f(x)",
        "derivative f'(x)",
        "Maas",
    ):
        assert phrase in text


def test_a_file_that_cannot_be_written_is_refused(run) -> None:
    Path("taken.png").mkdir()
    code, out, err = run("plot", "relu", "--out", "taken.png")
    assert (code, out) == (1, "")
    assert err == "actlab: the file must be usable; got 'taken.png'; Is a directory\n"
