"""The words themselves; their derivatives and targets are tested in tests/symbolic and tests/emit."""

from __future__ import annotations

from actlab import vocabulary as v
from actlab.expression import Expression, symbol

x, a = symbol("x"), symbol("a")


def test_words_are_attributes_of_the_module() -> None:
    for name, word in v.WORDS.items():
        assert getattr(v, name) is word
        assert word.name == name
        assert word.meaning
        assert word.arity >= 1
        assert isinstance(word(*[x] * word.arity), Expression)
        assert (word.partials is None) == (name in v.AXIS_WORDS)


def test_macros() -> None:
    assert v.maximum(x, 0) is v.where(x > 0, x, 0)
    assert v.minimum(x, a) is v.where(x < a, x, a)
    assert v.MACROS["max"] is v.maximum


def test_a_tail_vanishes_on_a_side_where_its_limit_is_0() -> None:
    for word in v.WORDS.values():
        for side in word.decays:
            assert word.ends[side > 0] == 0
