"""What SciPy has: its own functions, and the gates people make of them."""

from __future__ import annotations

from scipy.special import expit, log_expit, ndtr, softplus

from benchmarks.peers import Peer
from benchmarks.peers.numpy import Written

PEER: Peer = Written(
    "SciPy",
    {
        "gelu": lambda x: x * ndtr(x),
        "log_sigmoid": log_expit,
        "sigmoid": expit,
        "silu": lambda x: x * expit(x),
        "softplus": softplus,
        "swish": lambda x: x * expit(1.0 * x),
    },
)
