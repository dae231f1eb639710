"""The names users rely on: a change here is a change for them."""

from __future__ import annotations

import pytest

import actlab
from actlab.registry import known_names


def test_names_of_the_package() -> None:
    face = {"Activation", "ActlabError", "__version__", "compare", "define", "get", "names", "torch"}
    face |= {"get_num_threads", "set_num_threads"}
    assert set(dir(actlab)) == face | set(known_names())


def test_every_name_is_there() -> None:
    pytest.importorskip("torch")
    for name in dir(actlab):
        assert getattr(actlab, name) is not None


def test_names_for_pytorch() -> None:
    pytest.importorskip("torch")
    classes = {type(actlab.torch.module(name)).__name__ for name in actlab.names()}
    assert set(dir(actlab.torch)) == {"ActivationModule", "MaxoutLinear", "module", "replace"} | classes
