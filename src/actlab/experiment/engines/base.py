"""What all engines share: a task is tried again when its worker dies, and a task that raises fails alone."""

from __future__ import annotations

import os
import pickle
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import cloudpickle

from actlab.experiment.settings import WHO as WHO

# A task is given up when every one of so many attempts ended with the death of its worker.
MOST_DEATHS = 3

# Arguments of at least so many bytes are handed over once, not once per task.
LARGE = 1_000_000

Task = tuple[Any, ...]


@dataclass(frozen=True)
class Failure:
    """What a task left that has no result.

    Attributes
    ----------
    message : "Type: message" of its exception, or that its workers died
    """

    message: str


@dataclass(frozen=True)
class Outcome:
    """A task that is over.

    Attributes
    ----------
    number : its position among the tasks
    result : what the function returned, or a `Failure`
    """

    number: int
    result: Any


class WorkerDied(Exception):
    """The process that ran a task is gone: killed, out of memory, or crashed."""

    def __init__(self, times: int = 1) -> None:
        super().__init__(times)
        self.times = times


@dataclass(frozen=True)
class _Large:
    """Stands in a task for an argument that is handed over once."""

    position: int


class Engine(ABC):
    """Workers that run tasks; final classes say how a task is handed to one.

    Attributes
    ----------
    jobs : tasks at a time
    """

    jobs: int

    def __init__(self) -> None:
        # id -> (the object, kept so that its id stays its own, and what a worker finds it by).
        self._shared: dict[int, tuple[Any, Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, function: Callable[..., Any], tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        """Call the function with the arguments of every task, in worker processes.

        A task whose worker dies is tried again, the last time with no other task beside it: two may need more
        memory than there is, and a guilty one dies alone.

        Parameters
        ----------
        function : anything cloudpickle can pickle
        tasks : the arguments of each call; a large object that several tasks share is handed over once

        Yields
        ------
        Outcome, as they become ready
        """
        waiting, last_chances = deque(range(len(tasks))), deque[int]()
        deaths = Counter[int]()
        running: dict[Any, int] = {}

        def fill() -> None:
            while waiting and len(running) < self.jobs:
                number = waiting.popleft()
                running[self._start(*self._packed(function, tasks[number]))] = number
            if last_chances and not running:
                number = last_chances.popleft()
                running[self._start(*self._packed(function, tasks[number]))] = number

        try:
            fill()
            while running:
                handle = self._first(running)
                number = running.pop(handle)
                try:
                    result = self._result(handle)
                except WorkerDied as died:
                    deaths[number] += died.times
                    if deaths[number] < MOST_DEATHS:
                        (last_chances if deaths[number] == MOST_DEATHS - 1 else waiting).append(number)
                        fill()
                        continue
                    result = Failure(f"the worker process died {deaths[number]} times (killed or out of memory)")
                # The caller may take its time over an outcome; the workers go on meanwhile.
                fill()
                yield Outcome(number, result)
        finally:
            self._abandon(running)

    def _packed(self, function: Callable[..., Any], task: Task) -> tuple[bytes, list[Any]]:
        """The call as `attempt` takes it."""
        arguments: list[Any] = []
        shared: list[Any] = []
        try:
            for argument in task:
                if id(argument) not in self._shared and _size(argument) < LARGE:
                    arguments.append(argument)
                    continue
                if id(argument) not in self._shared:
                    self._shared[id(argument)] = argument, self._share(argument)
                arguments.append(_Large(len(shared)))
                shared.append(self._shared[id(argument)][1])
            return cloudpickle.dumps((function, arguments)), shared
        except (TypeError, AttributeError, pickle.PicklingError) as error:  # what cannot be pickled fails alone, too
            return cloudpickle.dumps((Failure, [_message(error)])), []

    @abstractmethod
    def close(self) -> None:
        """Stop at once what this engine started."""

    @abstractmethod
    def _share(self, value: Any) -> Any:
        """Hand over a large object; returns what stands for it among the arguments of `attempt`."""

    @abstractmethod
    def _start(self, payload: bytes, shared: Sequence[Any]) -> Any:
        """Begin ``attempt(payload, *shared)`` in a worker; returns a hashable handle."""

    @abstractmethod
    def _first(self, handles: Collection[Any]) -> Any:
        """Wait for the first of these that is over."""

    @abstractmethod
    def _result(self, handle: Any) -> Any:
        """The result or `Failure` of what is over; raises WorkerDied."""

    @abstractmethod
    def _abandon(self, handles: Collection[Any]) -> None:
        """Stop what runs: nobody waits for it any more."""


def attempt(payload: bytes, *shared: Any) -> Any:
    """What every worker executes: the call, or why it failed."""
    try:
        function, arguments = pickle.loads(payload)  # noqa: S301  our own parent made it
        return function(*(shared[a.position] if isinstance(a, _Large) else a for a in arguments))
    except (Exception, SystemExit) as error:  # noqa: BLE001  one task's failure must not end the experiment
        return Failure(_message(error))


def attempt_here(payload: bytes, *shared: Any) -> Any:
    """`attempt` in a process that has our stdout, which is for results and not for what the user's code prints."""
    os.dup2(2, 1)
    return attempt(payload, *shared)


def _message(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _size(value: Any) -> int:
    """Bytes of a pickled object, arrays not copied."""
    buffers: list[pickle.PickleBuffer] = []
    rest = cloudpickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return len(rest) + sum(buffer.raw().nbytes for buffer in buffers)
