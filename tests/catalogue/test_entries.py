"""The form of the entries, and what they owe to PyTorch at their kinks."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import pytest
from catalogue.measures import LINE, at
from contract.records import KINK_DERIVATIVES, TORCH

import actlab
from actlab.emit.mpmath import function

SCREEN = 72  # columns `actlab list` has for a summary
STATEMENT = 99  # columns a statement may take, so that it stands on one line of its file
ENTRIES = actlab.names()
# The functions every release must have, in full. One that is added needs a summary and a source; what else it says of
# itself is printed, and its statements stay unproved until somebody writes rules for them.
SUBJECT = frozenset(
    [
        "abs",
        "celu",
        "elu",
        "gelu",
        "gelu_tanh",
        "hard_sigmoid",
        "hard_swish",
        "hard_tanh",
        "heaviside",
        "identity",
        "leaky_relu",
        "log_sigmoid",
        "log_softmax",
        "maxout",
        "mish",
        "prelu",
        "relu",
        "relu6",
        "rrelu",
        "selu",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "softsign",
        "swish",
        "tanh",
    ]
)
STABLE = [
    (name, form) for name in ENTRIES for form in ("stable", "stable_grad") if getattr(actlab.get(name).record, form)
]


def test_every_function_of_the_subject_is_here() -> None:
    assert set(ENTRIES) >= SUBJECT


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_says_what_a_user_asks(name: str) -> None:
    item = actlab.get(name)
    assert re.fullmatch(rf".{{1,{SCREEN - 1}}}\.", item.summary)
    assert re.search(r"\b(1[89]|20)\d\d\b", item.source), "a source has a year"
    if name in SUBJECT:
        assert len(item.advantages) >= 2
        assert len(item.disadvantages) >= 2
        assert item.notes
    for text in (*item.advantages, *item.disadvantages, *item.notes):
        assert len(text) <= STATEMENT
        assert not text.endswith(".")


@pytest.mark.parametrize("name", ENTRIES)
def test_aliases_lead_to_their_entry(name: str) -> None:
    assert all(actlab.get(alias) is actlab.get(name) for alias in actlab.get(name).aliases)


@pytest.mark.parametrize(("name", "form"), STABLE)
def test_stable_form_is_the_formula(name: str, form: str) -> None:
    item = actlab.get(name)
    stable = function(item.record.trace(getattr(item.record, form)))
    plain = function(item.expression if form == "stable" else item.derivative(1).expression)
    parameters = {key: mp.mpf(3) / 2 for key in item.parameters}
    with mp.workdps(60):
        assert all(mp.almosteq(stable(x, **parameters), plain(x, **parameters), 1e-40) for x in map(mp.mpf, LINE))


@pytest.mark.parametrize(("label", "x"), [key for key in KINK_DERIVATIVES if key[0] != "heaviside"])
def test_gradient_at_a_kink_is_that_of_pytorch(label: str, x: float) -> None:
    torch = pytest.importorskip("torch")
    item = actlab.get(label)
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    of_torch(torch, item.name)(point, **item.bound).backward()
    assert point.grad.item() == pytest.approx(KINK_DERIVATIVES[label, x], abs=1e-15)
    assert float(at(item.name, x, 1, **item.bound)) == pytest.approx(point.grad.item(), abs=1e-15)


def of_torch(torch: Any, name: str) -> Callable[..., Any]:
    """PyTorch's own function."""
    functional = torch.nn.functional
    if name == "abs":
        return torch.abs
    if name == "prelu":
        return lambda x: functional.prelu(x, torch.tensor(0.25, dtype=x.dtype))
    theirs, settings = TORCH[name]
    return partial(getattr(functional, theirs), **settings)
