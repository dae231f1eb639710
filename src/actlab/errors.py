"""Everything actlab refuses, as one tree; every message is a single line.

    ActlabError
    ├── UnknownActivation (KeyError)    a name that is not in the catalogue
    ├── ParameterError    (ValueError)  a parameter outside its domain
    ├── FormulaError      (ValueError)  a formula that cannot be read or traced
    ├── DataError         (ValueError)  a data set that cannot be used
    ├── OptionError       (ValueError)  a setting that makes no sense
    ├── UnsupportedType   (TypeError)   an array, dtype or argument of the wrong kind
    └── MissingExtra      (ImportError) an optional package that is not installed

A message reads `<who>: <what> must <rule>; got <name>=<value>; <next step>`.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType


class ActlabError(Exception):
    """The root of every error that actlab raises on purpose."""

    def __str__(self) -> str:
        # KeyError would print the repr of its argument, quotes and all.
        return str(self.args[0]) if self.args else ""


class UnknownActivation(ActlabError, KeyError):
    """No activation has this name or alias."""


class ParameterError(ActlabError, ValueError):
    """A parameter lies outside its domain, or no parameter has this name."""


class FormulaError(ActlabError, ValueError):
    """A formula uses something that is not in the vocabulary."""


class DataError(ActlabError, ValueError):
    """A data set cannot be read or cannot be used as it is."""


class OptionError(ActlabError, ValueError):
    """A setting has a value that makes no sense."""


class UnsupportedType(ActlabError, TypeError):
    """An array type, dtype or argument that is never converted silently."""


class MissingExtra(ActlabError, ImportError):
    """An optional package is needed here and not installed."""


def suggest(word: str, known: Iterable[str]) -> str:
    """A clause naming the closest known word, or nothing: "; did you mean 'mish'?".

    Examples
    --------
    >>> suggest("mihs", ["mish", "relu"])
    "; did you mean 'mish'?"
    >>> suggest("quux", ["mish", "relu"])
    ''
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def need(module: str, *, extra: str, who: str, package: str | None = None) -> ModuleType:
    """Import an optional module, or say in one line what to install.

    Parameters
    ----------
    module : import name, e.g. "sklearn"
    extra : the extra that brings it, e.g. "compare"
    who : the command or call that needs it, e.g. "actlab compare"
    package : name on the package index where it differs from the import name

    Raises
    ------
    MissingExtra
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != root:
            raise  # installed, but broken: the user must see why
        package = package or {"sklearn": "scikit-learn"}.get(root, root)
        raise MissingExtra(f"{who} needs {package}; pip install 'actlab[{extra}]'") from None
