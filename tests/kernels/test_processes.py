"""Kernels called from many threads, and in processes that were forked or started anew."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from kernels.interpreter import finished, start

import actlab

CALLS = (actlab.relu, actlab.silu, actlab.silu.value_and_grad, actlab.leaky_relu.grad)
LONG = np.linspace(-9, 9, 600_000, dtype="f4")  # enough for several threads
ARRAYS = [np.linspace(-9, 9, size).astype(dtype) for size in (1, 100, 10_000) for dtype in ("f2", "f4", "f8")]
CASES = [(call, x) for x in (*ARRAYS, ARRAYS[-1][::3]) for call in CALLS] + [(actlab.silu, LONG)]
THREADS = 8

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="could not import os.fork")


def test_eight_threads_make_a_thousand_mixed_calls_each() -> None:
    expected = [call(x) for call, x in CASES]
    begin = threading.Barrier(THREADS)

    def wrong(first: int) -> list[int]:
        begin.wait()
        cases = [k % len(CASES) for k in range(first, first + 1000)]
        return [k for k in cases if not np.array_equal(CASES[k][0](CASES[k][1]), expected[k])]

    with ThreadPoolExecutor(THREADS) as pool:
        assert [*pool.map(wrong, range(0, 7 * THREADS, 7))] == [[]] * THREADS


FIRST_USE = """
import actlab, numpy, threading
from concurrent.futures import ThreadPoolExecutor
begin, x = threading.Barrier(8), numpy.array([-1.0, 2.0])
def call(f):
    begin.wait()
    return f(x).tolist(), f.grad(x).tolist()
with ThreadPoolExecutor(8) as pool:
    print(set(map(str, pool.map(call, [actlab.relu] * 8))))
"""


def test_eight_threads_may_be_the_first_to_use_a_function(empty: Path) -> None:
    assert finished(start(FIRST_USE)) == ("{'([0.0, 2.0], [0.0, 1.0])'}\n", "")
    assert len(list(empty.rglob("*.bin"))) == 2


# The parent uses threads of its own, forks, goes on; a thread compiles all the while. The child makes a call that the
# parent has made, one that is compiled, and one that would use threads. A deadlock is ended by the alarm.
FORK = """
import actlab, numpy, os, signal, threading
from actlab.kernels import cache
TEXT = '''
from numba import njit, types as t
@njit(t.void(t.Array(t.float64, 1, "C")))
def kernel_{0}(x):
    x[0] = {0}
'''
long, done = numpy.full(1_000_000, 2.0), threading.Event()
assert (actlab.relu(long) == long).all()

def kernel(number):
    x = numpy.zeros(1)
    cache.kernel(str(number), lambda *_: TEXT.format(number))(x)
    return x[0] == number

def compile_all_the_while():
    number = 0
    while not done.is_set():
        number += 1
        assert kernel(number)

def child(number):
    signal.alarm(30)
    assert (actlab.relu(long) == long).all()
    assert kernel(number)
    assert actlab.relu.grad(-3.0) == 0.0

thread = threading.Thread(target=compile_all_the_while, daemon=True)
thread.start()
for number in range(1000, 1005):
    pid = os.fork()
    if not pid:
        status = 1
        try:
            child(number)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert (actlab.relu(long) == long).all()
done.set()
thread.join()
print("done")
"""


@needs_fork
def test_a_child_may_call_and_compile_after_a_fork_at_any_moment(empty: Path) -> None:
    assert finished(start(FORK)) == ("done\n", "")


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_worker_processes(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTLAB_NUM_THREADS", raising=False)
    assert actlab.get_num_threads() >= 1  # asked here first: a forked worker must not take over the answer
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        threads = [pool.submit(actlab.get_num_threads) for _ in range(4)]
        results = [pool.submit(actlab.silu, LONG) for _ in range(2)]
        assert [future.result() for future in threads] == [1] * 4
        for future in results:
            np.testing.assert_array_equal(future.result(), actlab.silu(LONG))
