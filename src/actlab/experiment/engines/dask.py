"""A Dask cluster: one that runs already, or processes of this machine."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib import metadata
from typing import Any

from actlab.errors import ActlabError, OptionError, need
from actlab.experiment.engines.base import WHO, Engine, Failure, WorkerDied, attempt, attempt_here
from actlab.experiment.engines.cluster import SAME, check_answers, check_versions

_CONNECT = "import distributed, sys; distributed.Client(sys.argv[1], set_as_default=False).close()"


class DaskEngine(Engine):
    """Workers of one thread each: the number of threads decides the bits of sums, and belongs to the process."""

    def __init__(self, jobs: int | None, address: str | None) -> None:
        super().__init__()
        self.distributed = need("distributed", extra="dask", who=WHO)
        self._cluster = self._start_cluster(jobs) if address is None else None
        if address is not None:
            check_answers("Dask", _CONNECT, address)
        self.client = self.distributed.Client(self._cluster or address, set_as_default=False)
        try:
            if address is not None:
                self._check_workers(address)
        except BaseException:
            self.close()
            raise
        self.jobs = jobs or len(self.client.nthreads())

    def _start_cluster(self, jobs: int | None) -> Any:
        import joblib

        try:
            return self.distributed.LocalCluster(
                n_workers=jobs or joblib.cpu_count(),
                threads_per_worker=1,
                silence_logs=logging.CRITICAL,
                # Without an address it is port 8787, and a warning where that is taken.
                dashboard_address="127.0.0.1:0",
                # The engine counts the deaths.
                scheduler_kwargs={"dashboard": False, "allowed_failures": 0},
            )
        except RuntimeError as error:
            raise OptionError(
                f"{WHO}: Dask must be able to start its workers; got {error} "
                "a script must call compare under `if __name__ == '__main__':`"
            ) from error

    def _check_workers(self, address: str) -> None:
        threads = self.client.nthreads()
        if not threads:
            raise OptionError(f"{WHO}: the Dask cluster must have workers; got none at address={address!r}")
        if max(threads.values()) > 1:
            raise OptionError(
                f"{WHO}: the workers of a Dask cluster must have one thread each; got {max(threads.values())}; "
                "start them with `dask worker --nthreads 1`"
            )
        for package in SAME:
            found = self.client.run(metadata.version, package, on_error="return")
            check_versions(package, found.values())

    def close(self) -> None:
        """Disconnect, and stop the cluster if it was started here."""
        import psutil

        self.client.close()
        if self._cluster is not None:
            for nanny in self._cluster.workers.values():
                # Asked to end, a worker in the middle of a task is waited for 4 seconds.
                with suppress(psutil.Error):
                    psutil.Process(nanny.pid).kill()
            self._cluster.close()

    def _share(self, value: Any) -> Any:
        # A result of a task rather than scattered data, which would be lost with the worker that holds it.
        return self._submit(_same, value)

    def _start(self, payload: bytes, shared: Sequence[Any]) -> Any:
        return self._submit(attempt_here if self._cluster else attempt, payload, *shared)

    def _submit(self, *call: Any) -> Any:
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            return self.client.submit(*call, pure=False)

    def _first(self, handles: Collection[Any]) -> Any:
        try:
            with self.client.as_current():
                return self.distributed.wait(list(handles), return_when="FIRST_COMPLETED").done.pop()
        except self.distributed.CancelledError as error:
            raise ActlabError(f"{WHO}: the Dask cluster must stay within reach; got a lost connection") from error

    def _result(self, handle: Any) -> Any:
        try:
            return handle.result()
        except self.distributed.scheduler.KilledWorker as error:
            # It may have died of a large argument's arrival, which would then count as failed for good.
            self._shared.clear()
            raise WorkerDied(error.allowed_failures + 1) from None
        except Exception as error:  # noqa: BLE001  a result that cannot be pickled
            return Failure(f"{type(error).__name__}: {error}")

    def _abandon(self, handles: Collection[Any]) -> None:
        self.client.cancel(list(handles), force=True)


def _same(value: Any) -> Any:
    return value
