"""Long arrays over several threads.

Kernels release the interpreter's lock, so plain Python threads are enough. Each takes the next chunk until none is
left; an element has the same bits in any chunk. One call at a time has the helpers, others run on their own thread:
whoever calls from many threads is parallel already.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from actlab.errors import OptionError

VARIABLE = "ACTLAB_NUM_THREADS"
# Elements: small enough to share work evenly, large enough (2 MB of float32) for a huge page to have one owner.
_SMALLEST, _LARGEST = 1 << 15, 1 << 19
_SHARES = 4  # chunks a thread, so that one that is held up leaves work to the others


class _Helpers:
    """The threads beside the caller's, made when first needed."""

    def __init__(self) -> None:
        self.free = threading.Lock()
        self.chosen: int | None = None
        self.pool: ThreadPoolExecutor | None = None
        self.size = 0

    def ready(self, count: int) -> ThreadPoolExecutor:
        """A pool of so many threads."""
        if self.pool is None or self.size != count:
            if self.pool is not None:
                self.pool.shutdown(wait=False)
            self.pool, self.size = ThreadPoolExecutor(count, thread_name_prefix="actlab"), count
        return self.pool


_helpers = _Helpers()


def set_num_threads(n: int) -> None:
    """Use up to n threads for one large array, the caller's included, from now on in this process.

    Raises
    ------
    OptionError
        If n is not a whole number of at least 1.

    Examples
    --------
    >>> import actlab
    >>> actlab.set_num_threads(1)
    >>> actlab.get_num_threads()
    1
    """
    _helpers.chosen = _checked("set_num_threads: n", n)


def get_num_threads() -> int:
    """How many threads a large array may use.

    What `set_num_threads` said, else the environment variable ACTLAB_NUM_THREADS, else 1 in a worker process (of
    joblib, a PyTorch DataLoader, Dask, multiprocessing), else the number of CPUs this process may use.
    """
    return _helpers.chosen or _default()


def in_chunks(work: Callable[[int, int], None], size: int) -> None:
    """Call work(start, stop) until 0 to size is covered, by several threads at once.

    Ctrl-C stops after the chunks under way; no thread touches the arrays afterwards.
    """
    count = get_num_threads()
    if count == 1 or not _helpers.free.acquire(blocking=False):
        work(0, size)
        return
    chunk = min(max(size // (count * _SHARES), _SMALLEST), _LARGEST)
    starts = iter(range(0, size, chunk))  # next() of it is one step for the interpreter: no two threads get the same

    def take() -> None:
        for start in starts:
            work(start, min(start + chunk, size))

    try:
        futures = [_helpers.ready(count - 1).submit(take) for _ in range(count - 1)]
        try:
            take()
        finally:
            for _ in starts:  # after an error: leave nothing to take
                pass
            wait([future for future in futures if not future.cancel()])
        for future in futures:
            if not future.cancelled():
                future.result()
    finally:
        _helpers.free.release()


def _default() -> int:
    text = os.environ.get(VARIABLE)
    if text:
        return _checked(VARIABLE, int(text) if text.isdecimal() else text)
    if multiprocessing.parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _checked(what: str, n: object) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise OptionError(f"{what} must be a whole number of at least 1; got {n!r}")
    return n


def _forget() -> None:
    """A forked child has none of its parent's threads, and as a worker it wants none."""
    global _helpers  # noqa: PLW0603 - the child's own
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
