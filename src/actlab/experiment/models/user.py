"""The user's own network: `FILE.py:build`, or a function from Python.

    def build(activation, in_features, out_features):
        act = activation()
        return nn.Sequential(nn.Linear(in_features, 64 * act.pieces), act, nn.Linear(64, out_features))

Each call of activation() makes a layer. Its `pieces` are 1 but for maxout and gated functions, which need so many
inputs for each output. Importing this loads no torch.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from actlab.errors import OptionError, suggest
from actlab.experiment.contender import WHO, Contender, parse
from actlab.experiment.models.sources import forget, home, local_sources

if TYPE_CHECKING:
    from torch import nn

    from actlab.experiment.site import Sites

# Rows of the trial run: batch normalisation needs two.
_TRIAL_ROWS = 4

_SIGNATURE = "(activation, in_features, out_features)"


@dataclass(frozen=True)
class UserModel:
    """What builds the user's network, in a form that another process or machine can use.

    Attributes
    ----------
    label : as the user wrote it, or the function's name
    function : name of the function
    files : the file and what it imports from its own folder: (path relative to it, text)
    path : the file; None for a function from Python
    call : the function from Python
    """

    label: str
    function: str
    files: tuple[tuple[str, str], ...]
    path: Path | None = None
    call: Callable[..., Any] | None = field(default=None, compare=False, repr=False)

    @property
    def digest(self) -> str:
        """What decides the network: function and texts."""
        return hashlib.sha256(repr((self.function, self.files)).encode()).hexdigest()[:16]

    def build(self, contender: Contender, features: int, outputs: int) -> nn.Module:
        """The network with this function.

        Raises
        ------
        OptionError
            If the file cannot be loaded or the function does not build a module; one line with the place in the file.
        """
        from actlab.experiment.site import counted

        return counted(contender, lambda sites: self._call(sites, features, outputs))

    def check(self, contenders: Sequence[Contender], features: int, outputs: int) -> None:
        """Build and run the network once with ReLU, and with every contender that needs room for pieces.

        Raises
        ------
        OptionError
            If it cannot be used: one line that says why, and where in the file.
        """
        import torch

        with torch.random.fork_rng(devices=[]):
            self._check_use(parse("relu"), features, outputs)
            for contender in contenders:
                if any(unit.pieces > 1 for unit in contender.units):
                    self._check_room(contender, features, outputs)

    def _check_use(self, contender: Contender, features: int, outputs: int) -> None:
        import torch

        from actlab.experiment.site import Sites, recording

        sites = Sites(contender)
        module = self._call(sites, features, outputs)
        if not sites.made:
            raise self.refusal(
                "must call activation() where its layers are", "no call", "write activation() for nn.ReLU()"
            )
        if not any(parameter.requires_grad for parameter in module.parameters()):
            raise self.refusal("must return a network with parameters to train", "none")
        with recording() as seen:
            output = self._run(module, features)
        if not seen.inputs:
            raise self.refusal("must use the layers that activation() makes", "none of them used in a forward pass")
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        if shape != (_TRIAL_ROWS, outputs):
            raise self.refusal(
                f"must give {outputs} outputs for each row", f"{shape} for {_TRIAL_ROWS} rows of {features} features"
            )

    def _check_room(self, contender: Contender, features: int, outputs: int) -> None:
        try:
            self._run(self.build(contender, features, outputs), features)
        except OptionError as error:
            if error.__cause__ is None:  # of the place itself, which says all that there is to say
                raise
            pieces = max(unit.pieces for unit in contender.units)
            raise OptionError(
                f"{WHO}: {contender.label} must be given {pieces} inputs for each output, and {self.label} makes no "
                f"room for them; got {_told(error.__cause__)}; make the layer before it activation().pieces times as "
                f"wide, or leave {contender.label} out"
            ) from error

    def _run(self, module: nn.Module, features: int) -> Any:
        import torch

        rows = torch.linspace(-1, 1, _TRIAL_ROWS * features).reshape(_TRIAL_ROWS, features)
        with self.blamed(f"must run on float32 rows of {features} features"):
            return module.train()(rows)

    def _call(self, sites: Sites, features: int, outputs: int) -> nn.Module:
        """What the function returns, if it is a module."""
        from torch import nn

        function = self.call or _loaded(self)
        try:
            inspect.signature(function).bind(sites, features, outputs)
        except TypeError as error:
            raise self.refusal(f"must take {_SIGNATURE}", str(error)) from None
        except ValueError:  # a builtin, which has no signature to read
            pass
        with self.blamed("must build a network"), self.importable():
            module = function(sites, features, outputs)
        if not isinstance(module, nn.Module):
            raise self.refusal("must return a torch.nn.Module", f"{type(module).__name__}")
        return module

    def refusal(self, rule: str, got: str, advice: str = "") -> OptionError:
        """What to raise."""
        return OptionError(f"{WHO}: {self.label} {rule}; got {got}" + (f"; {advice}" if advice else ""))

    @contextmanager
    def importable(self) -> Iterator[None]:
        """The file's folder among those that modules are imported from; without a file, everything as it is."""
        if self.path is None:
            yield
            return
        folder = home(self.path, self.files)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            sys.path.remove(folder)

    @contextmanager
    def blamed(self, rule: str) -> Iterator[None]:
        """Any error of the user's code in one line, with its place in the file."""
        try:
            yield
        except OptionError:
            raise
        except (Exception, SystemExit) as error:
            raise self.refusal(rule, f"{_told(error)}{self._place(error)}") from error

    def _place(self, error: BaseException) -> str:
        """The innermost line of the user's files that led there, in brackets."""
        own = {name: Path(name).name for name in self._names()}
        found, trace = "", error.__traceback__
        while trace is not None:
            if (name := trace.tb_frame.f_code.co_filename) in own:
                found = f" ({own[name]}, line {trace.tb_lineno})"
            trace = trace.tb_next
        return found

    def _names(self) -> set[str]:
        if self.path is None:
            return {inspect.getsourcefile(self.call) or ""} if inspect.isroutine(self.call) else set()
        return {str(self.path.parent / name) for name, _ in self.files}


def is_user_model(item: object) -> bool:
    """Whether this means a network of the user's: a function, or text with a file in it.

    Examples
    --------
    >>> is_user_model("net.py:build"), is_user_model("mlp")
    (True, False)
    """
    if isinstance(item, str | Path):
        return ".py" in str(item) or ":" in str(item)
    return callable(item) or isinstance(item, UserModel)


def user_model(item: Any) -> UserModel:
    """Read what builds the network; nothing is run yet.

    Parameters
    ----------
    item : "FILE.py:build", a function build(activation, in_features, out_features), or a UserModel

    Raises
    ------
    OptionError
        If there is no such file, or it is not Python.
    """
    if isinstance(item, UserModel):
        return item
    if callable(item):
        name = getattr(item, "__name__", type(item).__name__)
        return UserModel(name, getattr(item, "__qualname__", name), (("", _source(item)),), call=item)
    file, colon, function = str(item).rpartition(":")
    if not colon or not function.isidentifier():
        raise OptionError(f"{WHO}: model must be written FILE.py:FUNCTION; got model={str(item)!r}; e.g. net.py:build")
    path = Path(file).absolute()
    if not path.is_file():
        close = suggest(path.name, [other.name for other in path.parent.glob("*.py")])
        raise OptionError(f"{WHO}: model must name a file that exists; got model={str(item)!r}{close}")
    return UserModel(str(item), function, local_sources(path, WHO), path)


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # typed at a prompt, or an object with __call__
        return f"{getattr(function, '__module__', '')} {getattr(function, '__code__', function)!r}"


@lru_cache(maxsize=16)
def _loaded(model: UserModel) -> Callable[..., Any]:
    """The function, after its file was run as a module of its own."""
    (_, text), *helpers = model.files
    module = ModuleType(f"actlab_user_model_{model.digest}")
    module.__file__ = str(model.path)
    sys.modules[module.__name__] = module  # dataclasses and pickles look their module up
    forget(name for name, _ in helpers)
    with model.blamed("must be a file that loads"), model.importable():
        exec(compile(text, module.__file__, "exec", dont_inherit=True), module.__dict__)  # noqa: S102  it is the user's own program
    function = getattr(module, model.function, None)
    if not callable(function):
        made = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
        close = suggest(model.function, made).removeprefix("; ")
        raise model.refusal("must name a function of its file", f"no function {model.function!r}", close)
    return function  # type: ignore[no-any-return]


def _told(error: BaseException) -> str:
    """The error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
