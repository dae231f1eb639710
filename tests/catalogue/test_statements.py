"""Every advantage, disadvantage and note of the catalogue is put to the test.

A statement without a rule fails, and so does a rule without a statement; only functions added since wait for rules.
"""

from __future__ import annotations

import importlib

import mpmath as mp
import numpy as np
import pytest
from catalogue.rules import HEARSAY, RULES, matching, statements
from catalogue.test_entries import SUBJECT

DIGITS = 30

for family in ("shared", "sigmoids", "rectifiers", "exponentials", "gates", "groups"):
    importlib.import_module(f"catalogue.rules_{family}")


@pytest.mark.parametrize(("name", "text"), [pytest.param(*s, id=f"{s[0]}: {s[1]}") for s in statements()])
def test_statement_is_true(name: str, text: str) -> None:
    rules = matching(name, text)
    heard = any(name == entry and text.startswith(start) for entry, start in HEARSAY)
    if name not in SUBJECT and not rules:
        pytest.skip("nobody has written a rule for this statement of a new function yet")
    assert rules or heard, "no rule checks this statement"
    with mp.workdps(DIGITS), np.errstate(all="ignore"):
        for key, groups in rules.items():
            RULES[key](name, *groups)


def test_no_rule_is_idle() -> None:
    used = {key for statement in statements() for key in matching(*statement)}
    assert RULES.keys() - used == set()


@pytest.mark.parametrize(("name", "start"), [pytest.param(*key, id=" ".join(key)) for key in HEARSAY])
def test_hearsay_is_still_said_and_not_checked(name: str, start: str) -> None:
    (text,) = (text for entry, text in statements() if entry == name and text.startswith(start))
    assert matching(name, text) == {}
