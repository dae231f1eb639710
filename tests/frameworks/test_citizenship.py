"""NumPy citizenship: where results may be written, which dtypes come out, and what is never taken in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from contract.checks import same_bits

import actlab
from actlab.errors import OptionError, UnsupportedType

FLOATS = (np.float16, np.float32, np.float64, ml_dtypes.bfloat16)
every_float = pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: np.dtype(dtype).name)
LONG = 700_001  # elements: several pieces, and chunks for more threads than one
Call = Callable[..., Any]


def normal(shape: int | tuple[int, ...], dtype: Any = np.float64) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 3, shape).astype(dtype)


# (a call that takes out=, the same without)
INTO: tuple[tuple[Call, Call], ...] = (
    (actlab.gelu, actlab.gelu),
    (actlab.relu.grad, actlab.relu.grad),
    (actlab.softmax, actlab.softmax),
    (lambda x, out: actlab.prelu(x, weight=np.array([0.1]), out=out), lambda x: actlab.prelu(x, weight=0.1)),
)
into = pytest.mark.parametrize(("write", "compute"), INTO, ids=("value", "grad", "axis", "parameter"))


@into
@every_float
def test_out_may_overlap_the_input(write: Call, compute: Call, dtype: type) -> None:
    whole = normal(LONG, dtype)
    for source, place in (
        (np.s_[:-3], np.s_[3:]),
        (np.s_[5:], np.s_[:-5]),
        (np.s_[::-1], np.s_[:]),
        (np.s_[:], np.s_[:]),
    ):
        memory = whole.copy()
        want = compute(whole[source].copy())
        got = memory[place]
        assert write(memory[source], out=got) is got
        assert same_bits(got.copy(), want)


@every_float
def test_value_and_gradient_go_where_they_are_told(dtype: type) -> None:
    x = normal(20_001, dtype)
    value, gradient = actlab.mish.value_and_grad(x)
    y, dy = np.empty((2, *x.shape), dtype)
    got = actlab.mish.value_and_grad(x, out=(y, dy))
    assert got[0] is y
    assert got[1] is dy
    assert same_bits(y, value)
    assert same_bits(dy, gradient)
    in_place, pairs = x.copy(), np.empty((20_001, 2), dtype)
    actlab.mish.value_and_grad(in_place, out=(dy, in_place))
    assert same_bits(dy, value)
    assert same_bits(in_place, gradient)
    actlab.mish.value_and_grad(x, out=(pairs[:, 1], pairs[:, 0]))  # interleaved: the same block, no common element
    assert same_bits(pairs[:, 1].copy(), value)
    assert same_bits(pairs[:, 0].copy(), gradient)


@into
def test_out_of_any_layout(write: Call, compute: Call, tmp_path: Path) -> None:
    x = normal((130, 140), np.float32)
    want = compute(x)
    swapped = np.empty(x.shape, ">f4")
    mapped = np.memmap(tmp_path / "y", np.float32, "w+", shape=x.shape)
    strided = np.empty((130, 280), np.float32)[:, ::-2]
    for out in (swapped, mapped, strided, np.empty_like(x, order="F"), np.empty((140, 130), np.float32).T):
        assert write(x, out=out) is out
        assert same_bits(np.ascontiguousarray(out, np.float32), want)
    unaligned = np.zeros(x.nbytes + 1, np.int8)[1:].view(np.float32).reshape(x.shape)
    assert not unaligned.flags.aligned
    assert same_bits(write(x, out=unaligned).copy(), want)
    assert same_bits(write(x.astype(">f4"), out=swapped).astype("f4"), want)


def test_out_has_the_shape_of_x_and_parameters() -> None:
    x, weight = normal(5), normal((4, 1), np.float32)
    want = actlab.prelu(x, weight=weight)
    assert same_bits(actlab.prelu(x, weight=weight, out=np.empty((4, 5))), want)
    square, other = normal((5, 5)), normal((5, 5))
    want = actlab.prelu(square, weight=other)
    assert actlab.prelu(square, weight=other, out=other) is other
    assert same_bits(other, want)


@pytest.mark.parametrize("method", ["__call__", "grad", "value_and_grad"])
@every_float
def test_out_may_overlap_a_parameter(method: str, dtype: type) -> None:
    call = getattr(actlab.prelu, method)
    x = normal((300, 200), dtype)
    for parameter in (np.s_[0], np.s_[7:8], np.s_[:, 3:4], np.s_[::-1], np.s_[:], np.s_[:, ::-1]):
        memory = normal((300, 200), dtype)
        want = call(x, weight=memory[parameter].copy())
        if method == "value_and_grad":
            assert call(x, weight=memory[parameter], out=(np.empty_like(x), memory))[1] is memory
            want = want[1]
        else:
            assert call(x, weight=memory[parameter], out=memory) is memory
        assert same_bits(memory, want)


def refused_outs() -> list[tuple[Any, type[Exception], str]]:
    readonly, plane = np.empty(3), np.empty((3, 3))
    readonly.flags.writeable = False
    shape = "out must have shape (3,) and dtype float64; got shape {} and dtype {}"
    return [
        (np.empty(4), OptionError, shape.format("(4,)", "float64")),
        (np.empty((1, 3)), OptionError, shape.format("(1, 3)", "float64")),
        (np.empty(3, np.float32), OptionError, shape.format("(3,)", "float32")),
        (np.empty(3, int), OptionError, shape.format("(3,)", "int64")),
        (readonly, OptionError, "out must be writeable; got a read-only array"),
        (np.lib.stride_tricks.as_strided(plane, (3,), (0,)), OptionError,
         "out must have a place for each element; got strides (0,); pass an array of its own"),
        ([0.0] * 3, UnsupportedType, "out must be a NumPy array; got list"),
        ((np.empty(3),), UnsupportedType, "out must be a NumPy array; got tuple"),
        (np.ma.zeros(3), UnsupportedType, "out must be a plain array; got MaskedArray; pass numpy.asarray(out)"),
    ]  # fmt: skip


@pytest.mark.parametrize("row", range(len(refused_outs())))
def test_an_out_that_cannot_take_the_result_is_refused(row: int) -> None:
    out, error, text = refused_outs()[row]
    x = np.ones(3)
    calls: list[Call] = [
        lambda: actlab.silu(x, out=out),
        lambda: actlab.silu.grad(x, out=out),
        lambda: actlab.softmax(x, out=out),
        lambda: actlab.rrelu(x, training=True, out=out),
    ]
    if isinstance(out, np.ndarray):  # of a pair that is none, another message speaks
        calls.append(lambda: actlab.silu.value_and_grad(x, out=(np.empty(3), out)))
    for call in calls:
        with pytest.raises(error) as caught:
            call()
        assert str(caught.value).partition(": ")[2] == text
    assert (x == 1).all()


def test_a_pair_that_cannot_take_the_results_is_refused() -> None:
    x, y = np.ones(3), np.empty(4)
    for out, error, text in (
        (y[:3], UnsupportedType, "out must be a pair of NumPy arrays, (value, gradient); got ndarray"),
        ((y[:3],), UnsupportedType, "out must be a pair of NumPy arrays, (value, gradient); got ndarray"),
        ((y[:3], y[1:]), OptionError, "out must be two arrays apart; got a pair that shares memory"),
        (
            (y[:3], None),
            UnsupportedType,
            "out must be a pair of NumPy arrays, (value, gradient); got ndarray, NoneType",
        ),
    ):
        with pytest.raises(error) as caught:
            actlab.silu.value_and_grad(x, out=out)
        assert str(caught.value) == f"silu: {text}"


@pytest.mark.parametrize("dtype", "?bhilqBHILQ")
@pytest.mark.parametrize("call", [actlab.mish, actlab.mish.grad, actlab.softmax], ids=("value", "grad", "axis"))
def test_integers_and_bool_become_float64(dtype: str, call: Call) -> None:
    x = np.resize(np.array([0, 1, 3, 100], dtype), (90, 100))
    want = call(x.astype(np.float64))
    assert want.dtype == np.float64
    for same in (x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x.astype(x.dtype.newbyteorder(">"))):
        assert same_bits(call(same), want)
    assert same_bits(call(x, out=np.empty(x.shape)), want)
    assert type(call(x[:1, 1])) is np.ndarray


def test_parameters_of_any_real_dtype_count_in_full() -> None:
    x = normal((60, 200), np.float32)
    for weight in (normal((60, 200), np.float16), np.arange(200, dtype=np.int8), normal((60, 1)).astype(">f4")):
        wide = weight.astype(np.float64)
        for y in (x, x.astype(ml_dtypes.bfloat16)):
            assert same_bits(actlab.prelu(y, weight=weight), actlab.prelu(y, weight=wide))


class Borrower(np.lib.mixins.NDArrayOperatorsMixin):
    """A duck array as other libraries write them: NumPy's operators, converted on request."""

    def __array__(self, *args: Any) -> np.ndarray:
        raise AssertionError("converted in silence")

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("treated as a ufunc's argument")


masked = np.ma.masked_array([1.0, 2.0], [False, True])
drops = "pass numpy.asarray(x), which drops what it adds"
kinds = "x must be an array of NumPy, PyTorch, Dask, xarray or pandas, a number or a list"
first = "convert it first, for example with numpy.asarray(x)"
real = "x must hold real numbers of 64 bits or less"
STRANGERS: tuple[tuple[Any, str], ...] = (
    (Borrower(), f"{kinds}; got {__name__}.Borrower; {first}"),
    (np.random.default_rng(0), f"{kinds}; got numpy.random._generator.Generator; {first}"),
    (masked, f"x must be a plain array; got MaskedArray; {drops}"),
    (np.ma.masked, f"x must be a plain array; got MaskedConstant; {drops}"),
    ([[1.0, 2.0], masked], f"x must be a plain array; got MaskedArray in a list; {drops}"),
    ([[Borrower()]], f"x must be a plain array; got Borrower in a list; {drops}"),
    (np.ones((1, 1)).view(np.matrix), f"x must be a plain array; got matrix; {drops}"),
    (np.rec.array([(1.0,)], [("a", float)]), f"x must be a plain array; got recarray; {drops}"),
    (
        np.zeros(2, [("a", "f8"), ("b", "i8")]),
        f"{real}; got dtype [('a', '<f8'), ('b', '<i8')]; pass one field, x['a']",
    ),
    (10**400, f"{real}; got dtype object; convert it with x.astype(numpy.float64) if the numbers allow it"),
)


@pytest.mark.parametrize("row", range(len(STRANGERS)))
def test_what_carries_more_than_numbers_is_refused(row: int) -> None:
    x, text = STRANGERS[row]
    for call in (actlab.silu, actlab.silu.grad, actlab.silu.value_and_grad, actlab.softmax, actlab.rrelu.draw):
        with pytest.raises(UnsupportedType) as caught:
            call(x)
        assert str(caught.value).partition(": ")[2] == text


def test_parameters_that_carry_more_are_refused() -> None:
    with pytest.raises(UnsupportedType) as caught:
        actlab.prelu(np.ones(2), weight=masked)
    assert str(caught.value) == (
        "prelu: weight must be a plain array; got MaskedArray; pass numpy.asarray(weight), which drops what it adds"
    )


def test_lists_of_plain_things_are_read() -> None:
    want = actlab.silu(np.array([[1.0, 2.0], [3.0, 4.0]]))
    for x in ([[1, 2.0], (np.float32(3), np.int8(4))], [np.array([1.0, 2.0]), np.array([3, 4])], ([1, 2], [3, 4])):
        assert same_bits(actlab.silu(x), want)
    assert same_bits(actlab.silu([ml_dtypes.bfloat16(1.5)]), actlab.silu(np.array([1.5])))
