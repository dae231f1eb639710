"""JAX's own functions, compiled by `jax.jit` for the CPU, on one thread.

XLA reads its number of threads when its client is made, once in a process. That is done here, while the variables that
say "one" are set; two threads of JAX are not measured. Dispatch is synchronous, which is the faster way if each
result is waited for: with one thread the asynchronous one adds 50 microseconds a call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
from jax import nn
from numpy.typing import NDArray

from benchmarks.peers import DERIVATIVE, OUT, VALUE, Peer

_ONE_THREAD = {
    "NPROC": "1",
    "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip(),
}

jax.config.update("jax_cpu_enable_async_dispatch", False)  # type: ignore[no-untyped-call]
with mock.patch.dict(os.environ, _ONE_THREAD):
    _CPU = jax.devices("cpu")[0]

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": jnp.abs,
    "celu": nn.celu,
    "elu": nn.elu,
    "gelu": partial(nn.gelu, approximate=False),
    "gelu_tanh": partial(nn.gelu, approximate=True),
    "hard_sigmoid": nn.hard_sigmoid,
    "hard_swish": nn.hard_swish,
    "hard_tanh": nn.hard_tanh,
    "heaviside": lambda x: jnp.heaviside(x, 0),
    "leaky_relu": nn.leaky_relu,
    "log_sigmoid": nn.log_sigmoid,
    "mish": nn.mish,
    "relu": nn.relu,
    "relu6": nn.relu6,
    "selu": nn.selu,
    "sigmoid": nn.sigmoid,
    "silu": nn.silu,
    "softplus": nn.softplus,
    "softsign": nn.soft_sign,
    "tanh": jnp.tanh,
}


class _Jax:
    name = "JAX"
    many_threads = False

    def set_threads(self, n: int) -> None:
        """Nothing can be set."""

    def call(self, function: str, what: str, x: NDArray[Any]) -> Callable[[], Any] | None:
        f = FUNCTIONS.get(function)
        if f is None or what == OUT:
            return None
        wanted = {VALUE: f, DERIVATIVE: jax.vmap(jax.grad(f))}.get(what, jax.vmap(jax.value_and_grad(f)))
        with jax.enable_x64(True):  # otherwise float64 input silently becomes float32
            array = jax.device_put(x, _CPU)
            compiled = jax.jit(wanted).lower(array).compile()
        return lambda: jax.block_until_ready(compiled(array))  # type: ignore[no-untyped-call]


PEER: Peer = _Jax()
