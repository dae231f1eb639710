"""The user's own files: text tables and NumPy's formats, and every way in which they are bad."""

from __future__ import annotations

import gc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from experiment.loading import one, refused, table

NUMBER = np.arange(60)
ROWS = "".join(f"{n},{n % 2}\n" for n in NUMBER)


def written(path: Path, content: bytes | str) -> Path:
    """The path, with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("separator", "suffix"), [(",", ".csv"), (";", ".csv"), ("\t", ".tsv"), ("\t", ".tab"), (" ", ".txt")]
)
def test_files_are_read_whatever_separates_their_cells(tmp_path: Path, separator: str, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    table().to_csv(path, index=False, sep=separator, encoding="utf-8-sig")
    for spelling in (path, str(path)):
        dataset = one(spelling, "kind")
        assert (dataset.name, dataset.x.shape, dataset.classes) == ("mine", (60, 1), ("a", "b"))
        assert dataset.source == str(path)


def test_text_with_the_habits_of_spreadsheets(tmp_path: Path) -> None:
    lines = "".join(f'{n / 7}, "x, {n % 3}", {n // 3 % 2},\r\n' for n in NUMBER)
    path = written(tmp_path / "mine.CSV", "\ufeff\r\nsize, label, kind\r\n" + lines + "\r\n")
    dataset = one(path, "kind")
    assert dataset.x.shape == (60, 4)
    assert dataset.notes[1] == "Text columns were one-hot encoded: label."


def test_decimal_commas(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.csv", "size;kind\n" + "".join(f"{n},5;{n // 3 % 2}\n" for n in NUMBER))
    assert one(path, "kind").x.ravel().tolist() == (NUMBER + 0.5).tolist()
    path = written(path, "size;list;kind\n" + "".join(f"{n}.5;1,2;{n // 3 % 2}\n" for n in NUMBER))
    dataset = one(path, "kind")
    assert dataset.x[:, 0].tolist() == (NUMBER + 0.5).tolist()
    assert "Text columns were one-hot encoded: list." in dataset.notes


def test_targets_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    table(p=NUMBER % 2, q=NUMBER % 3 == 0).to_csv(path, index=False)
    dataset = one(path, ["p", "q"])
    assert (dataset.task, dataset.classes, dataset.x.shape) == ("multilabel", ("p", "q"), (60, 3))


@pytest.mark.parametrize(
    ("content", "rule", "reason", "step"),
    [
        (b"", "be a table with a header line", "empty", "check that it was written"),
        (b" \n\n", "be a table with a header line", "empty", "check that it was written"),
        (b"a,b\n", "have rows and columns", "0 rows", "check that it was written"),
        (b"a,b\n\xff\xfe,1\n", "be UTF-8 text", "its byte 0xff is not", "save it as UTF-8"),
        (b"\xe9,b\n", "be UTF-8 text", "its byte 0xe9 is not", "save it as UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "be UTF-8 text", "it holds zero bytes", "save it as UTF-8 text"),
        (b"PK\3\4\0\0binary", "be UTF-8 text", "it holds zero bytes", "save it as UTF-8 text"),
        (
            b"a,b\n1,2\n1,2,3\n",
            "have as many cells in every row",
            "Error tokenizing data. C error: Expected 2 fields in line 3, saw 3",
            "correct these rows",
        ),
        (
            b"a,b\n1,2,3\n1,2,3\n",
            "have as many cells in every row",
            "the first row has more cells than the header",
            "correct these rows",
        ),
        (
            b"a,b\n1,2\n\n3\n4,5\n",
            "have as many cells in every row",
            "1 instead of 2 in line 4",
            "correct these rows",
        ),
        (
            b'a,b\n1,2\n"3,4\n5,6\n',
            "have as many cells in every row",
            "Error tokenizing data. C error: EOF inside string starting at row 2",
            "correct these rows",
        ),
        (b"a,b,a\n1,2,3\n", "have different column names", "twice: 'a'", "rename one of them"),
        (b"5.1,3.5,0\n4.9,3.0,0\n", "begin with column names", "its first line is 5.1, 3.5, 0", "add a header line"),
    ],
)
def test_unreadable_text(tmp_path: Path, content: bytes, rule: str, reason: str, step: str) -> None:
    path = written(tmp_path / "bad.csv", content)
    assert refused(path, "a") == f"compare: the data file must {rule}; got file={str(path)!r} ({reason}); {step}"


@pytest.mark.parametrize(
    ("target", "last", "rule"),
    [
        ("a", "7,", "every value must be present; got 1 missing in column 'b'; fill them, or set missing to mean, "),
        ("b", "7,", "the target must be known in every row; got 1 missing in column 'b'; remove these rows, or set "),
        ("a", "7,inf", "every value must be finite and below 3.4e38; got 1 infinite or larger in column 'b'; remove"),
        ("c", "7,1", "target must be a column of mine; got target='c'; columns: a, b"),
    ],
)
def test_messages_about_columns_name_the_file(tmp_path: Path, target: str, last: str, rule: str) -> None:
    path = written(tmp_path / "mine.csv", f"a,b\n{ROWS}{last}\n")
    assert refused(path, target).startswith(f"compare: in {path}, {rule}")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert refused(path, "kind") == (
        f"compare: the data file must be there; got file={str(path)!r} (not found); check the path"
    )
    for folder in (tmp_path / "folder.csv", tmp_path / "folder.parquet", tmp_path / "folder.npz"):
        folder.mkdir()
        assert refused(folder, "kind") == (
            f"compare: the data file must be a file; got file={str(folder)!r} (a folder); name a file in it"
        )


def test_unreadable_because_of_a_loop_of_links(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    path.symlink_to(path)
    assert refused(path, "kind") == (
        f"compare: the data file must be readable text; got file={str(path)!r} "
        "(Too many levels of symbolic links); check the file"
    )


@pytest.mark.parametrize("name", ["table.xlsx", "X.npy", "table.csv.gz"])
def test_unknown_kinds_of_file(name: str) -> None:
    assert refused(name, "kind") == (
        "compare: a data file must be one of .csv, .tsv, .tab, .txt, .parquet, .pq, .npz, or a pair X.npy:y.npy; "
        f"got file={name!r}; convert it, or pass a data frame from Python"
    )


def pair() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(60, 4, 5)), NUMBER % 3


@pytest.mark.parametrize("names", [("X", "y"), ("x", "target"), ("data", "labels"), ("features", "label")])
def test_npz(tmp_path: Path, names: tuple[str, str]) -> None:
    path = tmp_path / "mine.npz"
    x, y = pair()
    np.savez_compressed(path, **dict(zip(names, (x, y), strict=True)), other=y[:3])
    dataset = one(path)
    assert (dataset.name, dataset.shape, dataset.task) == ("mine", (4, 5), "classification")
    assert np.array_equal(dataset.x, x.reshape(60, 20).astype(np.float32))
    assert np.array_equal(dataset.y, y)


def test_the_target_may_be_another_array_of_an_npz(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    x, y = pair()
    np.savez(path, X=x, y=y, size=x[:, 0, 0])
    assert one(path, "size").task == "regression"
    assert refused(path, "sise") == (
        f"compare: in {path}, target must be an array of mine.npz; got target='sise'; did you mean 'size'?; "
        "arrays: X, y, size"
    )
    assert "got target='y, size'; did you mean 'y'?; arrays" in refused(path, ["y", "size"])


@pytest.mark.parametrize("arrays", [{}, {"X": NUMBER}, {"a": NUMBER, "y": NUMBER}])
def test_npz_without_features_or_targets(tmp_path: Path, arrays) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, **arrays)
    assert refused(path) == (
        "compare: the data file must hold an array X or x or data or features and an array y or Y or target or "
        f"targets or label or labels; got file={str(path)!r} (it holds {', '.join(arrays) or 'none'}); "
        "rename its arrays"
    )


def test_npy_pairs(tmp_path: Path) -> None:
    x, y = pair()
    x_path, y_path = tmp_path / "C:mine.npy", tmp_path / "y.npy"
    np.save(x_path, np.asfortranarray(x))
    np.save(y_path, y)
    for spelling in (f"{x_path}:{y_path}", (x_path, y_path), [str(x_path), str(y_path)], [f"{x_path}:{y_path}"]):
        dataset = one(spelling)
        assert (dataset.name, dataset.shape) == ("C:mine", (4, 5))
        assert dataset.source == f"{x_path} and {y_path}"
        assert np.array_equal(dataset.x, x.reshape(60, 20).astype(np.float32))
    np.save(y_path, y[:-1])
    assert refused((x_path, y_path)) == (
        f"compare: in {x_path}, data must be (X, y) with X of shape [rows, features], [rows, height, width] or [rows, "
        "channels, height, width] and y of shape [rows] or [rows, outputs]; got X.shape=(60, 4, 5), y.shape=(59,)"
    )
    y_path.unlink()
    assert refused((x_path, y_path)) == (
        f"compare: the data file must be there; got file={str(y_path)!r} (not found); check the path"
    )


class Trap:
    """Leaves a mark if it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    x, _ = pair()
    trap = np.array([Trap(mark)] * 60, dtype=object)
    np.savez(tmp_path / "trap.npz", X=x, y=trap)
    np.save(tmp_path / "y.npy", trap)
    np.save(tmp_path / "X.npy", x)
    reason = "Object arrays cannot be loaded when allow_pickle=False"
    path = tmp_path / "trap.npz"
    assert refused(path) == (
        f"compare: the data file must be an .npz file of numbers or text; got file={str(path)!r} ({reason}); "
        "write it again"
    )
    path = tmp_path / "y.npy"
    assert refused((tmp_path / "X.npy", path)) == (
        f"compare: the data file must be a .npy file of numbers or text; got file={str(path)!r} ({reason}); "
        "write it again"
    )
    assert not mark.exists()
    np.load(path, allow_pickle=True)
    assert mark.exists()  # the trap works


def test_npz_and_npy_that_are_none(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    x, y = pair()
    np.savez(whole, X=x, y=y)
    content = whole.read_bytes()
    path = tmp_path / "mine.npz"
    start = f"compare: the data file must be an .npz file of numbers or text; got file={str(path)!r} ("
    damaged = content[:500] + bytes(200) + content[700:]
    for bad in (b"", b"text,text\n1,2\n", content[:1000], damaged):
        message = refused(written(path, bad))
        assert message.startswith(start), message
        assert message.endswith("); write it again")
    np.save(tmp_path / "y.npy", y)
    (tmp_path / "y.npy").rename(path)
    assert refused(path) == (
        f"compare: the data file must hold named arrays; got file={str(path)!r} (it is an .npy file); give X.npy:y.npy"
    )
    y_path = tmp_path / "y.npy"
    whole.rename(y_path)
    assert refused((y_path, y_path)) == (
        f"compare: the data file must hold one array; got file={str(y_path)!r} (it is an .npz file); name it .npz"
    )
    np.save(y_path, x)
    message = refused((written(tmp_path / "X.npy", y_path.read_bytes()[:300]), y_path))
    assert message.startswith("compare: the data file must be a .npy file of numbers or text; got file=")
    # A file left open would raise a warning here.
    gc.collect()


def test_an_archive_that_is_no_npz(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X", "text")
        archive.writestr("y", "text")
    assert "got X.shape=(), y.shape=()" in refused(path)


def test_other_arrays_of_an_npz_are_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    x = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(path, X=x, y=np.arange(60) % 2, X_test=x, names=np.arange(3))
    assert one(path).notes[-1] == "Other arrays of mine.npz were left out: X_test, names."
    np.savez(path, X=x, y=np.arange(60) % 2)
    assert not [note for note in one(path).notes if "left out" in note]
