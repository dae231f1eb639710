"""One process: imports, then the first call of one function; prints its seconds and whether SymPy was loaded, as JSON.

Run as `python -m benchmarks.first_call NAME`.
"""

from __future__ import annotations

import json
import sys
import time

import numba  # noqa: F401 - "after imports": these are what a first call would otherwise load
import numpy as np

import actlab
import actlab.frameworks.numpy
import actlab.kernels.elementwise


def main() -> None:
    """Time the call."""
    item, x = actlab.get(sys.argv[1]), np.linspace(-5, 5, 1000, dtype=np.float32)
    start = time.perf_counter()
    item(x)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "sympy": "sympy" in sys.modules}))


if __name__ == "__main__":
    main()
