"""What was measured on what: processor, versions, date; and the state of the process that timings depend on."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata

import numpy as np

from actlab.cli.doctor import processor
from benchmarks.peers import Peer

_PACKAGES = ("numpy", "numba", "torch", "jax", "scipy", "numexpr")
_HEAP_CHUNK = 30 << 20  # bytes; glibc's largest threshold is 32 MiB (DEFAULT_MMAP_THRESHOLD_MAX in malloc.c)


def description() -> dict[str, str]:
    """Date, processor, how busy it was, and versions, as the tables' heads say them."""
    cpu = processor()
    versions = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "absent"
    return {
        "date": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "processor": f"{cpu['model']} ({cpu['compiled_for']}), {cpu['usable_cores']} cores",
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


@contextmanager
def threads(n: int, peers: Iterable[Peer]) -> Iterator[None]:
    """Let all of these use n threads, and one afterwards."""
    everyone = tuple(peers)
    for peer in everyone:
        peer.set_threads(n)
    try:
        yield
    finally:
        for peer in everyone:
            peer.set_threads(1)


def settle_allocator() -> None:
    """Let malloc keep blocks of up to 30 MB, whoever frees them first.

    The C library hands large blocks back to the system and faults every page anew until a block of their size was freed
    once. Whether a peer's 4 MB result is such a block would otherwise depend on what ran before. Larger ones are
    fresh memory in every call, for everybody.
    """
    np.empty(_HEAP_CHUNK, np.uint8)[::4096] = 0
