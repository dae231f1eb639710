"""A Ray cluster: one that runs already, or processes of this machine.

joblib's own backend for Ray cannot hand back results one by one ("does not support return_as=generator"), and
the plan wants each as soon as it is there.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Sequence
from importlib import metadata
from typing import Any

from actlab.errors import OptionError, need
from actlab.experiment.engines.base import WHO, Engine, Failure, WorkerDied, attempt
from actlab.experiment.engines.cluster import SAME, check_answers, check_versions

_CONNECT = "import ray, sys; ray.init(sys.argv[1], log_to_driver=False, logging_level='ERROR')"


class RayEngine(Engine):
    """Tasks of one processor each; the engine counts the deaths of workers, so Ray is told not to try again."""

    def __init__(self, jobs: int | None, address: str | None, device: str) -> None:
        super().__init__()
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # It goes to stdout, into the results of whoever prints them there.
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "A worker died or was killed")
        self.ray = ray = need("ray", extra="ray", who=WHO)
        # A program that uses Ray already keeps its connection.
        self._connected = not ray.is_initialized()
        if self._connected:
            self._connect(jobs, address)
        elif address is not None:
            raise OptionError(
                f"{WHO}: address must be left out where Ray is connected already; got address={address!r}; "
                "call ray.shutdown() first"
            )
        try:
            if address is not None or not self._connected:
                self._check_workers()
            resources = ray.cluster_resources()
            self.jobs = jobs or max(1, int(resources.get("CPU", 1)))
            gpus = self._gpus(resources) if device == "cuda" else 0
        except BaseException:
            self.close()
            raise
        self._attempt = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(attempt)

    def _connect(self, jobs: int | None, address: str | None) -> None:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        logging.getLogger("ray").setLevel(logging.ERROR)  # what is said before the option counts
        if address is None:
            self.ray.init("local", num_cpus=jobs, include_dashboard=False, **options)
        else:
            check_answers("Ray", _CONNECT, address)
            self.ray.init(address, **options)

    def _check_workers(self) -> None:
        """Ask every node for its versions."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = [node["NodeID"] for node in self.ray.nodes() if node["Alive"]]
        places = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
        for package in SAME:
            ask = self.ray.remote(num_cpus=0)(metadata.version)
            asked = [ask.options(scheduling_strategy=place).remote(package) for place in places]
            check_versions(package, map(self._answer, asked))

    def _answer(self, asked: Any) -> Any:
        try:
            return self.ray.get(asked)
        except self.ray.exceptions.RayTaskError as error:
            return error

    def _gpus(self, resources: dict[str, float]) -> float:
        """The share of a GPU each task is given."""
        if not resources.get("GPU"):
            raise OptionError(f"{WHO}: the Ray cluster must have a GPU; got device='cuda'; choose device='cpu'")
        return min(1.0, resources["GPU"] / self.jobs)

    def close(self) -> None:
        """Stop the cluster that was started, or disconnect from the one that was there."""
        if self._connected:
            self.ray.shutdown()

    def _share(self, value: Any) -> Any:
        return self.ray.put(value)

    def _start(self, payload: bytes, shared: Sequence[Any]) -> Any:
        return self._attempt.remote(payload, *shared)

    def _first(self, handles: Collection[Any]) -> Any:
        ready, _ = self.ray.wait(list(handles), num_returns=1)
        return ready[0]

    def _result(self, handle: Any) -> Any:
        try:
            return self.ray.get(handle)
        except self.ray.exceptions.RayTaskError as error:  # a result that cannot be pickled
            return Failure(f"{type(error.cause).__name__}: {error.cause}")
        except self.ray.exceptions.RayError:
            raise WorkerDied from None

    def _abandon(self, handles: Collection[Any]) -> None:
        for handle in handles:
            self.ray.cancel(handle, force=True)
