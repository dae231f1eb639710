"""Data frames and arrays: what is recognised, encoded, filled, noted and refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from experiment.loading import one, refused, table

from actlab.experiment.sources import load_all

NUMBER = np.arange(60)


def test_classes_and_quantities_are_told_apart() -> None:
    assert one(table(), "kind").classes == ("a", "b")
    assert one(table(), "size").classes is None
    assert one(table(grade=NUMBER % 12), "grade").classes == tuple(map(str, range(12)))
    assert one(table(grade=NUMBER % 12 * 1.0), "grade").classes == tuple(map(str, range(12)))
    assert one(table(price=NUMBER * 10), "price").classes is None
    assert one(table(half=NUMBER % 3 / 2), "half").classes == ("0", "0.5", "1")
    assert one(table(flag=NUMBER % 2 == 0), "flag").classes == ("False", "True")
    assert one(table(flag=NUMBER % 2), "flag").task == "classification"


@pytest.mark.parametrize(
    ("target", "task", "recognised", "note"),
    [
        ("kind", None, "classification", "The target kind has 2 distinct values: a classification."),
        ("price", None, "regression", "The target price is numeric with many values: a regression."),
        ("day", "regression", "regression", "The target day is numeric: a regression, as asked."),
        (
            "day",
            "classification",
            "classification",
            "The target day has 5 distinct values: a classification, as asked.",
        ),
        ("pq", None, "multilabel", "The targets p, q hold 0 and 1 only: multi-label classification."),
        ("p", "multilabel", "multilabel", "The targets p hold 0 and 1 only: multi-label classification, as asked."),
        (["price", "day"], None, "regression", "The targets price, day are numeric: a regression with 2 outputs."),
        ("pq", "regression", "regression", "The targets p, q are numeric: a regression with 2 outputs, as asked."),
    ],
)
def test_the_task_is_recognised_or_asked_for_and_stated(target, task, recognised: str, note: str) -> None:
    frame = table(price=NUMBER * 10, day=NUMBER % 5, p=NUMBER % 2, q=NUMBER % 3 == 0)
    target = list(target) if target == "pq" else target
    dataset = one(frame, target, task=task)
    assert dataset.task == recognised
    assert dataset.notes[0] == note
    assert dataset.targets == ((target,) if isinstance(target, str) else tuple(target))
    if recognised == "multilabel":
        assert dataset.classes == dataset.targets


def test_several_targets_keep_their_order() -> None:
    dataset = one(table(p=NUMBER % 2, q=NUMBER % 3 == 0), ("q", "p"))
    assert dataset.y[:4].tolist() == [[1, 0], [0, 1], [0, 0], [1, 1]]
    assert dataset.x.shape == (60, 3)


def test_labels_that_exclude_each_other_are_pointed_at() -> None:
    note = "Exactly one label holds in every row: one target column with the classes would say more."
    assert note in one(table(p=NUMBER % 2, q=1 - NUMBER % 2), ["p", "q"]).notes
    for q in (NUMBER % 3 == 0, NUMBER % 4 == 0):  # some rows with both, some with neither
        assert note not in one(table(p=NUMBER % 2, q=q), ["p", "q"]).notes


def test_impossible_tasks() -> None:
    frame = table(p=NUMBER % 2, grade=NUMBER % 5)
    assert refused(frame, "kind", task="regression") == (
        "compare: the target of a regression must be numeric; got 'b' in column 'kind'; choose another column or task"
    )
    assert refused(frame, ["p", "grade"], task="multilabel") == (
        "compare: a label column must hold 0 and 1 only; got '2' in column 'grade'; recode it, or choose another task"
    )
    assert refused(frame, ["p", "grade"], task="classification") == (
        "compare: a classification must have one target column; got 2: p, grade; name one of them, or set task to "
        "multilabel"
    )
    assert refused(frame, ["p", "kind"]) == (
        "compare: several target columns must all be numbers; got text in column 'kind'; predict it alone, or turn it "
        "into columns of 0 and 1"
    )
    assert refused("diabetes", task="classification") == (
        "compare: task must be regression for diabetes; got task='classification'; leave it out"
    )
    assert refused(frame, "kind", task="clasification") == (
        "compare: task must be one of classification, multilabel, regression; got task='clasification'; "
        "did you mean 'classification'?"
    )


def test_text_columns_are_one_hot_encoded_and_said_to_be() -> None:
    frame = table(colour=np.resize(["red", "green", "blue"], 60), on=NUMBER % 2 == 0, always="x")
    dataset = one(
        frame.assign(kind=frame["kind"].astype("category"), colour=frame["colour"].astype("category")), "kind"
    )
    assert dataset.x.shape == (60, 6)  # size; blue, green, red; on; always
    assert dataset.x[:3, 1:].tolist() == [[0, 0, 1, 1, 1], [0, 1, 0, 0, 1], [1, 0, 0, 1, 1]]
    assert "Text columns were one-hot encoded: colour, always." in dataset.notes
    assert "The same value in every row: always." in dataset.notes


def test_levels_that_never_occur_are_no_features() -> None:
    colours = pd.Categorical(np.resize(["red", "blue"], 60), categories=["red", "blue", "ultraviolet"])
    assert one(table(colour=colours), "kind").x.shape == (60, 3)


def test_columns_that_deserve_a_look() -> None:
    dataset = one(table(id=NUMBER, mixed=np.resize(["1", "2", "?"], 60), day=NUMBER // 2), "kind")
    assert "Different in every row: id. Remove what only numbers the rows." in dataset.notes
    assert "Column mixed mixes numbers with text such as '?': it was taken as text." in dataset.notes


def test_numbers_in_columns_of_objects_are_numbers() -> None:
    dataset = one(table(value=pd.Series(NUMBER * 3, dtype=object)), "kind")
    assert dataset.x[:, 1].tolist() == (NUMBER * 3).tolist()


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "boolean"])
def test_nullable_columns(dtype: str) -> None:
    values = pd.Series(NUMBER % 2).astype(dtype)
    assert one(table(value=values), "kind").x[:, 1].tolist() == (NUMBER % 2).tolist()
    assert one(table(value=values), "value").classes is not None
    values[::10] = pd.NA
    assert np.isnan(one(table(value=values), "kind", missing="mean").x[:, 1]).sum() == 6


def test_missing_values_are_refused() -> None:
    frame = table()
    frame.loc[[3, 5], "size"] = np.nan
    assert refused(frame, "kind") == (
        "compare: every value must be present; got 2 missing in column 'size'; "
        "fill them, or set missing to mean, median or drop"
    )
    assert refused(frame, "kind", missing="fill") == (
        "compare: missing must be one of refuse, mean, median, drop; got missing='fill'"
    )


def test_missing_numbers_are_filled_and_missing_text_is_a_category() -> None:
    frame = table(colour=np.resize(["red", None, "blue"], 60))
    frame.loc[[3, 5], "size"] = np.nan
    dataset = one(frame, "kind", missing="mean")
    assert dataset.x.shape == (60, 4)  # size; (missing), blue, red
    assert dataset.x[:3, 1:].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert (
        "Missing values: 22, in size, colour. Numbers were filled with the mean of each seed's training rows; "
        "missing text is a category of its own."
    ) in dataset.notes
    assert not np.isnan(dataset.for_seed(1).x).any()


def test_rows_with_a_gap_are_dropped() -> None:
    frame = table()
    frame.loc[3, "size"] = np.nan
    frame.loc[5, "kind"] = None
    dataset = one(frame, "kind", missing="drop")
    assert dataset.x.ravel().tolist() == pytest.approx([n / 7 for n in range(60) if n not in (3, 5)])
    assert "Left out, since a value is missing: 2 of 60 rows." in dataset.notes
    frame.loc[:20, "size"] = np.nan
    assert refused(frame, "kind", missing="drop") == (
        "compare: data must have at least 50 rows without a missing value; got rows=39 of 60 in data; "
        "set missing to mean or median, or remove the column that is mostly missing"
    )


@pytest.mark.parametrize("missing", ["refuse", "mean", "median"])
def test_targets_are_never_filled(missing: str) -> None:
    frame = table()
    frame.loc[3, "kind"] = None
    assert refused(frame, "kind", missing=missing) == (
        "compare: the target must be known in every row; got 1 missing in column 'kind'; remove these rows, or set "
        "missing to drop"
    )


@pytest.mark.parametrize("missing", ["refuse", "mean"])
def test_empty_columns(missing: str) -> None:
    assert refused(table(none=np.nan), "kind", missing=missing) == (
        "compare: a column must hold values; got none in column 'none'; remove it"
    )
    x = np.random.default_rng(0).normal(size=(60, 3))
    x[:, 1] = np.nan
    assert refused((x, NUMBER % 2), missing=missing) == (
        "compare: a column must hold values; got none in feature 2 of X; remove it"
    )


@pytest.mark.parametrize("missing", ["refuse", "mean", "drop"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_infinite_values(value: float, missing: str) -> None:
    frame = table()
    frame.loc[5, "size"] = value
    rule = "compare: every value must be finite and below 3.4e38; got 1 infinite or larger in "
    for target in ("kind", "size"):
        assert refused(frame, target, missing=missing) == rule + "column 'size'; remove these rows"
    assert refused((frame[["size"]].to_numpy(), NUMBER % 2), missing=missing) == rule + "X"


def test_long_cells_are_shortened_in_messages() -> None:
    rare = ["x" * 50_000] * 3 + ["y"] * 57
    assert refused(table(rare=rare), "rare") == (
        "compare: every class of data must have at least 5 rows; got 3 of class 'xxxxxxxxxxxx...xxxxxxxxxxxxx'; "
        "merge or remove rare classes"
    )


def test_text_with_many_values() -> None:
    odd = [str(k) for k in range(59)] + ["?"]
    assert refused(table(code=odd), "kind") == (
        "compare: a text column must have at most 20 distinct values; got 60 in column 'code', such as '?'; "
        "remove it or make it numeric"
    )


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.date_range("2020", periods=60), "datetime64"),
        (pd.date_range("2020", periods=60, tz="UTC"), "datetime64"),
        (pd.date_range("2020", periods=60).date, "date"),
        (pd.to_timedelta(NUMBER, "h"), "timedelta64"),
        (pd.period_range("2020", periods=60), "period"),
        (NUMBER * 1j, "complex"),
        ([b"x"] * 60, "bytes"),
    ],
)
def test_what_is_neither_number_nor_text(values, kind: str) -> None:
    message = (
        f"compare: a column must hold numbers or text; got {kind} in column 'when'; turn it into numbers or remove it"
    )
    assert refused(table(when=values), "kind") == message
    assert refused(table(when=values), "when") == message


def test_columns_with_one_name() -> None:
    frame = table(other=1).set_axis(["size", "kind", "size"], axis=1)
    message = "compare: columns must have different names; got twice: size; rename one of them"
    assert refused(frame, "kind") == message
    assert refused(frame.set_axis([1, "kind", "1"], axis=1), "kind") == message.replace("size", "1")


def test_target_that_is_not_there() -> None:
    assert refused(table(), "knid") == (
        "compare: target must be a column of data; got target='knid'; did you mean 'kind'?; columns: size, kind"
    )
    assert refused(table(), ["kind", "x"]) == (
        "compare: target must be a column of data; got target='x'; columns: size, kind"
    )
    assert refused(table()) == (
        "compare: target must name the column to predict in data; got none; columns: size, kind"
    )
    assert refused(table()[[]], "kind") == "compare: target must be a column of data; got target='kind'; columns: none"
    assert refused(table()[["kind"]], "kind") == (
        "compare: data must have a column besides the target; got columns: kind"
    )
    for target in ([], ["kind", "kind"], [3]):
        assert refused(table(), target) == (
            f"compare: target must be one or several different column names; got target={target!r}"
        )
    assert refused(["wine", (np.ones((60, 2)), NUMBER)], "kind") == (
        "compare: target must be left out for data that have their own; got target='kind'"
    )


@pytest.mark.parametrize(
    ("target", "columns", "named"),
    [
        ("kind", {"copy": np.where(NUMBER // 3 % 2, "yes", "no")}, "copy"),
        ("kind", {"number": NUMBER // 3 % 2, "other": NUMBER % 2}, "number"),
        ("size", {"miles": NUMBER / 7 * 1.609344, "noise": (NUMBER / 7) ** 1.001}, "miles"),
        (["p", "q"], {"p": NUMBER % 2, "q": NUMBER % 3 == 0, "r": NUMBER % 3 == 0}, "r"),
    ],
)
def test_a_copy_of_the_target_is_pointed_at(target, columns, named: str) -> None:
    note = f"Tells the target exactly: {named}. If it is a copy of the target, or made from it, remove it."
    assert note in one(table(**columns), target).notes
    assert not any("exactly:" in note for note in one(table(almost=NUMBER // 3 % 2 * (NUMBER > 3)), "kind").notes)


def test_a_copy_of_the_target_among_arrays_is_pointed_at() -> None:
    x = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    y = np.sort(np.arange(3000) % 3)  # only one class among the rows that are looked at first
    x[:, 2] = np.array([5.0, 3, 4])[y]
    note = "Tells the target exactly: feature 3. If it is a copy of the target, or made from it, remove it."
    assert note in one((x, y)).notes
    x[2999, 2] = 5
    assert note not in one((x, y)).notes


def test_rows_that_occur_more_than_once_are_counted() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    x[[10, 11, 12]] = x[[20, 20, 21]]
    x[[3, 4]] = [[0.0, 1.0], [-0.0, 1.0]]
    y = NUMBER % 2
    y[[10, 11, 12, 20, 21]] = 1
    y[[3, 4]] = 0
    note = (
        "7 of 60 rows occur more than once; copies may lie among the training and the test rows, which flatters "
        "every function."
    )
    assert one((x, y)).notes[-1] == note
    y[[11, 12]] = 0  # the same features with another target are no copy
    assert one((x, y)).notes[-1].startswith("4 of 60 rows")


@pytest.mark.parametrize(
    ("shape", "row", "note"),
    [
        ((60, 6), (), None),
        ((60, 4, 6), (4, 6), "Each row is a picture of 4 x 6 pixels."),
        ((60, 1, 6), (6,), "Each row is a signal of 6 samples."),
        ((60, 1, 4, 6), (4, 6), "Each row is a picture of 4 x 6 pixels."),
        ((60, 3, 4, 6), (3, 4, 6), "Each row is a picture of 3 x 4 x 6 (channels, height, width)."),
    ],
)
def test_arrays_of_several_dimensions(shape, row, note) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    dataset = one((x, NUMBER % 2))
    assert dataset.shape == row
    assert np.array_equal(dataset.x, x.reshape(60, -1).astype(np.float32))
    assert (note in dataset.notes) if note else len(dataset.notes) == 1


def test_channels_come_first() -> None:
    assert refused((np.zeros((60, 8, 8, 3)), NUMBER % 2)) == (
        "compare: pictures must have their channels first, [rows, channels, height, width]; "
        "got X.shape=(60, 8, 8, 3); pass X.transpose(0, 3, 1, 2)"
    )


@pytest.mark.parametrize(
    ("x", "y"), [((60, 2), (59,)), ((60,), (60,)), ((60, 2), (60, 2, 2)), ((60, 2, 2, 2, 2), (60,)), ((60, 0), (60,))]
)
def test_shapes_that_do_not_fit(x, y) -> None:
    assert refused((np.zeros(x), np.zeros(y))) == (
        "compare: data must be (X, y) with X of shape [rows, features], [rows, height, width] or [rows, channels, "
        f"height, width] and y of shape [rows] or [rows, outputs]; got X.shape={x}, y.shape={y}"
    )


def test_arrays_of_floats_are_not_copied() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2, 3)).astype(np.float32)
    assert np.shares_memory(one((x, NUMBER % 2)).x, x)


def test_arrays_of_many_kinds() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    assert one((x.astype(str)[:, :1].astype("<U2"), NUMBER % 2)).x.shape[0] == 60
    assert one((pd.DataFrame(x, index=NUMBER + 7), pd.Series(NUMBER % 2))).x.shape == (60, 3)
    assert one((x, np.where(NUMBER % 2, "up", "down"))).classes == ("down", "up")
    assert one((x, pd.Series(NUMBER % 2 == 0))).classes == ("False", "True")
    assert one((x, ["up", "down"] * 30)).classes == ("down", "up")
    assert one((x, NUMBER[:, None] % 2)).task == "classification"
    assert one((x, x[:, :2])).outputs == 2
    assert one((x, np.stack([NUMBER % 2, NUMBER % 3 == 0], axis=1))).classes == ("y1", "y2")
    assert refused((np.full((60, 2, 2), "a"), NUMBER % 2)) == (
        "compare: X must hold numbers; got X of dtype <U1; convert it"
    )


def test_gaps_in_arrays() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    x[[1, 2], 0] = np.nan
    assert refused((x, NUMBER % 2)) == (
        "compare: every value must be present; got 2 missing in X; fill them, or set missing to mean, median or drop"
    )
    note = "Missing values: 2. They were filled with the median of each seed's training rows."
    assert note in one((x, NUMBER % 2), missing="median").notes
    for data in (x, pd.DataFrame(x, index=NUMBER + 7)):
        dataset = one((data, NUMBER % 2), missing="drop")
        assert np.array_equal(dataset.x, np.delete(x, [1, 2], axis=0).astype(np.float32))
        assert np.array_equal(dataset.y, np.delete(NUMBER % 2, [1, 2]))


def test_several_data_sets_have_names_of_their_own() -> None:
    pair = (np.random.default_rng(0).normal(size=(60, 3)), NUMBER % 2)
    loaded = load_all([pair, "wine", "wine", table()], "kind", "compare")
    assert [dataset.name for dataset in loaded] == ["data", "wine", "wine-2", "data-2"]


def test_what_is_no_data() -> None:
    assert refused(3) == ("compare: data must be a name, a path, (X, y) arrays in a tuple or a data frame; got int")
    assert refused([]) == "compare: data must name at least one data set; got data=[]"
    assert refused("digit") == (
        "compare: no data set is called 'digit'; did you mean 'digits'?; choose from breast_cancer, circles, "
        "classification, diabetes, digits, friedman1, friedman2, gaussian_quantiles, hastie, iris, mnist1d, moons, "
        "multilabel, spirals, swiss_roll, wine, xor, or give the path of a file"
    )


MOVED = "Far from zero for how little they vary, so that the smallest value was subtracted: {}."


def test_columns_far_from_zero_keep_their_values() -> None:
    signal = np.random.default_rng(0).normal(size=60)
    near = (signal - signal.min()).astype(np.float32)
    far = signal + 1e9
    gaps = pd.Series(far).mask(NUMBER == 5)
    whole = pd.Series(2**40 + NUMBER, dtype="Int64").mask(NUMBER == 7)
    dataset = one(table(far=far, gaps=gaps, whole=whole), "kind", missing="mean")
    # float64 itself keeps seven digits of it.
    np.testing.assert_allclose(dataset.x[:, 1], near, atol=2e-7)
    np.testing.assert_allclose(dataset.x[:, 2], np.where(NUMBER == 5, np.nan, near), atol=2e-7)
    np.testing.assert_array_equal(dataset.x[:, 3], np.where(NUMBER == 7, np.nan, NUMBER))
    assert MOVED.format("far, gaps, whole") in dataset.notes
    x = np.stack([signal, far], axis=1)
    dataset = one((x, NUMBER % 2))
    np.testing.assert_array_equal(dataset.x[:, 0], signal.astype(np.float32))
    np.testing.assert_allclose(dataset.x[:, 1], near, atol=2e-7)
    assert MOVED.format("feature 2") in dataset.notes
    dataset = one((x, np.stack([far, signal], axis=1)))
    np.testing.assert_allclose(dataset.y, np.stack([near, signal], axis=1), atol=2e-7)
    assert MOVED.format("y1") in dataset.notes


def test_signals_far_from_zero_move_as_a_whole() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2, 3))
    dataset = one((x + 1e9, NUMBER % 2))
    np.testing.assert_allclose(dataset.x, (x - x.min()).reshape(60, 6), atol=4e-7)
    assert MOVED.format("all of X") in dataset.notes


def test_what_is_constant_but_for_rounding_stays_where_it_is() -> None:
    noise = np.where(NUMBER % 2, 0.3, 0.1 + 0.2)
    assert len(set(noise)) == 2
    year = 2000 + NUMBER % 20
    dataset = one(table(noise=noise, year=year, big=np.full(60, 1e9)), "kind")
    np.testing.assert_array_equal(dataset.x[:, 1:], np.stack([noise, year, noise * 0 + 1e9], 1).astype(np.float32))
    assert not [note for note in dataset.notes if note.startswith("Far from zero")]
