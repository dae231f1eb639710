"""Random numbers of a block of code, whichever library draws them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators of PyTorch, NumPy and Python for this block; afterwards they are as before.

    A network of the user's may draw from any of them, when it is built or while it trains.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002  what others draw from
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            random.seed(seed)
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
