"""Who is measured: ourselves and the peers, behind one face."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

VALUE, OUT, DERIVATIVE, BOTH = WHATS = ("value", "out", "derivative", "both")

# Our name for it -> module, what pip calls it.
_PEERS = {
    "PyTorch": ("benchmarks.peers.torch", "torch"),
    "JAX": ("benchmarks.peers.jax", "jax"),
    "NumPy": ("benchmarks.peers.numpy", "numpy"),
    "SciPy": ("benchmarks.peers.scipy", "scipy"),
    "numexpr": ("benchmarks.peers.numexpr", "numexpr"),
}


class Peer(Protocol):
    """Something that computes activations.

    Attributes
    ----------
    name : as tables spell it
    many_threads : whether `set_threads` has an effect
    """

    name: str
    many_threads: bool

    def set_threads(self, n: int) -> None:
        """Use n threads from now on."""

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any] | None:
        """A call ready to be timed, or None where the peer has no such thing.

        Parameters
        ----------
        function : our name of it
        what : one of WHATS; "both" returns the pair (value, derivative), "out" writes into an array made here
        x : float32 or float64, contiguous
        """


def load() -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers that are installed by name, and for those that are not, what pip would have to install."""
    present: dict[str, Peer] = {}
    absent: dict[str, str] = {}
    for name, (module, package) in _PEERS.items():
        try:
            present[name] = importlib.import_module(module).PEER
        except ImportError:
            absent[name] = package
    return present, absent
