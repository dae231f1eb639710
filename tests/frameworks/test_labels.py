"""xarray and pandas objects keep what their library keeps: names, indexes, attributes, Dask arrays inside."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from contract.checks import same_bits

import actlab
from actlab.errors import OptionError, ParameterError, UnsupportedType


def weather() -> xr.DataArray:
    data = np.linspace(-4, 5, 24).reshape(2, 3, 4).astype(np.float32)
    coords = {
        "day": pd.date_range("2026-01-01", periods=2),
        "station": ["a", "b", "c"],
        "height": ("station", [1, 2, 3]),
    }
    return xr.DataArray(data, coords, ["day", "station", "sensor"], name="wind", attrs={"unit": "m/s"})


def table() -> pd.DataFrame:
    x = pd.DataFrame(
        {
            "a": np.array([-1, 2, 3], np.float32),
            "b": [1, -2, 3],
            ("c", 1): [True, False, True],
            "d": [0.5, -0.5, np.nan],
        },
        index=pd.Index([10, 20, 20], name="key"),
    )
    x.attrs["unit"] = "m"
    return x


@pytest.mark.parametrize("chunks", [None, {"day": 1, "sensor": 3}], ids=["numpy", "dask"])
def test_a_data_array_keeps_its_labels(chunks: Any) -> None:
    plain = weather()
    x = plain if chunks is None else plain.chunk(chunks)
    results = {
        "value": (actlab.silu(x), actlab.silu(plain.data)),
        "grad": (actlab.silu.grad(x), actlab.silu.grad(plain.data)),
        "axis": (actlab.softmax(x, axis=1), actlab.softmax(plain.data, axis=1)),
        "vjp": (actlab.softmax.vjp(x, x, axis=1), actlab.softmax.vjp(plain.data, plain.data, axis=1)),
        "both": (actlab.silu.value_and_grad(x)[1], actlab.silu.grad(plain.data)),
        "weight": (actlab.prelu(x, weight=np.arange(4.0)), actlab.prelu(plain.data, weight=np.arange(4.0))),
    }
    for got, want in results.values():
        assert got.equals(plain.copy(data=want))
        assert same_bits(got.values, want)
        assert got.name == "wind"
        assert got.attrs == {"unit": "m/s"}
        assert got.indexes.keys() == x.indexes.keys()
        assert isinstance(got.data, da.Array if chunks else np.ndarray)
    if chunks:
        assert results["value"][0].chunks == x.chunks


def test_a_data_array_follows_the_options_of_xarray() -> None:
    for keep, attrs in ((True, {"unit": "m/s"}), (False, {})):
        with xr.set_options(keep_attrs=keep):
            assert np.tanh(weather()).attrs == actlab.silu(weather()).attrs == attrs


def test_a_shorter_axis_loses_its_labels() -> None:
    x = weather().transpose("sensor", "station", "day")
    y = actlab.maxout(x, axis=2)
    assert y.dims == x.dims
    assert set(y.coords) == {"station", "height"}
    assert y.attrs == x.attrs
    assert same_bits(y.values, actlab.maxout(x.values, axis=2))
    g = (y + 1).transpose("day", "sensor", "station")
    back = actlab.maxout.vjp(x, g, axis=2)
    assert back.equals(x.copy(data=actlab.maxout.vjp(x.data, y.data + 1, axis=2)))
    assert actlab.maxout.vjp(x, y.data + 1, axis=2).equals(back)


def test_parameters_of_xarray_go_by_name() -> None:
    x = weather()
    weight = xr.DataArray([0.1, 0.2, 0.3], {"station": ["a", "b", "c"]})
    got = actlab.prelu(x, weight=weight)
    assert got.equals(x.copy(data=actlab.prelu(x.data, weight=weight.data[:, None])))
    extra = xr.DataArray([0.1, 0.2], dims=["run"])
    assert actlab.prelu(x, weight=extra).dims == ("day", "station", "sensor", "run")
    assert actlab.prelu(x, weight=xr.DataArray(0.5)).equals(actlab.prelu(x, weight=0.5))
    with pytest.raises(
        ParameterError, match=r"^prelu: parameters must have the labels of x; xarray: cannot align .*station.*$"
    ):
        actlab.prelu(x, weight=weight.assign_coords(station=["a", "b", "x"]))
    training = actlab.rrelu.value_and_grad(x, training=True, rng=np.random.default_rng(0))
    assert same_bits(training[0].values, actlab.rrelu(x.values, training=True, rng=np.random.default_rng(0)))
    assert training[1].indexes.keys() == x.indexes.keys()


def test_a_data_set_keeps_its_variables() -> None:
    x = xr.Dataset({"wind": weather(), "rain": ("day", [1, 2])}, attrs={"made": "today"})
    y, dy = actlab.silu.value_and_grad(x)
    assert y.attrs == {"made": "today"}
    assert y.wind.equals(actlab.silu(x.wind))
    assert dy.rain.equals(actlab.silu.grad(x.rain))
    assert y.rain.dtype == np.float64
    assert x.map(actlab.softmax).wind.equals(actlab.softmax(x.wind))


def test_a_series_keeps_index_name_and_attributes() -> None:
    x = pd.Series(np.array([-1, 0, 2], np.float16), pd.Index(["p", "q", "q"], name="key"), name="load")
    x.attrs["unit"] = "kW"
    for got, want in (
        (actlab.elu(x), actlab.elu(x.to_numpy())),
        (actlab.elu.value_and_grad(x)[1], actlab.elu.grad(x.to_numpy())),
        (actlab.elu(x, alpha=[1, 2, 3]), actlab.elu(x.to_numpy(), alpha=[1, 2, 3])),
        (actlab.elu(x, alpha=x + 2.0), actlab.elu(x.to_numpy(), alpha=x.to_numpy() + 2.0)),
        (actlab.softmax(x), actlab.softmax(x.to_numpy())),
        (actlab.softmax.vjp(x, x), actlab.softmax.vjp(x.to_numpy(), x.to_numpy())),
    ):
        pd.testing.assert_series_equal(got, pd.Series(want, x.index, name="load"), check_exact=True)
        assert got.attrs == {"unit": "kW"}
        assert got.dtype == np.float16


def test_a_data_frame_keeps_its_labels_and_the_dtype_of_each_column() -> None:
    x = table()
    y, dy = actlab.silu.value_and_grad(x)
    for got, call in ((y, actlab.silu), (dy, actlab.silu.grad), (actlab.silu(x), actlab.silu)):
        want = pd.DataFrame({name: call(x[name].to_numpy()) for name in x}, index=x.index)
        pd.testing.assert_frame_equal(got, want, check_exact=True)
        assert got.attrs == {"unit": "m"}
    assert list(y.dtypes) == [np.float32, np.float64, np.float64, np.float64]
    pd.testing.assert_frame_equal(x, table())
    numbers = pd.concat([x[["d"]]] * 2, axis=1)  # one dtype, two columns of one name
    pd.testing.assert_frame_equal(actlab.silu(numbers), numbers.apply(actlab.silu), check_exact=True)
    assert actlab.silu(x[[]]).equals(x[[]])
    assert actlab.silu(x[:0]).columns.equals(x.columns)


def test_parameters_of_pandas_have_the_labels_of_x() -> None:
    x = table()
    slopes = pd.DataFrame(np.arange(12.0).reshape(3, 4), x.index, x.columns)
    want = np.column_stack(
        [actlab.prelu(x.iloc[:, k].to_numpy(), weight=slopes.iloc[:, k].to_numpy()) for k in range(4)]
    )
    assert same_bits(actlab.prelu(x, weight=slopes).to_numpy(float), want)
    assert same_bits(actlab.prelu(x, weight=slopes.to_numpy()).to_numpy(float), want)
    row = actlab.prelu(x, weight=[1, 2, 3, 4])
    assert row.loc[10, "a"] == -1
    assert row.loc[20, "b"].to_list() == [-4, 3]
    for weight in (slopes.iloc[::-1].set_axis([1, 2, 3]), slopes[["a"]], slopes["a"]):
        with pytest.raises(ParameterError) as caught:
            actlab.prelu(x, weight=weight)
        assert str(caught.value) == (
            "prelu: weight must have the labels of x; got others; pass weight.to_numpy() to go by position"
        )
    with pytest.raises(ParameterError) as caught:
        actlab.prelu(x, weight=np.ones((2, 3, 4)))
    assert str(caught.value) == "prelu: weight must broadcast to the shape of x, (3, 4); got shape (2, 3, 4)"
    drawn, slope = actlab.rrelu.value_and_grad(x, training=True, rng=np.random.default_rng(0))
    assert drawn.loc[10, "a"] == np.float32(-slope.loc[10, "a"])


def test_along_an_axis_of_a_data_frame() -> None:
    x = table().fillna(0)
    numbers = x.to_numpy(float)
    for axis in (0, 1, -1):
        want = pd.DataFrame(actlab.softmax(numbers, axis=axis), x.index, x.columns)
        pd.testing.assert_frame_equal(actlab.softmax(x, axis=axis), want, check_exact=True)
    y = actlab.maxout(x, axis=1)
    assert y.index.equals(x.index)
    assert list(y.columns) == [0, 1]
    assert same_bits(y.to_numpy(), actlab.maxout(numbers))
    back = actlab.maxout.vjp(x, y)
    pd.testing.assert_frame_equal(back, pd.DataFrame(actlab.maxout.vjp(numbers, y.to_numpy()), x.index, x.columns))
    with pytest.raises(OptionError) as caught:
        actlab.maxout.vjp(x, y.set_axis([1, 2], axis=1))
    assert (
        str(caught.value) == "maxout: g must have the labels of f(x); got others; pass g.to_numpy() to go by position"
    )


def dtype_text(what: str, dtype: str) -> str:
    return (
        f"{what} must have a NumPy dtype of real numbers; got dtype {dtype}; "
        "convert it with astype('float64') if it holds numbers"
    )


@pytest.mark.parametrize(
    "dtype", ["Float64", "Int32", "boolean", "category", "Sparse[float64]", "object", "complex128"]
)
def test_other_dtypes_of_pandas_are_refused(dtype: str) -> None:
    x = pd.Series([1, 0]).astype(dtype)
    for call in (actlab.silu, actlab.silu.value_and_grad, actlab.softmax, actlab.rrelu.draw):
        with pytest.raises(UnsupportedType) as caught:
            call(x)
        assert str(caught.value).partition(": ")[2] == dtype_text("x", str(x.dtype))
        with pytest.raises(UnsupportedType) as caught:
            call(pd.DataFrame({"a": [1.0, 2.0], "b": x}))
        assert str(caught.value).partition(": ")[2] == dtype_text("column 'b'", str(x.dtype))


def test_missing_numbers_of_a_nullable_column_become_nan_as_the_message_says() -> None:
    x = pd.Series([1.0, None], dtype="Float64")
    np.testing.assert_array_equal(actlab.relu(x.astype("float64")), [1, np.nan])


def test_what_xarray_and_pandas_cannot_do_is_said() -> None:
    x, s = weather(), pd.Series([1.0])
    left_out = "out must be left out for {} objects; got {}; use what is returned"
    gradient = "g must have the dimensions and labels of f(x); xarray: "
    for call, text in (
        (lambda: actlab.silu(x, out=x.data), left_out.format("xarray", "ndarray")),
        (lambda: actlab.softmax(x, out=x), left_out.format("xarray", "DataArray")),
        (lambda: actlab.silu.value_and_grad(s, out=(s, s)), left_out.format("pandas", "tuple")),
        (lambda: actlab.softmax(x.to_dataset()), "x must be one DataArray; got Dataset; use x.map(...)"),
        (lambda: actlab.silu(np.ones(1), out=s), "out must be a NumPy array; got Series"),
        (lambda: actlab.prelu(np.ones(1), weight=s), "weight must be a number or a NumPy array like x; got Series"),
        (lambda: actlab.softmax.vjp(x, x.rename(day="night")), gradient),
        (lambda: actlab.softmax.vjp(x, x.isel(station=slice(None, None, -1))), gradient),
        (lambda: actlab.silu(x.astype(complex)), "x must hold real numbers of 64 bits or less; got dtype complex128"),
    ):
        with pytest.raises((OptionError, UnsupportedType)) as caught:
            call()
        said = str(caught.value).partition(": ")[2]
        assert said.startswith(text)
        assert "\n" not in said
