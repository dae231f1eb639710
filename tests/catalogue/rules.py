"""Which check belongs to which statement of the catalogue.

A rule is a pattern and a check. The check runs for each statement in which the pattern is found; numbers are
read from the statement itself, so that they stand in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import actlab

# Statements that cannot be computed, and where they come from.
HEARSAY = {
    ("rrelu", "noise in the slopes"): "the motive given in Xu 2015",
    ("rrelu", "results repeat only"): "true of every generator",
    ("selu", "the normalisation is derived"): "the assumptions of Klambauer 2017",
    ("gelu", "PyTorch, TensorFlow and keras"): "the documentation of the frameworks it names",
    ("gelu_tanh", "an approximation: weights"): "a rule of practice; the difference itself is checked",
    ("gelu_tanh", "Transformers has it"): "ACT2FN in Transformers 5.23",
    ("mish", "used in YOLOv4"): "Bochkovskiy 2020, arXiv:2004.10934",
    ("hard_swish", "MobileNetV3 uses it"): "Howard 2019, arXiv:1905.02244",
    ("prelu", "first weights differ"): "the documentation of the frameworks it names",
    ("leaky_relu", "default slopes differ"): "the documentation of the frameworks it names",
    ("swish", "what most libraries call"): "the documentation of PyTorch, Keras and JAX",
    ("heaviside", "the perceptron learns"): "Rosenblatt 1958",
    ("heaviside", "torch.nn.Threshold"): "the documentation of PyTorch",
}

Check = Callable[..., None]
Rule = tuple[str, str]  # the pattern, and the entries it is for (all if there are none)
RULES: dict[Rule, Check] = {}


def rule(pattern: str, names: str = "") -> Callable[[Check], Check]:
    """Make a function the check of all statements (of these entries) in which the pattern is found."""

    def enter(check: Check) -> Check:
        RULES[pattern, names] = check
        return check

    return enter


def statements() -> Iterator[tuple[str, str]]:
    """Every entry's name with each thing it says of itself."""
    for name in actlab.names():
        item = actlab.get(name)
        yield from ((name, text) for text in (*item.advantages, *item.disadvantages, *item.notes))


def matching(name: str, text: str) -> dict[Rule, tuple[str, ...]]:
    """The rules for a statement, with what their groups matched."""
    found = {
        (pattern, names): re.search(pattern, text) for pattern, names in RULES if not names or name in names.split()
    }
    return {key: match.groups() for key, match in found.items() if match}
