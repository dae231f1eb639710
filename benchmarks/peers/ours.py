"""Our own functions on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import actlab
from benchmarks.peers import BOTH, DERIVATIVE, OUT, VALUE, Peer


class _Actlab:
    name = "actlab"
    many_threads = True

    def set_threads(self, n: int) -> None:
        actlab.set_num_threads(n)

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any]:
        item = actlab.get(function)
        if what == OUT:
            return partial(item, x, out=np.empty_like(x))
        return partial({VALUE: item, DERIVATIVE: item.grad, BOTH: item.value_and_grad}[what], x)


OURS: Peer = _Actlab()
