"""Several threads give what one gives, and none is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import actlab
from actlab.errors import OptionError
from actlab.kernels import elementwise, threads

MANY = elementwise._LONG_IF_LIGHT + 12_345  # long enough for every kernel, and no multiple of anything


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    threads._helpers.chosen = None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["relu", "silu", "gelu_tanh"])
def test_bits_do_not_depend_on_the_number_of_threads(name: str, dtype: type) -> None:
    item = actlab.get(name)
    x = np.random.default_rng(0).normal(0, 5, MANY).astype(dtype)
    actlab.set_num_threads(1)
    want = item.value_and_grad(x)
    for count in (2, 3, 7):
        actlab.set_num_threads(count)
        got = item.value_and_grad(x)
        assert all(np.array_equal(a, b) for a, b in zip(got, want, strict=True)), count
        out = np.empty_like(x[1:])
        item(x[1:], out=out)  # another start, another alignment
        assert np.array_equal(out, want[0][1:]), count


def test_everything_is_covered_once() -> None:
    actlab.set_num_threads(4)
    for size in (0, 1, 32_767, 32_769, 1_000_003, 5_000_000):
        seen: list[tuple[int, int]] = []
        threads.in_chunks(lambda start, stop, seen=seen: seen.append((start, stop)), size)  # type: ignore[misc]
        assert [start for start, _ in sorted(seen)] + [size] == [0] + [stop for _, stop in sorted(seen)]


def test_an_error_in_one_thread_stops_the_others_and_is_raised() -> None:
    actlab.set_num_threads(3)
    begun = []

    def work(start: int, stop: int) -> None:
        begun.append(stop)
        raise ValueError(f"at {start}")

    with pytest.raises(ValueError, match=r"^at "):
        threads.in_chunks(work, 10**8)
    assert len(begun) <= 3
    assert threads._helpers.free.acquire(blocking=False), "the helpers are free again"
    threads._helpers.free.release()


def test_who_comes_second_works_alone() -> None:
    actlab.set_num_threads(2)
    names: list[str] = []

    def outer(start: int, stop: int) -> None:
        threads.in_chunks(lambda a, b: names.append(threading.current_thread().name), 10**6)

    threads.in_chunks(outer, 10**5)
    assert len(names) == 4, "each inner call was one chunk, on the thread that made it"


def test_many_callers_at_once() -> None:
    actlab.set_num_threads(2)
    x = np.random.default_rng(0).normal(0, 5, MANY).astype(np.float32)
    want = actlab.silu(x)
    with ThreadPoolExecutor(4) as pool:
        assert all(np.array_equal(y, want) for y in pool.map(actlab.silu, [x] * 12))


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True, None])
def test_only_whole_numbers_from_1_on(n: object) -> None:
    with pytest.raises(OptionError, match=r"^set_num_threads: n must be a whole number of at least 1; got "):
        actlab.set_num_threads(n)  # type: ignore[arg-type]


def test_the_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTLAB_NUM_THREADS", "3")
    assert actlab.get_num_threads() == 3
    monkeypatch.setenv("ACTLAB_NUM_THREADS", "many")
    with pytest.raises(OptionError, match=r"^ACTLAB_NUM_THREADS must be a whole number of at least 1; got 'many'$"):
        actlab.get_num_threads()
