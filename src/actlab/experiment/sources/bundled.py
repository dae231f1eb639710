"""Data sets that need no download, by name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np

from actlab.errors import need
from actlab.experiment.data import Dataset, Task
from actlab.experiment.sources import generated

# Enough for 4,800 training rows, near the 4,000 of the published benchmark, and 2,000 test rows.
MNIST1D_ROWS = 8_000

_MNIST1D_NOTE = (
    f"{MNIST1D_ROWS:,} examples made by the mnist1d package with its own settings and seed 42; it centres "
    "and scales all of them together before they are split."
)


class Entry(NamedTuple):
    """A data set as a list of data sets shows it."""

    name: str
    task: Task
    text: str


def load(name: str, who: str) -> Dataset:
    """A bundled data set; ``name`` must be in `NAMES`."""
    return _LOADERS[name](name, who)


def _from_sklearn(name: str, who: str, *, source: str, shape: tuple[int, ...] = ()) -> Dataset:
    datasets = need("sklearn.datasets", extra="compare", who=who)
    bunch = getattr(datasets, f"load_{name}")()
    # A regression's bunch has no class names.
    names = getattr(bunch, "target_names", None)
    return Dataset(
        name=name,
        source=f"{source}, from scikit-learn",
        task="regression" if names is None else "classification",
        x=np.asarray(bunch.data, dtype=np.float32),
        y=np.asarray(bunch.target, np.float32)[:, None] if names is None else np.asarray(bunch.target, np.int64),
        classes=None if names is None else tuple(str(label) for label in names),
        shape=shape,
    )


def _mnist1d(name: str, who: str) -> Dataset:
    # The package's get_dataset() downloads and unpickles; make_dataset() only computes.
    package = need("mnist1d.data", extra="compare", who=who)
    arguments = package.get_dataset_args()
    arguments.num_samples = MNIST1D_ROWS
    with _global_random_states_kept():
        made = package.make_dataset(arguments)
    return Dataset(
        name=name,
        source="generated, Greydanus 2020, arXiv:2011.14439",
        task="classification",
        x=np.concatenate([made["x"], made["x_test"]]).astype(np.float32),
        y=np.concatenate([made["y"], made["y_test"]]).astype(np.int64),
        classes=tuple("0123456789"),
        shape=(40,),
        notes=(_MNIST1D_NOTE,),
    )


@contextmanager
def _global_random_states_kept() -> Iterator[None]:
    """mnist1d seeds the global generators of Python and NumPy; the caller's must not notice."""
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002  it is the legacy state that mnist1d changes
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


_FIXED: dict[Entry, Callable[[str, str], Dataset]] = {
    Entry("breast_cancer", "classification", "569 tumours, 30 measures, 2 classes"): partial(
        _from_sklearn, source="Wisconsin breast cancer, Street et al. 1993"
    ),
    Entry("diabetes", "regression", "442 patients, 10 measures, progression of the disease"): partial(
        _from_sklearn, source="diabetes progression, Efron et al. 2004"
    ),
    Entry("digits", "classification", "1,797 handwritten digits of 8 x 8 pixels, 10 classes"): partial(
        _from_sklearn, source="8x8 handwritten digits, Alpaydin & Kaynak 1998 (UCI)", shape=(8, 8)
    ),
    Entry("iris", "classification", "150 flowers, 4 measures, 3 classes"): partial(
        _from_sklearn, source="iris flowers, Fisher 1936"
    ),
    Entry("mnist1d", "classification", "8,000 digits as signals of 40 samples, 10 classes"): _mnist1d,
    Entry("wine", "classification", "178 wines, 13 measures, 3 classes"): partial(
        _from_sklearn, source="wine cultivars, Aeberhard & Forina 1991 (UCI)"
    ),
}

_LOADERS: dict[str, Callable[[str, str], Dataset]] = {
    **{entry.name: loader for entry, loader in _FIXED.items()},
    **dict.fromkeys(generated.GENERATORS, generated.load),
}

# What there is, for help texts and messages: data that exist first, then what is drawn anew for each seed.
TABLE = (*_FIXED, *(Entry(name, made.task, made.text) for name, made in generated.GENERATORS.items()))
NAMES = tuple(sorted(_LOADERS))
