"""Dtypes, shapes, layouts and refusals, for every entry."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from contract import checks
from contract.entries import ELEMENTWISE, elementwise

from actlab.errors import OptionError, UnsupportedType

FLOATS = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16)
both = pytest.mark.parametrize("what", ["value", "grad"])
every = pytest.mark.parametrize("name", ELEMENTWISE)
X = [-2.5, -0.5, 0.0, 0.75, 3.0]


@every
@both
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: np.dtype(dtype).name)
def test_float_dtypes_are_kept(name: str, what: str, dtype: type) -> None:
    got = getattr(elementwise(name), checks.METHODS[what])(np.array(X, dtype))
    assert type(got) is np.ndarray
    assert got.dtype == dtype


@every
def test_other_numbers_become_float64(name: str) -> None:
    item = elementwise(name)
    whole = [-2, 0, 3]
    want = item(np.array(whole, float))
    for x in (np.array(whole), np.array(whole, np.int8), np.array(whole, ">i4"), whole, tuple(whole)):
        assert checks.same_bits(item(x), want)
    assert checks.same_bits(item(np.array([True, False])), item(np.array([1.0, 0.0])))
    assert checks.same_bits(item([]), np.array([]))
    swapped = np.array(X, ">f4")
    assert item(swapped).dtype == np.float32
    assert item(swapped).dtype.isnative
    assert checks.same_bits(item(swapped), item(np.array(X, np.float32)))
    assert checks.same_bits(item.grad(np.array(X, ">f8")), item.grad(np.array(X)))


@every
@both
def test_scalars_stay_scalars(name: str, what: str) -> None:
    call = getattr(elementwise(name), checks.METHODS[what])
    want = call(np.array([1.5]))[0]
    for number in (1.5, np.float64(1.5), np.array(1.5)):
        got = call(number)
        assert isinstance(got, float)
        assert got == want
    assert type(call(1.5)) is float
    assert type(call(2)) is float
    assert type(call(True)) is float
    assert type(call(np.array(1.5))) is np.float64
    assert type(call(np.float32(1.5))) is np.float32
    assert type(call(np.array(1.5, np.float16))) is np.float16


@every
def test_float32_with_float64_parameters_stays_float32(name: str) -> None:
    item = elementwise(name)
    x = np.array(X, np.float32)
    for parameter, param in item.parameters.items():
        for value in (np.float64(param.default), np.full(5, param.default), np.full((3, 1), param.default)):
            got = item(x, **{parameter: value})
            assert got.dtype == np.float32
            assert checks.same_bits(got, np.broadcast_to(item(x), got.shape))


@every
@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: np.dtype(dtype).name)
def test_layouts(name: str, what: str, dtype: type) -> None:
    checks.check_layouts(elementwise(name), what, dtype)


@every
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: np.dtype(dtype).name)
def test_value_and_grad_is_one_pass_of_both(name: str, dtype: type) -> None:
    x = np.random.default_rng(1).normal(0, 4, 300).astype(dtype)
    x[:3] = [np.inf, -np.inf, np.nan]
    checks.check_one_pass(elementwise(name), x)
    checks.check_one_pass(elementwise(name), x[::3].reshape(10, 10))


@every
@both
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: np.dtype(dtype).name)
def test_out(name: str, what: str, dtype: type) -> None:
    call = getattr(elementwise(name), checks.METHODS[what])
    x = np.random.default_rng(2).normal(0, 3, (40, 50)).astype(dtype)
    want = call(x)
    out = np.empty_like(x)
    assert call(x, out=out) is out
    assert checks.same_bits(out, want)
    for view in (np.s_[:], np.s_[::2], np.s_[:, ::-1]):
        y = x.copy()
        call(y[view], out=y[view])
        assert checks.same_bits(y[view], want[view])
    flat, shifted = x.copy().ravel(), x.copy().ravel()
    call(flat[:-3], out=flat[3:])  # the input must be read before the result is written over it
    assert checks.same_bits(flat[3:], call(shifted[:-3]))
    strided = np.zeros((40, 100), dtype)[:, ::2]
    call(x, out=strided)
    assert checks.same_bits(strided, want)


@every
def test_wrong_out_is_refused(name: str) -> None:
    item, x = elementwise(name), np.ones(3, np.float32)
    readonly = np.empty(3, np.float32)
    readonly.flags.writeable = False
    for out, error, text in (
        (
            np.empty(4, np.float32),
            OptionError,
            "out must have shape (3,) and dtype float32; got shape (4,) and dtype float32",
        ),
        (np.empty(3), OptionError, "out must have shape (3,) and dtype float32; got shape (3,) and dtype float64"),
        (readonly, OptionError, "out must be writeable; got a read-only array"),
        ([0.0] * 3, UnsupportedType, "out must be a NumPy array; got list"),
    ):
        with pytest.raises(error) as caught:
            item(x, out=out)
        assert str(caught.value) == f"{item.name}: {text}"


class WithUnit(np.ndarray):
    """An array that carries more than numbers."""


def refused() -> list[tuple[object, str]]:
    """What is never converted silently, and what is said."""
    hold, convert = (
        "x must hold real numbers of 64 bits or less",
        "convert it with x.astype(numpy.float64) if the numbers allow it",
    )
    plain = "x must be a plain array; got {}; pass numpy.asarray(x), which drops what it adds"
    rows: list[tuple[object, str]] = [
        (np.array([1j]), f"{hold}; got dtype complex128; pass x.real or abs(x)"),
        (1j, f"{hold}; got dtype complex128; pass x.real or abs(x)"),
        (np.array([1], np.longdouble), f"{hold}; got dtype {np.dtype(np.longdouble)}; {convert}"),
        (np.array([1], ml_dtypes.float8_e4m3fn), f"{hold}; got dtype float8_e4m3fn; {convert}"),
        (np.array([1, "a"], object), f"{hold}; got dtype object; {convert}"),
        (np.array(["a"]), f"{hold}; got dtype <U1; {convert}"),
        ("text", f"{hold}; got dtype <U4; {convert}"),
        ([1, None], f"{hold}; got dtype object; {convert}"),
        (None, f"{hold}; got dtype object; {convert}"),
        (np.ma.masked_array([1.0]), plain.format("MaskedArray")),
        (np.ones(2).view(WithUnit), plain.format("WithUnit")),
        (np.array(["2020-01-01"], "M8[D]"), f"{hold}; got dtype datetime64[D]; {convert}"),
    ]
    return rows


@pytest.mark.parametrize("row", range(len(refused())))
def test_types_that_are_refused(row: int) -> None:
    x, text = refused()[row]
    for name in ELEMENTWISE:
        item = elementwise(name)
        for call in (item, item.grad, item.value_and_grad, item.derivative(2)):
            with pytest.raises(UnsupportedType) as caught:
                call(x)
            assert str(caught.value).partition(": ")[2] == text


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(UnsupportedType, match=r"^silu: x must be a rectangular list of numbers; "):
        elementwise("silu")([[1.0], [1.0, 2.0]])
