"""Data sets: splits, fingerprints, filling, chance, and what cannot be learnt."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from experiment.loading import one, refused, table

from actlab.experiment.data import Dataset
from actlab.experiment.missing import filled
from actlab.experiment.scaling import scales
from actlab.experiment.sources import NAMES, TABLE, bundled, load_all


def with_gaps(missing: str = "mean") -> Dataset:
    """Sixty rows of a number that is missing in every fifth row, and another number."""
    number = np.arange(60.0)
    gaps = np.where(number % 5, number, np.nan)
    return one(table(gaps=gaps, other=number % 7), "kind", missing=missing)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes", "moons", "multilabel"])
def test_splits_share_no_row_and_use_all(name: str) -> None:
    dataset = one(name).for_seed(3)
    training, validation = dataset.split(3)
    everything = np.concatenate([training, validation, dataset.test_rows])
    assert np.array_equal(np.sort(everything), np.arange(len(dataset.y)))
    assert len(dataset.test_rows) == round(0.25 * len(dataset.y))
    assert len(validation) == round(0.15 * len(dataset.y))


def test_seeds_change_training_and_validation_but_not_the_test_rows() -> None:
    first, second = one("digits"), one("digits")
    assert np.array_equal(first.for_seed(1).test_rows, second.for_seed(2).test_rows)
    assert np.array_equal(first.split(1)[0], second.split(1)[0])
    assert not np.array_equal(first.split(1)[1], first.split(2)[1])
    assert first.for_seed(1) is first


def test_every_class_gives_its_share() -> None:
    dataset = one("digits")
    counts = np.bincount(dataset.y)
    for rows, share in ((dataset.test_rows, 0.25), (dataset.split(1)[1], 0.15)):
        assert np.all(np.abs(np.bincount(dataset.y[rows]) - share * counts) <= 2)


def test_every_combination_of_labels_gives_its_share() -> None:
    labels = np.random.default_rng(0).integers(2, size=(400, 2))
    dataset = one((np.random.default_rng(1).normal(size=(400, 3)), labels))
    combinations = labels @ [2, 1]
    for rows, share in ((dataset.test_rows, 0.25), (dataset.split(1)[1], 0.15)):
        assert np.all(np.abs(np.bincount(combinations[rows]) - share * np.bincount(combinations)) <= 2)


@pytest.mark.parametrize("name", ["digits", "diabetes", "spirals", "multilabel"])
def test_it_travels_to_workers(name: str) -> None:
    dataset = one(name)
    copy = pickle.loads(pickle.dumps(dataset))  # noqa: S301  our own bytes
    assert copy.fingerprint == dataset.fingerprint
    assert np.array_equal(copy.for_seed(5).x, dataset.for_seed(5).x)


def test_pictures_and_signals_say_their_shape() -> None:
    shapes = {dataset.name: dataset.shape for dataset in load_all(["digits", "wine"], None, "compare")}
    assert shapes == {"digits": (8, 8), "wine": ()}


@pytest.mark.parametrize(
    ("name", "task", "outputs", "score"),
    [
        ("wine", "classification", 3, "accuracy"),
        ("multilabel", "multilabel", 5, "label accuracy"),
        ("diabetes", "regression", 1, "R^2"),
    ],
)
def test_tasks(name: str, task: str, outputs: int, score: str) -> None:
    dataset = one(name)
    assert (dataset.task, dataset.outputs, dataset.score) == (task, outputs, score)
    assert dataset.y.dtype == (np.int64 if task == "classification" else np.float32)
    assert dataset.y.shape[1:] == (() if task == "classification" else (outputs,))
    assert dataset.x.dtype == np.float32
    assert dataset.x.flags.c_contiguous


def test_chance_is_the_score_of_the_best_constant_guess() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    assert one((x, np.repeat([0, 1], [30, 70]))).chance == pytest.approx(0.7)
    labels = np.stack([np.repeat([0, 1], [30, 70]), np.repeat([0, 1], [90, 10])], axis=1)
    assert one((x, labels)).chance == pytest.approx((0.7 + 0.9) / 2)
    assert one((x, x)).chance == 0


def test_fingerprint_sees_whatever_changes_a_result() -> None:
    dataset = with_gaps()
    changed_x, changed_y = dataset.x.copy(), dataset.y.copy()
    changed_x[3, 1] += 1e-3
    changed_y[0] = 1 - changed_y[0]
    others = [
        replace(dataset, x=changed_x),
        replace(dataset, y=changed_y),
        replace(dataset, shape=(3,)),
        replace(dataset, missing="median"),
        replace(dataset, task="regression"),
        replace(dataset, classes=("b", "a")),
    ]
    assert len({dataset.fingerprint, *(other.fingerprint for other in others)}) == 7
    assert replace(dataset, name="other", notes=()).fingerprint == dataset.fingerprint
    assert with_gaps().fingerprint == dataset.fingerprint


def test_fingerprint_of_generated_data_names_their_generator() -> None:
    moons = one("moons")
    assert replace(moons, source=moons.source + " of another version").fingerprint != moons.fingerprint


def test_description() -> None:
    facts = one("wine").describe()
    assert facts["fingerprint"] == one("wine").fingerprint
    del facts["fingerprint"]
    assert facts == {
        "data": "wine",
        "task": "classification",
        "source": "wine cultivars, Aeberhard & Forina 1991 (UCI), from scikit-learn",
        "rows": 178,
        "train": 107,
        "validation": 27,
        "test": 44,
        "features": 13,
        "shape": [],
        "classes": 3,
        "chance": pytest.approx(71 / 178),
        "score": "accuracy",
        "notes": [],
        "targets": None,
        "missing": "refuse",
    }


def test_every_name_is_in_the_table_once() -> None:
    assert sorted(entry.name for entry in TABLE) == list(NAMES)
    for entry in TABLE:
        assert one(entry.name).task == entry.task, entry.name


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
    assert dataset.shape == (40,)
    assert sorted(Counter(dataset.y.tolist()).values()) == [20] * 10


@pytest.mark.parametrize(("missing", "of"), [("mean", np.mean), ("median", np.median)])
def test_gaps_are_filled_from_training_rows(missing: str, of) -> None:
    dataset = with_gaps(missing)
    assert np.isnan(dataset.x[:, 1]).sum() == 12
    training, _ = dataset.split(4)
    known = [row for row in training if row % 5]
    whole = dataset.for_seed(4).x
    assert np.all(whole[::5, 1] == np.float32(of(known)))
    assert np.array_equal(whole[known], dataset.x[known])
    assert not np.array_equal(whole, dataset.for_seed(5).x)


def test_scored_rows_change_neither_filling_nor_scaling() -> None:
    dataset = with_gaps()
    training, validation = dataset.split(4)
    scored = np.concatenate([validation, dataset.test_rows])
    wild = dataset.x.copy()
    wild[scored] = np.where(np.isnan(wild[scored]), np.nan, 1e6)
    other = replace(dataset, x=wild)
    assert not np.array_equal(filled(wild, scored, "mean"), filled(wild, training, "mean"))
    before, after = dataset.for_seed(4), other.for_seed(4)
    assert np.array_equal(before.x[training], after.x[training])
    gaps = np.isnan(dataset.x)
    assert np.array_equal(before.x[gaps], after.x[gaps])
    for how in ("standard", "minmax", "minmax11"):
        assert np.array_equal(scales(before.x[training], how), scales(after.x[training], how))


def test_a_column_unknown_in_all_training_rows_is_filled_with_a_constant() -> None:
    x = np.array([[1, np.nan], [2, np.nan], [3, 4]], dtype=np.float32)
    assert filled(x, np.array([0, 1]), "median").tolist() == [[1, 0], [2, 0], [3, 4]]


def test_what_needs_no_filling_is_not_copied() -> None:
    x = np.ones((4, 2), dtype=np.float32)
    assert filled(x, np.arange(4), "mean") is x
    dataset = one((np.random.default_rng(0).normal(size=(80, 2)), np.arange(80) % 2), missing="mean")
    assert dataset.for_seed(1) is dataset


def test_targets_that_cannot_be_learnt() -> None:
    assert refused(table(only="x"), "only") == (
        "compare: the target of data must have at least two classes; got only 'x'; choose another target column"
    )
    rare = np.array(["x"] * 57 + ["y"] * 3)
    assert refused(table(rare=rare), "rare") == (
        "compare: every class of data must have at least 5 rows; got 3 of class 'y'; merge or remove rare classes"
    )
    assert refused(table(price=2.5), "price", task="regression") == (
        "compare: the target price of data must vary; got the same value 2.5 in every row; choose another target column"
    )
    label = np.arange(60) % 2
    assert refused(table(often=label, never=0), ["often", "never"]) == (
        "compare: every label of data must hold, and not hold, in at least 5 rows; got label 'never' holding in 0 of "
        "60 rows; remove this label"
    )
    assert refused(table(40), "kind") == ("compare: data must have at least 50 rows; got rows=40 in data; collect more")


def test_frames_are_left_as_they_are() -> None:
    frame = pd.DataFrame({3: np.arange(60), "gap": [np.nan, *range(59)], "kind": ["a", "b"] * 30})
    before = frame.copy(deep=True)
    one(frame, "kind", missing="mean").for_seed(1)
    pd.testing.assert_frame_equal(frame, before)
