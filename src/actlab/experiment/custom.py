"""A PyTorch module of the user's in the place of an activation. Only Python can give one; torch is there already."""

from __future__ import annotations

import copy
import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actlab.errors import ActlabError, UnsupportedType

# Rows on which a module is asked whether it looks at each element by itself.
_PROBED_ROWS = 8


@dataclass(frozen=True)
class Custom:
    """A module class, instance or factory.

    Attributes
    ----------
    label : the class's or factory's name; for an instance, or a factory without a name, what it prints
    spec : source or qualified name and version, settings and initial state: what decides what it computes
    pieces : pre-activations for each output: the module's own attribute `pieces`, otherwise 1
    make : the class, instance or factory; None if only the label is known
    """

    label: str
    spec: str
    pieces: int = 1
    make: Any = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, item: object, who: str) -> Custom:
        """What stands for this module.

        Raises
        ------
        UnsupportedType
            If it is no module and makes none without arguments.
        """
        module = _instance(item, who)
        return cls(_label(item, module), _spec(item, module), int(getattr(module, "pieces", 1)), item)

    def build(self) -> Any:
        """A new module; an instance is copied, so that no two places share parameters.

        Raises
        ------
        ActlabError
            If only the label is known.
        """
        if self.make is None:
            raise ActlabError(f"{self.label}: a module must be given to be built; got its label alone, from a file")
        return copy.deepcopy(self.make) if _is_module(self.make) else self.make()

    def on_rows(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """The module's outputs, outside training, for rows [rows, features]."""
        import torch

        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            output: NDArray[np.float64] = self.build().eval()(torch.from_numpy(z).float()).double().numpy()
        return output

    def on_every_feature(self, z: NDArray[np.float64], units: int) -> NDArray[np.float64]:
        """The root mean square over the features, each of which is given z[rows]."""
        outputs = self.on_rows(np.repeat(z[:, None], units, axis=1))
        return np.sqrt(np.square(outputs).mean(1))  # type: ignore[no-any-return]

    def is_elementwise(self, units: int) -> bool:
        """Whether an output depends on its own input alone."""
        z = np.random.default_rng(0).standard_normal((_PROBED_ROWS, units * self.pieces))
        one_changed = z.copy()
        one_changed[0, 0] += 1
        before, after = self.on_rows(z), self.on_rows(one_changed)
        same = before == after
        same[0, 0] = True
        return before.shape == z.shape and bool(same.all())


def _is_module(item: object) -> bool:
    # Whoever has a module has imported torch; nobody else shall wait for it.
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(item, torch.nn.Module)


def _instance(item: object, who: str) -> Any:
    """A module of this kind: the instance itself, or a new one that is the same each time."""
    if _is_module(item):
        return item
    if not callable(item) or not _takes_nothing(item):
        raise UnsupportedType(
            f"{who}: an activation must be a name, an Activation, or a torch.nn.Module (its class, an instance, or a "
            f"function without arguments that makes one); got {item!r}; for a formula write actlab.define(...)"
        )
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = item()
    if not isinstance(made, torch.nn.Module):
        raise UnsupportedType(
            f"{who}: a function that makes an activation must return a torch.nn.Module; got {type(made).__name__} "
            f"from {_name(item)}"
        )
    return made


def _takes_nothing(item: Callable[..., Any]) -> bool:
    try:
        inspect.signature(item).bind()
    except (TypeError, ValueError):
        return False
    return True


def _name(item: Any) -> str:
    return getattr(item, "__name__", type(item).__name__)


def _label(item: object, module: Any) -> str:
    name = _name(item)
    if not _is_module(item) and name not in ("<lambda>", "partial"):
        return name
    shown = repr(module)
    return type(module).__name__ if "\n" in shown else shown


def _spec(item: object, module: Any) -> str:
    parts = [repr(module), *(_origin(part) for part in module.modules()), *_settings(module), _state(module)]
    if not _is_module(item) and not isinstance(item, type):
        parts.insert(0, f"made by {_name(item)}")
    return "; ".join(" ".join(part.split()) for part in parts)


def _origin(module: Any) -> str:
    """Qualified name and version of an installed package's class; otherwise its source, and that of its bases."""
    texts = []
    for kind in type(module).__mro__:
        if kind.__module__ == "builtins" or kind.__qualname__ == "Module":
            break
        version = getattr(sys.modules.get(kind.__module__.partition(".")[0]), "__version__", None)
        texts.append(f"{kind.__module__}.{kind.__qualname__} {version or _source(kind)}")
        if version:
            break
    return ", ".join(texts)


def _source(kind: type) -> str:
    try:
        return hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:16]
    except (OSError, TypeError):  # typed at a prompt
        return "(source unknown)"


def _settings(module: Any) -> list[str]:
    """Plain attributes, which `repr` need not show."""
    return [
        f"{name}.{key}={value!r}"
        for name, part in module.named_modules()
        for key, value in sorted(vars(part).items())
        if not key.startswith("_") and key != "training" and isinstance(value, int | float | str | bool | tuple | None)
    ]


def _state(module: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().numpy().tobytes())
    return f"state {digest.hexdigest()[:16]}"
