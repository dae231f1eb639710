"""Parquet files."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from experiment.loading import one, refused, table
from pyarrow import parquet


def test_a_parquet_file_is_the_frame_it_was_written_from(tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    frame = table(colour=pd.Categorical(np.resize(["red", "blue"], 60)), gap=pd.array([None, *range(59)], "Int64"))
    frame.to_parquet(path)
    dataset = one(path, "kind", missing="mean")
    assert (dataset.name, dataset.source) == ("mine", str(path))
    assert dataset.fingerprint == one(frame, "kind", missing="mean").fingerprint


def test_arrow_tables_are_frames() -> None:
    assert one(pa.table(table()), "kind").fingerprint == one(table(), "kind").fingerprint


def test_columns_with_one_name(tmp_path: Path) -> None:
    path = tmp_path / "twice.parquet"
    number = np.arange(60)
    parquet.write_table(pa.table([number, number, number % 2], names=["a", "a", "kind"]), path)
    assert refused(path, "kind") == (
        f"compare: in {path}, columns must have different names; got twice: a; rename one of them"
    )


def test_lists_in_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists.parquet"
    table(pair=[[1, 2]] * 60).to_parquet(path)
    assert refused(path, "kind") == (
        f"compare: in {path}, a column must hold numbers or text; got lists or the like in column 'pair'; "
        "turn it into numbers or remove it"
    )


def test_dates_in_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.pq"
    table(when=pd.date_range("2020", periods=60)).to_parquet(path)
    assert refused(path, "kind") == (
        f"compare: in {path}, a column must hold numbers or text; got datetime64 in column 'when'; "
        "turn it into numbers or remove it"
    )


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n" * 50, b"PAR1" + bytes(100) + b"PAR1"])
def test_parquet_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.parquet"
    path.write_bytes(content)
    message = refused(path, "a")
    assert message.startswith(f"compare: the data file must be a Parquet file; got file={str(path)!r} (")
    assert message.endswith(("; write it again", "; check the file"))


def test_parquet_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    table(0).to_parquet(path)
    assert refused(path, "kind") == (
        f"compare: the data file must have rows and columns; got file={str(path)!r} (0 rows); check that it was written"
    )


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.parquet"
    table().to_parquet(path)
    for module in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    assert refused(path, "kind") == "compare needs pyarrow; pip install 'actlab[parquet]'"
