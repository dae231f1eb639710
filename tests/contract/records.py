"""Facts the battery compares with, written once: kink derivatives, and where float64 is known to be less exact.

A row that is no longer needed fails its test, so the tables cannot grow stale.
"""

from __future__ import annotations

SELU_LEFT = 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717

# (activation as `actlab.get` reads it, point): derivative there. PyTorch's choice where PyTorch has the function
# (measured with torch 2.13); it is always one of the two one-sided derivatives, or between them.
KINK_DERIVATIVES: dict[tuple[str, float], float] = {
    ("relu", 0.0): 0.0,
    ("relu6", 0.0): 0.0,
    ("relu6", 6.0): 0.0,
    ("hard_tanh", -1.0): 0.0,
    ("hard_tanh", 1.0): 0.0,
    ("leaky_relu", 0.0): 0.01,
    ("leaky_relu:negative_slope=0.2", 0.0): 0.2,
    ("prelu", 0.0): 0.25,
    ("rrelu", 0.0): 11 / 48,
    ("elu:alpha=2", 0.0): 2.0,
    ("elu:alpha=0.5", 0.0): 0.5,
    ("selu", 0.0): SELU_LEFT,
    ("hard_sigmoid", -3.0): 0.0,
    ("hard_sigmoid", 3.0): 0.0,
    ("hard_swish", -3.0): 0.0,
    ("hard_swish", 3.0): 1.0,
    ("abs", 0.0): 0.0,
    ("heaviside", 0.0): 0.0,
}

# Breakpoints at which nothing jumps: the derivative is the same on both sides.
SMOOTH_BREAKPOINTS = ("elu:alpha=1", "celu:alpha=2", "celu:alpha=0.5", "softsign")

# actlab name: (torch.nn.functional name, keyword arguments). What PyTorch has is compared with it at ordinary points.
TORCH: dict[str, tuple[str, dict[str, float | str]]] = {
    "sigmoid": ("sigmoid", {}),
    "tanh": ("tanh", {}),
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "leaky_relu": ("leaky_relu", {}),
    "elu": ("elu", {}),
    "selu": ("selu", {}),
    "celu": ("celu", {}),
    "silu": ("silu", {}),
    "gelu": ("gelu", {}),
    "gelu_tanh": ("gelu", {"approximate": "tanh"}),
    "mish": ("mish", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "hard_swish": ("hardswish", {}),
    "hard_tanh": ("hardtanh", {}),
    "softplus": ("softplus", {}),
    "softsign": ("softsign", {}),
    "log_sigmoid": ("logsigmoid", {}),
    "rrelu": ("rrelu", {"training": False}),
}
