"""Data sets, splits, files, and everything that is refused."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from actlab.errors import DataError
from actlab.experiment import bundled
from actlab.experiment.data import Dataset
from actlab.experiment.sources import load_all


def one(data: Any, target: str | None = None) -> Dataset:
    (dataset,) = load_all(data, target, "compare")
    return dataset


def refused(data, target: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        load_all(data, target, "compare")
    message = str(caught.value)
    assert "\n" not in message
    return message


def table(rows: int = 60, **columns: Any) -> pd.DataFrame:
    """A frame with a numeric feature and two classes, to be spoilt."""
    number = np.arange(rows)
    return pd.DataFrame({"size": number / 7, "kind": np.where(number % 2, "a", "b")} | columns)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "diabetes"])
def test_splits_share_no_row_and_use_all(name: str) -> None:
    dataset = one(name)
    training, validation = dataset.split(3)
    everything = np.concatenate([training, validation, dataset.test_rows])
    assert np.array_equal(np.sort(everything), np.arange(len(dataset.y)))
    assert len(dataset.test_rows) == round(0.25 * len(dataset.y))


def test_seeds_change_training_and_validation_but_not_the_test_rows() -> None:
    first, second, again = one("digits"), one("digits"), one("digits")
    assert np.array_equal(first.test_rows, second.test_rows)
    assert np.array_equal(first.split(1)[0], again.split(1)[0])
    assert not np.array_equal(first.split(1)[1], first.split(2)[1])


def test_every_class_gives_its_share() -> None:
    dataset = one("digits")
    counts = np.bincount(dataset.y)
    for rows, share in ((dataset.test_rows, 0.25), (dataset.split(1)[1], 0.15)):
        assert np.all(np.abs(np.bincount(dataset.y[rows]) - share * counts) <= 2)


def test_mnist1d_leaves_the_global_generators_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "MNIST1D_ROWS", 200)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002, S311
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    dataset = one("mnist1d")
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002, S311
    assert dataset.x.shape == (200, 40)
    assert sorted(Counter(dataset.y.tolist()).values()) == [20] * 10


def test_fingerprint_sees_one_changed_number() -> None:
    frame = table()
    same, other = one(table(), "kind"), table()
    other.loc[3, "size"] += 1e-3
    assert one(frame, "kind").fingerprint == same.fingerprint != one(other, "kind").fingerprint


def test_classes_and_quantities_are_told_apart() -> None:
    number = np.arange(60)
    assert one(table(), "kind").classes == ("a", "b")
    assert one(table(), "size").classes is None
    assert one(table(grade=number % 12), "grade").classes == tuple(map(str, range(12)))
    assert one(table(price=number * 10), "price").classes is None
    assert one(table(half=number % 3 / 2), "half").classes == ("0.0", "0.5", "1.0")
    assert one(table(flag=number % 2 == 0), "flag").classes == ("False", "True")
    assert one(table(price=number * 10), "price").notes[0] == (
        "The target price is numeric with many values: a regression."
    )


def test_text_columns_are_one_hot_encoded_and_said_to_be() -> None:
    dataset = one(table(colour=np.resize(["red", "green", "blue"], 60)), "kind")
    assert dataset.x.shape == (60, 4)
    assert dataset.x[:, 1:].sum(1).tolist() == [1] * 60
    assert "Text columns were one-hot encoded: colour." in dataset.notes


def test_a_column_that_may_only_number_the_rows_is_pointed_at() -> None:
    note = "Different in every row: id. Remove what only numbers the rows."
    assert note in one(table(id=np.arange(60)), "kind").notes
    assert note not in one(table(id=np.arange(60) // 2), "kind").notes


@pytest.mark.parametrize(("separator", "suffix"), [(",", ".csv"), (";", ".csv"), ("\t", ".tsv")])
def test_files_are_read_whatever_separates_their_cells(tmp_path: Path, separator: str, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    table().to_csv(path, index=False, sep=separator, encoding="utf-8-sig")
    for spelling in (path, str(path)):
        dataset = one(spelling, "kind")
        assert (dataset.name, dataset.x.shape, dataset.classes) == ("mine", (60, 1), ("a", "b"))


def test_arrays_and_frames_and_lists_of_sets() -> None:
    x, y = np.random.default_rng(0).normal(size=(80, 2, 3)), np.arange(80) % 2
    assert one((x, y)).x.shape == (80, 6)
    assert one((pd.DataFrame({"a": y, "b": -y}), pd.Series(y))).x.shape == (80, 2)
    names = [dataset.name for dataset in load_all([(x, y), "wine", "wine"], None, "compare")]
    assert names == ["data", "wine", "wine-2"]


def test_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert refused(path, "kind") == (f"compare: the data file must be there; got file={str(path)!r}; check the path")


def test_unknown_kind_of_file(tmp_path: Path) -> None:
    assert refused("table.xlsx", "kind") == (
        "compare: a data file must be one of .csv, .tsv, .tab, .txt; got file='table.xlsx'; "
        "convert it, or pass a data frame from Python"
    )


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "a table with a header line; got file={!r} (empty)"),
        (b"a,b\n\xff\xfe,1\n", "UTF-8 text; got file={!r}; save it as UTF-8"),
        (b"a,b\n1,2\n1,2,3\n", "a table with as many cells in every row; got file={!r}"),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, rule: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert refused(path, "a").startswith(f"compare: the data file must be {rule.format(str(path))}")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert refused(folder, "a") == (
        f"compare: the data file must be readable; got file={str(folder)!r} (Is a directory)"
    )


def test_unknown_name_gets_a_suggestion() -> None:
    assert refused("digit") == (
        "compare: no data set is called 'digit'; did you mean 'digits'?; choose from breast_cancer, diabetes, "
        "digits, iris, mnist1d, wine, or give the path of a .csv file"
    )


def test_target_that_is_not_there() -> None:
    assert refused(table(), "knid") == (
        "compare: target must be a column of data; got target='knid'; did you mean 'kind'?; columns: size, kind"
    )
    assert refused(table()) == ("compare: target must name the column to predict in data; columns: size, kind")


def test_targets_that_cannot_be_learnt() -> None:
    assert refused(table(only="x"), "only") == (
        "compare: the target must have at least two classes; got only 'x'; choose another target column"
    )
    rare = np.array(["x"] * 57 + ["y"] * 3)
    assert refused(table(rare=rare), "rare") == (
        "compare: every class must have at least 5 rows; got 3 of class 'y'; merge or remove rare classes"
    )


def test_missing_and_infinite_numbers() -> None:
    frame = table()
    frame.loc[[3, 5], "size"] = np.nan, np.inf
    assert refused(frame, "kind") == (
        "compare: every value must be present and finite; got 2 missing or infinite in column 'size'; "
        "fill or remove these rows"
    )
    frame = table()
    frame.loc[3, "kind"] = None
    assert "got 1 missing or infinite in column 'kind'" in refused(frame, "kind")


def test_text_with_many_values() -> None:
    odd = [str(k) for k in range(59)] + ["?"]
    assert refused(table(code=odd), "kind") == (
        "compare: a text column must have at most 20 distinct values; got 60 in column 'code', such as '?'; "
        "remove it or make it numeric"
    )


def test_too_few_rows_and_wrong_shapes() -> None:
    assert refused(table(40), "kind") == "compare: data must have at least 50 rows; got rows=40"
    assert refused((np.zeros((60, 2)), np.zeros(59))) == (
        "compare: data must be (X, y) with X of shape [rows, features] and y of shape [rows]; "
        "got X.shape=(60, 2), y.shape=(59,)"
    )
    assert refused(3) == "compare: data must be a name, a path, (X, y) arrays or a data frame; got int"
    assert refused([]) == "compare: data must name at least one data set; got data=[]"
    assert refused(table()[["kind"]], "kind") == (
        "compare: data must have a column besides the target; got columns: kind"
    )
