"""Files of the user's own, as data frames or arrays; nothing is ever unpickled."""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from actlab.errors import ActlabError, DataError, need, suggest
from actlab.experiment.data import Dataset
from actlab.experiment.sources.columns import is_number, listed
from actlab.experiment.sources.request import Request
from actlab.experiment.sources.table import from_arrays, from_frame

TEXT = (".csv", ".tsv", ".tab", ".txt")
PARQUET = (".parquet", ".pq")

# Names that arrays of features and of targets commonly have.
_X_NAMES = ("X", "x", "data", "features")
_Y_NAMES = ("y", "Y", "target", "targets", "label", "labels")

_SEPARATORS = ",;\t"

# A file with a zero byte so early is no text.
_FIRST_LOOK = 65_536


def read_file(path: Path, request: Request) -> Dataset:
    """The data set in a file, whatever kind its suffix tells.

    Raises
    ------
    DataError
        If the file cannot be read, or its columns cannot be used.
    MissingExtra
        If it is a Parquet file and pyarrow is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in (*TEXT, *PARQUET, ".npz"):
        raise DataError(
            f"{request.who}: a data file must be one of {', '.join((*TEXT, *PARQUET, '.npz'))}, or a pair X.npy:y.npy; "
            f"got file={str(path)!r}; convert it, or pass a data frame from Python"
        )
    if suffix == ".npz":
        x, y, others = _read_npz(path, request)
        dataset = from_arrays(x, y, request)
        note = f"Other arrays of {path.name} were left out: {listed(others)}."
        return replace(dataset, notes=(*dataset.notes, note)) if others else dataset
    frame = _read_text(path, request.who) if suffix in TEXT else _read_parquet(path, request.who)
    if frame.empty:
        raise _refusal(path, request.who, "have rows and columns", f"{len(frame)} rows", "check that it was written")
    return from_frame(frame, request)


def read_pair(x_path: Path, y_path: Path, request: Request) -> Dataset:
    """The data set in two .npy files, one of features and one of targets.

    Raises
    ------
    DataError
        If a file cannot be read, or the arrays do not fit together.
    """
    return from_arrays(_read_npy(x_path, request.who), _read_npy(y_path, request.who), request)


def _refusal(path: Path, who: str, rule: str, reason: str, step: str) -> DataError:
    reason = " ".join(reason.split())
    return DataError(f"{who}: the data file must {rule}; got file={str(path)!r} ({reason}); {step}")


@contextmanager
def _readable(path: Path, who: str, kind: str) -> Iterator[None]:
    """Whatever goes wrong while this file is read, said in one line."""
    if path.is_dir():
        raise _refusal(path, who, "be a file", "a folder", "name a file in it")
    try:
        yield
    except ActlabError:
        raise
    except FileNotFoundError:
        raise _refusal(path, who, "be there", "not found", "check the path") from None
    except UnicodeDecodeError as error:
        reason = f"its byte 0x{error.object[error.start]:02x} is not"
        raise _refusal(path, who, "be UTF-8 text", reason, "save it as UTF-8") from None
    except pd.errors.ParserWarning:
        reason = "the first row has more cells than the header"
        raise _refusal(path, who, "have as many cells in every row", reason, "correct these rows") from None
    except (pd.errors.ParserError, csv.Error) as error:
        raise _refusal(path, who, "have as many cells in every row", str(error), "correct these rows") from None
    except pd.errors.EmptyDataError:
        raise _refusal(path, who, "be a table with a header line", "empty", "check that it was written") from None
    except OSError as error:
        raise _refusal(path, who, f"be {kind}", error.strerror or str(error), "check the file") from None
    except (ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise _refusal(path, who, f"be {kind}", str(error), "write it again") from None


def _read_text(path: Path, who: str) -> pd.DataFrame:
    with _readable(path, who, "readable text"):
        with path.open("rb") as raw:
            if b"\0" in raw.read(_FIRST_LOOK):
                raise _refusal(path, who, "be UTF-8 text", "it holds zero bytes", "save it as UTF-8 text")
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next((line for line in file if line.strip()), "").strip("\r\n")
            sample = file.read(_FIRST_LOOK)
        separator = _separator(header)
        _check_header(_cells(header, separator), path, who)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            frame = pd.read_csv(
                path,
                sep=separator,
                decimal="," if separator == ";" and _has_decimal_commas(sample) else ".",
                encoding="utf-8-sig",
                skipinitialspace=True,
                # Otherwise rows that are one cell longer than the header would be shifted by a column.
                index_col=False,
            )
        if len(frame) and frame.iloc[:, -1].isna().any() and separator in _SEPARATORS:
            _refuse_short_rows(path, separator, len(frame.columns), who)
    return frame


def _separator(header: str) -> str:
    """What separates cells: European spreadsheets write semicolons, so the header line tells."""
    separator = max(_SEPARATORS, key=header.count)
    return r"\s+" if separator not in header and " " in header.strip() else separator


def _has_decimal_commas(text: str) -> bool:
    return bool(re.search(r"\d,\d", text)) and not re.search(r"\d\.\d", text)


def _cells(line: str, separator: str) -> list[str]:
    if separator not in _SEPARATORS:
        return line.split()
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def _check_header(names: list[str], path: Path, who: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refusal(path, who, "have different column names", f"twice: {twice[0]!r}", "rename one of them")
    # 0, 1, 2, ... may be names; measured values are not.
    if names and all(map(is_number, names)) and any("." in name for name in names):
        raise _refusal(path, who, "begin with column names", f"its first line is {listed(names)}", "add a header line")


def _refuse_short_rows(path: Path, separator: str, cells: int, who: str) -> None:
    """A row that ends early reads as missing values, which it is not."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, skipinitialspace=True)
        for row in reader:
            if 0 < len(row) < cells and any(cell.strip() for cell in row):
                reason = f"{len(row)} instead of {cells} in line {reader.line_num}"
                raise _refusal(path, who, "have as many cells in every row", reason, "correct these rows")


def _read_parquet(path: Path, who: str) -> pd.DataFrame:
    parquet = need("pyarrow.parquet", extra="parquet", who=who)
    with _readable(path, who, "a Parquet file"), parquet.ParquetFile(path) as file:
        # Column by column, each freed once it is a column of the frame: pandas.read_parquet needs a third more memory.
        return file.read().to_pandas(split_blocks=True, self_destruct=True)


def _read_npy(path: Path, who: str) -> Any:
    # Opened here, since np.load leaves open what it cannot read.
    with _readable(path, who, "a .npy file of numbers or text"), path.open("rb") as file:
        array = np.load(file, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise _refusal(path, who, "hold one array", "it is an .npz file", "name it .npz")
        return array


def _read_npz(path: Path, request: Request) -> tuple[Any, Any, list[str]]:
    """(features, targets, names of the other arrays); ``request.targets`` may name the array of targets."""
    with _readable(path, request.who, "an .npz file of numbers or text"), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise _refusal(path, request.who, "hold named arrays", "it is an .npy file", "give X.npy:y.npy")
        names = archive.files
        x_name = next((name for name in _X_NAMES if name in names), None)
        y_name = _targets_array(names, path, request)
        if x_name is None or y_name is None:
            rule = f"hold an array {' or '.join(_X_NAMES)} and an array {' or '.join(_Y_NAMES)}"
            found = f"it holds {listed(names)}"
            raise _refusal(path, request.who, rule, found, "rename its arrays")
        return archive[x_name], archive[y_name], [name for name in names if name not in (x_name, y_name)]


def _targets_array(names: list[str], path: Path, request: Request) -> str | None:
    if request.targets is None:
        return next((name for name in _Y_NAMES if name in names), None)
    (wanted, *more) = request.targets
    if more or wanted not in names:
        raise request.error(
            f"target must be an array of {path.name}; got target={', '.join(request.targets)!r}"
            f"{suggest(wanted, names)}; arrays: {listed(names)}"
        )
    return wanted
