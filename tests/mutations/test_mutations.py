"""The battery's own checks must fail when the code is wrong: deliberate breaks, applied to the real code."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from contract import checks, entries
from contract.records import KINK_DERIVATIVES
from contract.rounding import BFLOAT16

from actlab import activation
from actlab import vocabulary as v
from actlab.emit import numba as emitted
from actlab.expression import where
from actlab.frameworks import bfloat16
from actlab.frameworks import numpy as framework
from actlab.kernels import axis, cache, elementwise
from actlab.symbolic import derivative, limits, plan

Patch = pytest.MonkeyPatch
_REMEMBERED = (
    activation._form,
    activation._plan,
    derivative._first,
    limits._limit,
    plan.make_plan,
    elementwise._kernel,
    axis._kernel,
    cache._toolchain,
)


def _forget() -> None:
    for function in _REMEMBERED:
        function.cache_clear()
    for name in entries.ELEMENTWISE:
        entries.elementwise(name)._direct.clear()


@pytest.fixture(autouse=True)
def untouched(monkeypatch: Patch, tmp_path: Path) -> Iterator[None]:
    """Kernels of broken code go to a folder of their own, and nothing of it is remembered."""
    yield
    monkeypatch.undo()
    _forget()


def _break(patch: Patch, tmp_path: Path) -> None:
    patch.setenv("ACTLAB_CACHE_DIR", str(tmp_path))
    _forget()


def _derive(patch: Patch, word: str, partials: Callable[..., Any]) -> None:
    patch.setitem(v.WORDS, word, v.WORDS[word])  # the new word enters itself; this brings the old one back
    dataclasses.replace(v.WORDS[word], partials=partials)


def wrong_derivative_of_softplus(patch: Patch) -> None:
    _derive(patch, "softplus", lambda u: (v.sigmoid(u) * v.sigmoid(u),))


def slightly_wrong_derivative_of_sigmoid(patch: Patch) -> None:
    _derive(patch, "sigmoid", lambda u: (v.logistic_pdf(u) * (1 + 1e-7),))


def clip_has_slope_1_at_its_ends(patch: Patch) -> None:
    _derive(
        patch, "clip", lambda u, lo, hi: (where((u >= lo) & (u <= hi), 1, 0), where(u < lo, 1, 0), where(u > hi, 1, 0))
    )


def relu_has_slope_1_at_0(patch: Patch) -> None:
    patch.setitem(emitted.TABLE, "where", "({2} if not {0} and x != 0 else {1})")


def branches_swapped(patch: Patch) -> None:
    for table in (emitted.TABLE, emitted.TABLE32):
        patch.setitem(table, "where", "({2} if {0} else {1})")


def bfloat16_rounds_half_up(patch: Patch) -> None:
    def encode(values: Any) -> Any:
        bits = values.astype(np.float32).view(np.uint32) + np.uint32(0x8000)
        return (bits >> np.uint32(16)).astype(np.uint16)

    patch.setattr(bfloat16, "encode", encode)


def bfloat16_is_cut_off(patch: Patch) -> None:
    patch.setattr(
        bfloat16,
        "encode",
        lambda values: (values.astype(np.float32).view(np.uint32) >> np.uint32(16)).astype(np.uint16),
    )


def tails_do_not_win(patch: Patch) -> None:
    patch.setattr(plan, "absorb_zeros", lambda root: root)


def limits_are_not_guarded(patch: Patch) -> None:
    patch.setattr(plan, "_same", lambda a, b: True)


def nan_is_not_guarded(patch: Patch) -> None:
    real = plan._value
    patch.setattr(plan, "_value", lambda root, x, p: math.nan if math.isnan(x) else real(root, x, p))


def limit_of_the_wrong_side(patch: Patch) -> None:
    real = plan.limit
    patch.setattr(plan, "limit", lambda root, side, domains: real(root, -side, domains))


def lanes_are_as_narrow_as_the_data(patch: Patch) -> None:
    real = elementwise.render
    patch.setattr(elementwise, "render", lambda *a, **k: real(*a, **k).replace("_np.float64(_x[_i])", "_x[_i]"))


def parameters_are_rounded_to_float32(patch: Patch) -> None:
    patch.setattr(framework, "_number", lambda value, name, who: float(np.float32(value)))


def gradient_is_that_of_another_point(patch: Patch) -> None:
    real = elementwise.render

    def render(*args: Any, **options: Any) -> str:
        source: str = real(*args, **options)
        return source.replace("_y1[_i]", "_y1[_i - 1]")

    patch.setattr(elementwise, "render", render)


def _float32(name: str, what: str) -> Callable[[], object]:
    return lambda: checks.check_float32(entries.elementwise(name), what, entries.reference(name))


def _float64(name: str, what: str) -> Callable[[], object]:
    # A generous bound: what a mutation breaks is off by more than what the exceptions of records.py allow.
    return lambda: checks.check_float64(entries.elementwise(name), what, entries.reference(name), 400)


def _bfloat16(name: str) -> Callable[[], object]:
    return lambda: checks.check_every_16_bit_input(
        entries.elementwise(name), "value", entries.reference(name), BFLOAT16
    )


def _limits(name: str) -> Callable[[], object]:
    return lambda: checks.check_limits(entries.elementwise(name), "value", {}, [np.float32, ml_dtypes.bfloat16])


def _nan(name: str) -> Callable[[], object]:
    return lambda: checks.check_nan(entries.elementwise(name), "value", [np.float64])


def _kinks(name: str) -> Callable[[], object]:
    table = {x: grad for (label, x), grad in KINK_DERIVATIVES.items() if label == name}
    return lambda: checks.check_kinks(entries.elementwise(name), entries.reference(name), table)


def _one_pass(name: str) -> Callable[[], object]:
    return lambda: checks.check_one_pass(entries.elementwise(name), np.linspace(-3, 3, 50))


MUTATIONS: list[tuple[Callable[[Patch], None], Callable[[], object], str]] = [
    (wrong_derivative_of_softplus, _float32("mish", "grad"), "mish: the references for derivative 1"),
    (
        slightly_wrong_derivative_of_sigmoid,
        _float32("silu", "grad"),
        "silu: the references for derivative 1",
    ),
    (clip_has_slope_1_at_its_ends, _kinks("relu6"), "derivative at 0.0 must be 0.0; got 1.0"),
    (relu_has_slope_1_at_0, _kinks("relu"), "at 0.0: grad 1.0, kinks 0.0"),
    (branches_swapped, _float32("relu", "value"), "relu: value in float32 at"),
    (bfloat16_rounds_half_up, _bfloat16("hard_sigmoid"), "hard_sigmoid: value in bfloat16"),
    (bfloat16_is_cut_off, _bfloat16("tanh"), "tanh: value in bfloat16"),
    (tails_do_not_win, _float64("gelu_tanh", "grad"), "gelu_tanh: grad in float64 at"),
    (limits_are_not_guarded, _limits("silu"), "silu: value at -inf in float32 must be 0.0; got -inf"),
    (limit_of_the_wrong_side, _limits("tanh"), "tanh: value at -inf in float32 must be -1.0; got 1.0"),
    (nan_is_not_guarded, _nan("heaviside"), "heaviside: value of NaN in float64 is 0.0"),
    (lanes_are_as_narrow_as_the_data, _float32("gelu_tanh", "value"), "gelu_tanh: value in float32 at"),
    (parameters_are_rounded_to_float32, _float32("leaky_relu", "value"), "leaky_relu: value in float32 at"),
    (gradient_is_that_of_another_point, _one_pass("silu"), "silu: value_and_grad differs"),
]


@pytest.mark.parametrize(("mutate", "check", "complaint"), MUTATIONS, ids=[row[0].__name__ for row in MUTATIONS])
def test_a_break_is_caught(
    mutate: Callable[[Patch], None], check: Callable[[], object], complaint: str, monkeypatch: Patch, tmp_path: Path
) -> None:
    check()
    mutate(monkeypatch)
    _break(monkeypatch, tmp_path)
    with pytest.raises(AssertionError) as caught:
        check()
    assert complaint in str(caught.value)


def test_what_is_broken_is_mended() -> None:
    for _, check, _ in MUTATIONS[:3]:
        check()
