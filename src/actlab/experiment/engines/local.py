"""Processes of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property, lru_cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from time import monotonic, sleep
from typing import Any

import joblib
from joblib.externals.loky import ProcessPoolExecutor, process_executor
from joblib.externals.loky.backend import resource_tracker

from actlab.experiment.engines.base import Engine, Failure, WorkerDied, attempt_here

# Seconds; it takes milliseconds, and for ever if the thread is gone.
_PATIENCE = 1.0


class LocalEngine(Engine):
    """A pool of one process for each job, so that a dead process tells which task it ran.

    Even one job runs in a process of its own: a crash must not take the whole comparison down.
    """

    def __init__(self, jobs: int | None) -> None:
        super().__init__()
        self.jobs = jobs or joblib.cpu_count()
        self._idle: list[ProcessPoolExecutor] = []
        self._busy: dict[Future[Any], ProcessPoolExecutor] = {}
        # Nothing is ever sent: workers read the end of the file when this process is gone.
        self._watched, self._held = Pipe(duplex=False)

    def close(self) -> None:
        """Kill the workers and remove what was handed over."""
        self._abandon(list(self._busy))
        for pool in self._idle:
            pool.shutdown(kill_workers=True)
        self._idle = []
        self._held.close()
        self._watched.close()
        if "_folder" in vars(self):
            shutil.rmtree(self._folder, ignore_errors=True)
            resource_tracker.unregister(self._folder, "folder")

    @cached_property
    def _folder(self) -> str:
        folder = tempfile.mkdtemp(prefix="actlab-")
        # Removes it even if this process is killed.
        resource_tracker.register(folder, "folder")
        return folder

    def _share(self, value: Any) -> str:
        path = f"{self._folder}/{len(self._shared)}"
        joblib.dump(value, path)
        return path

    def _start(self, payload: bytes, shared: Sequence[Any]) -> Future[Any]:
        pool = self._idle.pop() if self._idle else self._pool()
        future: Future[Any] = pool.submit(_attempt, payload, *shared)
        self._busy[future] = pool
        return future

    def _pool(self) -> ProcessPoolExecutor:
        # With one thread each: more would change the bits of sums.
        return ProcessPoolExecutor(1, initializer=_begin, initargs=(self._watched,), env={"OMP_NUM_THREADS": "1"})

    def _first(self, handles: Collection[Future[Any]]) -> Future[Any]:
        return wait(handles, return_when=FIRST_COMPLETED).done.pop()

    def _result(self, handle: Future[Any]) -> Any:
        pool = self._busy.pop(handle)
        try:
            result = handle.result()
        except BrokenProcessPool:
            pool.shutdown(kill_workers=True)
            raise WorkerDied from None
        except Exception as error:  # noqa: BLE001  a result that cannot be pickled
            result = Failure(f"{type(error).__name__}: {error}")
        self._idle.append(pool)
        return result

    def _abandon(self, handles: Collection[Future[Any]]) -> None:
        for handle in handles:
            if pool := self._busy.pop(handle, None):
                _wait_until_taken(handle)
                pool.shutdown(kill_workers=True)


def _wait_until_taken(handle: Future[Any]) -> None:
    """Until loky's thread has seen the task: killed earlier, it ends with a KeyError (loky 3.6), which is printed."""
    end = monotonic() + _PATIENCE
    while not (handle.running() or handle.done()) and monotonic() < end:
        sleep(0.001)


def _begin(parent: Connection) -> None:
    """What a worker does before its first task."""
    # Where psutil is installed, loky replaces a worker that has grown by 300 MB, as PyTorch's do, and warns of it:
    # where warnings are errors that would end the thread which hands out the tasks.
    process_executor._USE_PSUTIL = False  # noqa: SLF001  there is no option
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    """End this process when its parent is gone, even in the middle of a long task."""
    try:
        parent.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _attempt(payload: bytes, *paths: str) -> Any:
    return attempt_here(payload, *map(_opened, paths))


@lru_cache
def _opened(path: str) -> Any:
    """A large argument, its arrays mapped into memory, which all workers share."""
    return joblib.load(path, mmap_mode="r")
