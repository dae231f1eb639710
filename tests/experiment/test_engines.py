"""Engines: the same outcomes on real local, Ray and Dask workers, whatever happens to a worker or to the parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import psutil
import pytest
from distributed import Client, LocalCluster

import actlab
from actlab.errors import MissingExtra, OptionError
from actlab.experiment.engines import ENGINES, Engine, Failure, cluster, engine
from actlab.experiment.engines.base import LARGE

# Workers cannot import a file of the tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

TIMEOUT = 60

# A shell that starts the tests in the background has them ignore Ctrl-C, which processes of theirs would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", params=ENGINES)
def workers(request: pytest.FixtureRequest) -> Iterator[Engine]:
    before = children()
    with engine(request.param, jobs=2) as made:
        yield made
        started = children() - before
    assert psutil.wait_procs(started, TIMEOUT)[1] == [], "what it started ends with the engine"


def children() -> set[psutil.Process]:
    """Processes of this one, without those that Python and joblib keep until it ends."""
    found = psutil.Process().children(recursive=True)
    return {child for child in found if not any("resource_tracker" in part for part in child.cmdline())}


def results(workers: Engine, function, tasks) -> list[object]:
    """In the order of the tasks; every task has one outcome."""
    outcomes = list(workers.run(function, tasks))
    assert sorted(outcome.number for outcome in outcomes) == list(range(len(tasks)))
    return [outcome.result for outcome in sorted(outcomes, key=lambda outcome: outcome.number)]


def kill(folder: Path, number: int) -> int:
    """Number 1 kills its worker in the first attempt, number 3 in all."""
    with (folder / str(number)).open("a") as attempts:
        attempts.write("x")
    if number == 3 or (number == 1 and (folder / "1").read_text() == "x"):
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * number


def test_a_worker_that_is_killed_is_replaced(workers: Engine, tmp_path: Path) -> None:
    """Its task is done again; one that always kills its worker fails alone."""
    found = results(workers, kill, [(tmp_path, number) for number in range(5)])
    assert found == [0, 10, 20, Failure("the worker process died 3 times (killed or out of memory)"), 40]
    # At least: Dask blames everything a dead worker had before it, and loses results that were not fetched yet.
    assert (tmp_path / "1").read_text().startswith("xx")
    assert (tmp_path / "3").read_text().startswith("xx")


def raise_on_two(number: int) -> int:
    if number == 2:
        raise ValueError("two is refused")
    if number == 3:
        sys.exit("leaving")
    return number


def test_an_exception_is_the_failure_of_its_task(workers: Engine) -> None:
    expected = [0, 1, Failure("ValueError: two is refused"), Failure("SystemExit: leaving"), 4]
    assert results(workers, raise_on_two, [(number,) for number in range(5)]) == expected


def test_what_cannot_be_pickled_fails_alone(workers: Engine) -> None:
    first, second = results(workers, repr, [(threading.Lock(),), (1,)])
    assert first == Failure("TypeError: cannot pickle '_thread.lock' object")
    assert second == "1"


def lock(number: int) -> object:
    return threading.Lock() if number else number


def test_a_result_that_cannot_be_pickled_fails_alone(workers: Engine) -> None:
    first, second = results(workers, lock, [(0,), (1,)])
    assert first == 0
    assert isinstance(second, Failure)
    assert "cannot pickle '_thread.lock' object" in second.message


def wait_for(file: Path, number: int) -> int:
    """Number 0 waits until the caller has seen number 1."""
    end = time.monotonic() + TIMEOUT
    while number == 0 and not file.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return number


def test_outcomes_come_as_they_are_ready(workers: Engine, tmp_path: Path) -> None:
    seen = []
    for outcome in workers.run(wait_for, [(tmp_path / "seen", 0), (tmp_path / "seen", 1)]):
        seen.append(outcome.number)
        (tmp_path / "seen").touch()
    assert seen == [1, 0]


def test_a_run_that_is_left_early_leaves_nothing_to_the_next(workers: Engine, tmp_path: Path) -> None:
    outcomes = workers.run(wait_for, [(tmp_path / "left", number) for number in (1, 0, 0)])
    assert next(outcomes).result == 1
    outcomes.close()
    (tmp_path / "left").touch()  # a thread of a Dask worker cannot be stopped
    assert results(workers, max, [(1, 2), (4, 3)]) == [2, 4]


def total(array: np.ndarray, factor: int) -> tuple[float, int]:
    return float(array.sum()) * factor, os.getpid()


def test_large_arguments_arrive(workers: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = []
    share = workers._share
    monkeypatch.setattr(workers, "_share", lambda value: shared.append(value) or share(value))
    array = np.arange(LARGE, dtype=np.float64)
    found = results(workers, total, [(array, factor) for factor in range(6)])
    assert [sum_ for sum_, _ in found] == [array.sum() * factor for factor in range(6)]
    assert len(shared) == 1, "handed over once"
    # The worker that holds it dies.
    for pid in {pid for _, pid in found}:
        os.kill(pid, signal.SIGKILL)
    assert [sum_ for sum_, _ in results(workers, total, [(array, 1)] * 3)] == [array.sum()] * 3


def test_workers_have_one_thread(workers: Engine) -> None:
    """Others would add up in another order."""
    assert results(workers, os.getenv, [("OMP_NUM_THREADS",)] * 2) == ["1", "1"]


def test_a_comparison_has_the_same_bits_on_every_engine() -> None:
    options = {"norm": "none", "steps": 40, "seeds": 2, "tuning_seeds": 1, "learning_rates": [0.01, 0.1], "jobs": 1}
    expected, *others = [actlab.compare("wine", ["relu", "prelu"], engine=name, **options) for name in ENGINES]
    assert set(expected.trials.message) == {""}
    for found in others:
        for table in ("trials", "curves", "health", "learned"):
            pd.testing.assert_frame_equal(getattr(found, table), getattr(expected, table), check_exact=True)


# Guarded, as Dask's workers import it.
PARENT = """
import sys, time
from pathlib import Path
from actlab.experiment.engines import engine

def work(flag):
    flag.touch()
    time.sleep(600)

if __name__ == "__main__":
    name, *flags = sys.argv[1:]
    with engine(name, jobs=2) as workers:
        list(workers.run(work, [(Path(flag),) for flag in flags]))
"""


@pytest.fixture(params=ENGINES)
def parent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[psutil.Popen]:
    """A process with two workers in the middle of their tasks, leader of a group as a shell's job is."""
    script, flags = tmp_path / "parent.py", [tmp_path / "first", tmp_path / "second"]
    script.write_text(PARENT)
    command = [sys.executable, str(script), request.param, *map(str, flags)]
    with psutil.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: all(flag.exists() for flag in flags))
        yield process
        if process.is_running():
            process.kill()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def test_interrupted_nothing_is_left_running(parent: psutil.Popen) -> None:
    family = parent.children(recursive=True)
    assert len(family) >= 2
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.wait(TIMEOUT) == -signal.SIGINT  # as Python ends when nobody catches KeyboardInterrupt
    assert psutil.wait_procs(family, TIMEOUT)[1] == []


def test_workers_end_with_a_parent_that_is_killed(parent: psutil.Popen) -> None:
    # Two idle helpers of Ray look for their parent once a minute.
    family = [child for child in parent.children(recursive=True) if not child.name().endswith("Agent")]
    assert len(family) >= 2
    parent.kill()
    assert psutil.wait_procs(family, TIMEOUT)[1] == []


def test_an_existing_dask_cluster_is_left_running() -> None:
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        for _ in range(2):
            with engine("dask", address=cluster.scheduler_address) as workers:
                assert workers.jobs == 1
                assert results(workers, max, [(1, 2), (4, 3)]) == [2, 4]


# Without a token, which the second process would have to know.
EXISTING_RAY = """
import sys, ray
from actlab.experiment.engines import engine

if len(sys.argv) == 1:
    cluster = ray.init("local", num_cpus=2, include_dashboard=False, logging_level="ERROR")
    print(cluster.address_info["gcs_address"], flush=True)
    sys.stdin.read()
else:
    with engine("ray", address=sys.argv[1]) as workers:
        print(workers.jobs, sorted(outcome.result for outcome in workers.run(max, [(1, 2), (4, 3)])))
"""


def test_an_existing_ray_cluster_is_left_running(tmp_path: Path) -> None:
    script = tmp_path / "existing.py"
    script.write_text(EXISTING_RAY)
    command = [sys.executable, str(script)]
    options = {"env": os.environ | {"RAY_AUTH_MODE": "disabled"}, "stdout": subprocess.PIPE, "text": True}
    with psutil.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, **options) as cluster:
        address = cluster.stdout.readline().strip()
        servers = [child for child in cluster.children() if child.name() in {"gcs_server", "raylet"}]
        done = subprocess.run([*command, address], check=False, stderr=subprocess.PIPE, timeout=TIMEOUT, **options)
        assert done.stdout == "2 [2, 4]\n", done.stderr
        assert len(servers) == 2
        assert all(server.is_running() for server in servers)
        cluster.stdin.close()


def test_workers_of_another_version_are_refused(tmp_path: Path) -> None:
    """A real worker, whose first torch on the path says that it is another one."""
    (tmp_path / "torch-0.0.dist-info").mkdir()
    (tmp_path / "torch-0.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 0.0\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster, Client(cluster) as client:
        start = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--no-nanny"]
        worker = psutil.Popen([*start, "--nthreads", "1"], env=environment, stderr=subprocess.DEVNULL)
        client.wait_for_workers(1, timeout=TIMEOUT)
        with pytest.raises(OptionError) as error:
            engine("dask", address=cluster.scheduler_address)
        worker.kill()
        worker.wait()
    assert str(error.value) == (
        f"compare: the workers of a cluster must have torch {metadata.version('torch')}, as this machine does; "
        "got torch 0.0; other versions give other numbers"
    )


def test_workers_without_the_package_are_refused() -> None:
    with pytest.raises(OptionError, match="; got no actlab; other versions give other numbers"):
        cluster.check_versions("actlab", [metadata.version("actlab"), metadata.PackageNotFoundError("actlab")])


def test_dask_workers_of_several_threads_are_refused() -> None:
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(OptionError) as error,
    ):
        engine("dask", address=cluster.scheduler_address)
    assert str(error.value) == (
        "compare: the workers of a Dask cluster must have one thread each; got 2; "
        "start them with `dask worker --nthreads 1`"
    )


def test_unknown_engines_are_refused() -> None:
    with pytest.raises(OptionError) as error:
        engine("rya")
    assert str(error.value) == (
        "compare: engine must be one of local, ray, dask; got engine='rya'; did you mean 'ray'?"
    )


def test_an_address_needs_an_engine_that_has_one() -> None:
    with pytest.raises(OptionError) as error:
        engine("local", address="tcp://192.0.2.1:8786")
    assert str(error.value) == (
        "compare: address must name a Ray or Dask cluster; got address='tcp://192.0.2.1:8786' with "
        "engine='local'; add engine='ray' or engine='dask'"
    )


@pytest.mark.parametrize(("name", "package"), [("ray", "ray"), ("dask", "distributed")])
def test_a_missing_package_is_named(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra) as error:
        engine(name)
    assert str(error.value) == f"compare needs {package}; pip install 'actlab[{name}]'"


@pytest.mark.parametrize("name", ["ray", "dask"])
def test_an_address_where_nothing_answers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OptionError) as error:
            engine(name, address=address)
    assert str(error.value).startswith(
        f"compare: address must be that of a running {name.title()} cluster; got address={address!r}; "
        "no answer within 2 seconds"
    )
    assert "\n" not in str(error.value)


def test_an_address_that_is_none() -> None:
    with pytest.raises(OptionError) as error:
        engine("ray", address="nowhere")
    assert str(error.value) == (
        "compare: address must be that of a running Ray cluster; got address='nowhere'; "
        "ValueError: Invalid address format: nowhere"
    )


def test_what_was_just_handed_over_can_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    with engine("local", jobs=1) as made:
        for _ in range(5):
            outcomes = made.run(raise_on_two, [(0,), (1,)])
            assert next(outcomes).result == 0  # number 1 was handed over a moment ago
            outcomes.close()
    assert told == []
