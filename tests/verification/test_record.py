"""The committed record against the kernels as they are: nothing may be worse than recorded, on a dense sample."""

from __future__ import annotations

import itertools

import pytest
from contract.entries import ELEMENTWISE, elementwise

import actlab
from actlab.verification import measure, table
from actlab.verification.table import FORMATS, QUANTITIES, Row

every = pytest.mark.parametrize("name", ELEMENTWISE)


@every
def test_nothing_is_worse_than_recorded(name: str) -> None:
    others = [measure.of_float64(other, layers=1) for other in measure.others(actlab.get(name))]
    item = elementwise(name)
    for row in itertools.chain(measure.of_float32(item), measure.of_float64(item, layers=1), *others):
        known = _recorded(row.key, name)
        assert row.max_ulp <= known.max_ulp, _worse(row, f"{known.max_ulp} ulp", row.worst_input)
        if row.promise_used is not None and known.promise_used is not None:
            assert row.promise_used <= known.promise_used, _worse(row, f"{known.promise_used}", row.used_at)


@every
def test_every_row_is_there(name: str) -> None:
    for dtype, what in itertools.product(FORMATS, QUANTITIES):
        if dtype in FORMATS[2:] or what != QUANTITIES[2]:
            row = _recorded((name, dtype, what), name)
            every_input = dtype != "float64" and what != QUANTITIES[2]
            assert row.method.startswith("all inputs" if every_input else "sample")
            assert row.inputs == (2 ** (32 if dtype == "float32" else 16) if every_input else row.inputs)
            assert row.inputs > 12_000 if dtype == "float32" else row.inputs > 20_000


def test_no_row_is_stale() -> None:
    labels = {item.label for name in ELEMENTWISE for item in (elementwise(name), *measure.others(actlab.get(name)))}
    assert {row.function for row in table.read().values()} <= labels


def test_promises_are_kept() -> None:
    assert not [row for row in table.read().values() if not row.kept]


def _recorded(key: table.Key, name: str) -> Row:
    known = table.read().get(key)
    assert known is not None, f"{', '.join(key)}: no row in the record; make exhaustive NAME={name} measures it"
    return known


def _worse(row: Row, known: str, x: float | None) -> str:
    return (
        f"{row.function} {row.dtype} {row.what}: worse than recorded at x={x!r}: {row.max_ulp} ulp, "
        f"{row.promise_used} of what is promised; recorded is {known}"
    )
