"""Data sets that need no download, by name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from actlab.errors import need
from actlab.experiment.data import Dataset

# Enough for 4,800 training rows, near the 4,000 of the published benchmark, and 2,000 test rows.
MNIST1D_ROWS = 8_000

_MNIST1D_NOTE = (
    f"{MNIST1D_ROWS:,} examples made by the mnist1d package with its own settings and seed 42; it centres "
    "and scales all of them together before they are split."
)


def load(name: str, who: str) -> Dataset:
    """A bundled data set; ``name`` must be in `NAMES`."""
    return _LOADERS[name](name, who)


def _from_sklearn(source: str) -> Callable[[str, str], Dataset]:
    def read(name: str, who: str) -> Dataset:
        datasets = need("sklearn.datasets", extra="compare", who=who)
        bunch = getattr(datasets, f"load_{name}")()
        # A regression's bunch has no class names.
        names = getattr(bunch, "target_names", None)
        return Dataset(
            name=name,
            source=source,
            x=np.asarray(bunch.data, dtype=np.float32),
            y=np.asarray(bunch.target, dtype=np.float32 if names is None else np.int64),
            classes=None if names is None else tuple(str(label) for label in names),
        )

    return read


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
        x=np.concatenate([made["x"], made["x_test"]]).astype(np.float32),
        y=np.concatenate([made["y"], made["y_test"]]).astype(np.int64),
        classes=tuple("0123456789"),
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


_LOADERS: dict[str, Callable[[str, str], Dataset]] = {
    "breast_cancer": _from_sklearn("Wisconsin breast cancer, Street et al. 1993, from scikit-learn"),
    "diabetes": _from_sklearn("diabetes progression, Efron et al. 2004, from scikit-learn"),
    "digits": _from_sklearn("8x8 handwritten digits, Alpaydin & Kaynak 1998 (UCI), from scikit-learn"),
    "iris": _from_sklearn("iris flowers, Fisher 1936, from scikit-learn"),
    "mnist1d": _mnist1d,
    "wine": _from_sklearn("wine cultivars, Aeberhard & Forina 1991 (UCI), from scikit-learn"),
}

NAMES = tuple(sorted(_LOADERS))
