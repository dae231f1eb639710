"""Data sets for tests, and what is said about unusable ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from actlab.errors import ActlabError
from actlab.experiment.data import Dataset
from actlab.experiment.sources import load_all


def one(data: Any, target: Any = None, **options: Any) -> Dataset:
    """The only data set."""
    (dataset,) = load_all(data, target, "compare", **options)
    return dataset


def refused(data: Any, target: Any = None, **options: Any) -> str:
    """The one line that says why not."""
    with pytest.raises(ActlabError) as caught:
        load_all(data, target, "compare", **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def table(rows: int = 60, **columns: Any) -> pd.DataFrame:
    """A frame with a numeric feature and two classes, to be spoilt."""
    number = np.arange(rows)
    return pd.DataFrame({"size": number / 7, "kind": np.where(number // 3 % 2, "a", "b")} | columns)
