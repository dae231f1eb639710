"""Times our float32 kernels against NumPy written the obvious way and PyTorch eager, on one thread."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import actlab
from benchmarks.peers import NUMPY, torch_functions
from benchmarks.timing import ratio


def main() -> None:
    """Print one row a function: how often our time fits into the peer's."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000, help="elements (default 100000: in cache)")
    parser.add_argument("--rounds", type=int, default=15, help="paired timings a function; the median counts")
    parser.add_argument("--functions", default="", help="comma-separated names (default: all with a peer)")
    options = parser.parse_args()
    torch = torch_functions()
    chosen = [name for name in options.functions.split(",") if name] or sorted({*NUMPY, *torch})
    x = np.random.default_rng(0).standard_normal(options.size).astype(np.float32) * 3
    print(f"float32, {options.size} elements, one thread; columns: peer's time / ours, above 1 is faster than the peer")
    print(f"{'function':14}{'ns/element':>11}{'NumPy':>8}{'PyTorch':>9}{'PyTorch value+gradient':>24}")
    columns: list[list[float]] = [[], [], []]
    for name in chosen:
        row = measured(name, x, torch.get(name), options.rounds)
        print(f"{name:14}{row[0] / options.size * 1e9:11.2f}" + _cells(row[1:]))
        for column, value in zip(columns, row[1:], strict=True):
            column.extend([] if value is None else [value])
    print(f"{'geometric mean':14}{'':11}" + _cells([_mean(column) for column in columns]))


def measured(name: str, x: Any, torch_function: Callable[[Any], Any] | None, rounds: int) -> list[Any]:
    """Seconds of our value, and the ratios to NumPy's value, PyTorch's value, and PyTorch's value with gradient."""
    item = actlab.get(name)
    seconds, against_numpy = ratio(lambda: item(x), lambda: NUMPY[name](x), rounds) if name in NUMPY else (None, None)
    if torch_function is None:
        return [seconds, against_numpy, None, None]
    import torch

    torch.set_num_threads(1)
    t = torch.from_numpy(x)
    taped, ones = t.clone().requires_grad_(), torch.ones_like(t)

    def forward_and_backward() -> object:
        return torch.autograd.grad(torch_function(taped), taped, ones)

    alone, against_torch = ratio(lambda: item(x), lambda: torch_function(t), rounds)
    _, both = ratio(lambda: item.value_and_grad(x), forward_and_backward, rounds)
    return [seconds or alone, against_numpy, against_torch, both]


def _mean(values: list[float]) -> float | None:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def _cells(values: list[float | None]) -> str:
    widths = (8, 9, 24)
    return "".join(f"{'-' if v is None else f'{v:.2f}':>{w}}" for v, w in zip(values, widths, strict=True))


if __name__ == "__main__":
    main()
