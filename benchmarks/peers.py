"""The functions as people write them: one line of NumPy, and PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

NUMPY: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, np.float32(0.01) * x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(x, np.float32(0)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, np.float32(0))),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(np.float32(0.7978846) * (x + np.float32(0.044715) * x**3))),
}


def torch_functions() -> dict[str, Callable[[Any], Any]]:
    """PyTorch's eager functions by our names; empty without PyTorch."""
    try:
        import torch
        import torch.nn.functional as F  # noqa: N812 - as everybody calls it
    except ImportError:
        return {}
    return {
        "relu": torch.relu,
        "leaky_relu": F.leaky_relu,
        "relu6": F.relu6,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softplus": F.softplus,
        "softsign": F.softsign,
        "elu": F.elu,
        "selu": F.selu,
        "silu": F.silu,
        "mish": F.mish,
        "gelu": F.gelu,
        "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
        "hard_sigmoid": F.hardsigmoid,
        "hard_swish": F.hardswish,
        "log_sigmoid": F.logsigmoid,
    }
