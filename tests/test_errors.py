"""The tree of errors, and messages of one line."""

from __future__ import annotations

import pickle

import pytest

from actlab import errors

TREE = {
    "UnknownActivation": KeyError,
    "ParameterError": ValueError,
    "FormulaError": ValueError,
    "DataError": ValueError,
    "OptionError": ValueError,
    "UnsupportedType": TypeError,
    "MissingExtra": ImportError,
}


def test_the_tree_is_complete() -> None:
    found = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert found == {"ActlabError", *TREE}


@pytest.mark.parametrize(("name", "builtin"), TREE.items())
def test_every_error_is_also_a_builtin(name: str, builtin: type[Exception]) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.ActlabError)
    assert issubclass(kind, builtin)
    error = kind("who: what must be so; got x=1")
    assert str(error) == "who: what must be so; got x=1"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
    assert str(kind()) == ""


def test_suggest() -> None:
    assert errors.suggest("sillu", ["silu", "relu"]) == "; did you mean 'silu'?"
    assert errors.suggest("zzz", ["silu"]) == ""
    assert errors.suggest("silu", []) == ""


def test_need_returns_the_module() -> None:
    assert errors.need("json", extra="x", who="actlab").dumps({}) == "{}"


def test_need_says_what_to_install() -> None:
    with pytest.raises(errors.MissingExtra) as caught:
        errors.need("no_such_module.part", extra="compare", who="actlab compare")
    assert str(caught.value) == "actlab compare needs no_such_module; pip install 'actlab[compare]'"
    with pytest.raises(errors.MissingExtra) as caught:
        errors.need("no_such_module", extra="plot", who="actlab plot", package="such")
    assert str(caught.value) == "actlab plot needs such; pip install 'actlab[plot]'"


def test_need_does_not_hide_a_broken_module(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_module.py").write_text("import no_such_dependency\n")  # type: ignore[operator]
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_dependency"):
        errors.need("broken_module", extra="compare", who="actlab compare")
