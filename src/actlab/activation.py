"""What an activation is: the record its formula makes, its parameters, and the calls a user makes on it.

A catalogue entry is a decorated function; name, signature, first docstring line and body are the record:

    @activation(source="Misra 2019, arXiv:1908.08681")
    def mish(x):
        \"\"\"The input, gated by the tanh of its softplus.\"\"\"
        return x * v.tanh(v.softplus(x))

Importing this module loads no numerical library. The methods that compute open the layers above on first use; these
are the only arrows that point upwards.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from actlab import expression as e
from actlab.errors import FormulaError, ParameterError
from actlab.expression import Expression
from actlab.interval import EVERYWHERE, Interval
from actlab.parameters import Param, Uniform, is_lazy, shown

if TYPE_CHECKING:
    from actlab.symbolic.breakpoints import Kink
    from actlab.symbolic.plan import Plan

MAX_ORDER = 5  # formulas of higher derivatives grow without use: nothing in the field asks for a sixth
_COMPARE = {"<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, eq=False)
class Record:
    """All that an entry says; every consumer reads it and nobody writes it twice."""

    name: str
    function: Callable[..., Expression]
    parameters: Mapping[str, Param]
    draws: Mapping[str, Uniform] = field(default_factory=dict)
    source: str = ""
    summary: str = ""
    aliases: tuple[str, ...] = ()
    advantages: tuple[str, ...] = ()
    disadvantages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    require: str = ""
    stable: Callable[..., Expression] | None = None
    stable_grad: Callable[..., Expression] | None = None
    vjp: Callable[..., Expression] | None = None

    def trace(self, function: Callable[..., Expression]) -> Expression:
        """The expression a formula function of this record stands for."""
        takes = inspect.signature(function).parameters
        anything = any(p.kind is p.VAR_KEYWORD for p in takes.values())
        names = [name for name in (*self.parameters, *self.draws) if anything or name in takes]
        try:
            return e.require_writable(e.lift(function(e.symbol("x"), **{name: e.symbol(name) for name in names})))
        except FormulaError as error:
            raise FormulaError(f"{self.name}: {str(error).removeprefix('formula: ')}") from None
        except (TypeError, AttributeError) as error:
            raise FormulaError(
                f"{self.name}: the formula must be made of words of actlab.vocabulary; {error}"
            ) from error

    @cached_property
    def expression(self) -> Expression:
        """The formula."""
        return self.trace(self.function)

    @cached_property
    def backward(self) -> Expression:
        """The gradient of sum(g*y) with respect to x along an axis, in the symbols x, y (the value) and g."""
        assert self.vjp is not None  # noqa: S101 - the decorator demands it
        return e.lift(self.vjp(*map(e.symbol, "xyg")))

    @cached_property
    def domains(self) -> Mapping[str, Interval]:
        """Where each parameter lies."""
        return {name: p.interval for name, p in self.parameters.items()} | dict.fromkeys(self.draws, EVERYWHERE)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What makes two records the same activation."""
        parameters = tuple((name, repr(param)) for name, param in self.parameters.items())
        return self.name, repr(self.expression), parameters, tuple(self.draws.items())


class Activation:
    """An activation function: its formula and everything that follows from it. Abstract; see the final classes.

    Attributes
    ----------
    name, aliases, source, summary, advantages, disadvantages, notes : as its entry gives them
    parameters : name -> Param, those that are not bound
    bound : name -> fixed value
    label : name and bound values as the command line writes them, e.g. "leaky_relu:negative_slope=0.2"
    formula : text that `actlab.define` reads
    latex : the same for papers
    """

    _in_catalogue = True  # a pickle names it; False: it carries the formula, for other processes do not know the name

    def __init__(self, record: Record, bound: Mapping[str, float] = MappingProxyType({})) -> None:
        self.record = record
        self.bound: Mapping[str, float] = MappingProxyType(dict(bound))
        self.aliases, self.source, self.summary = record.aliases, record.source, record.summary
        self.advantages, self.disadvantages, self.notes = (
            record.advantages,
            record.disadvantages,
            record.notes,
        )
        self.__doc__ = f"{record.summary}\n\nSource: {record.source}." if record.source else record.summary

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.record.name

    @property
    def label(self) -> str:
        """Name and bound values, as the command line writes them."""
        values = ",".join(f"{name}={shown(value)}" for name, value in self.bound.items())
        return f"{self.name}:{values}" if values else self.name

    @property
    def parameters(self) -> Mapping[str, Param]:
        """The parameters that are still free."""
        return MappingProxyType({name: p for name, p in self.record.parameters.items() if name not in self.bound})

    @property
    def expression(self) -> Expression:
        """The formula, bound parameters put in."""
        return self._put_in(self.record.expression)

    @property
    def formula(self) -> str:
        """The formula as text."""
        return repr(self.expression)

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        from actlab.emit.sympy import latex

        return latex(self.expression)

    def bind(self, **fixed: float) -> Any:
        """A new activation with parameters fixed.

        Raises
        ------
        ParameterError
            If a value lies outside its domain or no such parameter is free.

        Examples
        --------
        >>> import actlab
        >>> actlab.leaky_relu.bind(negative_slope=0.2)(-1.0)
        -0.2
        """
        self._checked(fixed)
        for name, value in fixed.items():
            if not isinstance(value, int | float):
                raise ParameterError(f"{self.name}: a bound parameter must be a number; got {name}={shown(value)}")
        return self._rebuilt({**self.bound, **fixed})

    def resolved(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter's value: given, bound or default, checked."""
        self._checked(given)
        defaults = {name: param.default for name, param in self.record.parameters.items()}
        return {**defaults, **self.bound, **given}

    def _checked(self, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            if name in self.bound:
                raise ParameterError(f"{self.label}: {name} is bound already; start from actlab.{self.name}")
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise ParameterError(f"{self.name}: no parameter is called {name!r}; its parameters: {known}")
            self.parameters[name].check(self.name, name, value)
        if self.record.require and given:
            self._check_rule({**self.bound, **given})

    def _check_rule(self, given: Mapping[str, Any]) -> None:
        left, sign, right = self.record.require.split()
        values = [given.get(name, self.record.parameters[name].default) for name in (left, right)]
        if any(map(is_lazy, values)):
            return
        if any(isinstance(value, list | tuple) for value in values):
            import numpy as np

            values = [np.asarray(value) for value in values]
        holds = _COMPARE[sign](*values)
        if not (holds if isinstance(holds, bool) else _all(holds)):
            got = ", ".join(f"{name}={shown(value)}" for name, value in zip((left, right), values, strict=True))
            raise ParameterError(f"{self.name}: {self.record.require} must hold; got {got}")

    def _put_in(self, expression: Expression) -> Expression:
        return e.substitute(expression, {k: e.constant(x) for k, x in self.bound.items()})  # type: ignore[no-any-return]

    def _rebuilt(self, bound: Mapping[str, float]) -> Activation:
        return type(self)(self.record, bound)

    def _state(self) -> tuple[Any, ...]:
        return (dict(self.bound),)

    def __reduce__(self) -> tuple[Callable[..., Activation], tuple[Any, ...]]:
        from actlab import registry

        record = self.record
        entry = registry.entry(record.name)
        if self._in_catalogue and entry is not None and entry.record is record:
            return registry.restored, (type(self), record.name, None, *self._state())
        invented = (repr(record.expression), dict(record.parameters), record.summary, record.source)
        return registry.restored, (type(self), record.name, invented, *self._state())

    def __copy__(self) -> Activation:
        return self

    def __deepcopy__(self, memo: object) -> Activation:
        return self

    def _identity(self) -> tuple[object, ...]:
        return type(self), self.record.key, tuple(sorted(self.bound.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Activation) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"<activation {self.label}: {self.formula}>"

    def _repr_latex_(self) -> str:
        return rf"$\operatorname{{{self.label.replace('_', chr(92) + '_')}}}(x) = {self.latex}$"

    @property
    def __signature__(self) -> inspect.Signature:
        keyword = inspect.Parameter.KEYWORD_ONLY
        names = [inspect.Parameter(name, keyword, default=param.default) for name, param in self.parameters.items()]
        return inspect.Signature([inspect.Parameter("x", inspect.Parameter.POSITIONAL_ONLY), *names])


class Elementwise(Activation):
    """An activation of each element by itself: `__call__`, `grad`, `value_and_grad`, `derivative`, limits, kinks.

    x is an array of float64, float32, float16 or bfloat16 (kept), of integers or bool, or a list (they become float64),
    of any shape and layout; a Python float gives a Python float. Parameters broadcast against x as in NumPy. The result
    is what the exact result rounds to, but for the last digit; at +-inf it is the mathematical limit, at NaN it is NaN.
    PyTorch tensors give tensors and are differentiable; Dask arrays stay lazy and chunked; xarray and pandas objects
    keep their labels.

    Raises
    ------
    ParameterError
        If a parameter lies outside its domain.
    UnsupportedType
        If x is complex, longdouble, text, an object array or an array type that is not supported.
    """

    def __init__(
        self, record: Record, bound: Mapping[str, float] = MappingProxyType({}), steps: tuple[str, ...] = ()
    ) -> None:
        super().__init__(record, bound)
        self.steps = steps
        # (what is asked, type of x) -> f(x, out) with no parameter given, prepared by the framework of that type
        self._direct: dict[tuple[str, type], Callable[[Any, Any], Any]] = {}

    @property
    def name(self) -> str:
        """The canonical name, with a prime for each derivative in x."""
        if not self.steps:
            return self.record.name
        if set(self.steps) == {"x"}:
            return self.record.name + "'" * len(self.steps)
        return f"d({self.record.name})/" + "".join(f"d{step}" for step in self.steps)

    @property
    def expression(self) -> Expression:
        """The formula of this function or derivative, bound parameters put in."""
        return self._put_in(self.form(self.steps, stable=bool(self.steps)))

    def __call__(self, x: Any, /, *, out: Any = None, **parameters: Any) -> Any:
        """f(x); with `out` the result is written there (out may be x itself).

        Examples
        --------
        >>> import actlab, numpy as np
        >>> actlab.silu(np.array([-np.inf, 0.0, 1.0], np.float32))
        array([0.       , 0.       , 0.7310586], dtype=float32)
        """
        if not parameters and (direct := self._direct.get(("value", type(x)))):
            return direct(x, out)
        if isinstance(x, Expression):
            return self._composed(x, parameters)
        return self._evaluate("value", x, parameters, out)

    def grad(self, x: Any, /, *, out: Any = None, **parameters: Any) -> Any:
        """The derivative f'(x), elementwise; at a kink the value the formula's branch gives (PyTorch's choice)."""
        if not parameters and (direct := self._direct.get(("grad", type(x)))):
            return direct(x, out)
        return self._evaluate("grad", x, parameters, out)

    def value_and_grad(self, x: Any, /, *, out: tuple[Any, Any] | None = None, **parameters: Any) -> tuple[Any, Any]:
        """f(x) and f'(x) in one pass; with `out`, a pair of arrays, they are written there."""
        if not parameters and (direct := self._direct.get(("both", type(x)))):
            return direct(x, out)  # type: ignore[no-any-return]
        return self._evaluate("both", x, parameters, out)  # type: ignore[no-any-return]

    def derivative(self, n: int = 1, wrt: str = "x") -> Elementwise:
        """The n-th derivative with respect to x or a parameter, as an activation of its own.

        Examples
        --------
        >>> import actlab
        >>> actlab.softplus.derivative(2)(0.0)
        0.25
        """
        if type(n) is not int or not 1 <= n <= MAX_ORDER - len(self.steps):
            raise ParameterError(
                f"{self.name}: n must be a whole number in [1, {MAX_ORDER - len(self.steps)}]; got n={n!r}"
            )
        if wrt != "x" and wrt not in self.parameters:
            known = ", ".join(("x", *self.parameters))
            raise ParameterError(f"{self.name}: wrt must be one of {known}; got wrt={wrt!r}")
        return type(self)(self.record, self.bound, self.steps + (wrt,) * n)

    @property
    def limits(self) -> tuple[Expression, Expression]:
        """The limits at -inf and +inf as expressions in the free parameters; `nan` where there is none."""
        from actlab.symbolic.limits import limit

        domains = self.record.domains
        return limit(self.expression, -1, domains), limit(self.expression, 1, domains)

    @property
    def breakpoints(self) -> tuple[Expression, ...]:
        """Where the formula switches branches, as expressions in the free parameters."""
        from actlab.symbolic.breakpoints import breakpoints

        return breakpoints(self.expression)

    @property
    def kinks(self) -> list[Kink]:
        """Where the value or the derivative jumps, at bound or default parameters."""
        from actlab.symbolic.breakpoints import kinks

        return kinks(self.form(self.steps, stable=False), self.form((*self.steps, "x")), self.resolved({}))

    def plan(self, *forms: tuple[str, ...]) -> Plan:
        """What a target must render to compute these derivatives: () is the value, ("x",) the gradient."""
        return _plan(self.record, forms)

    def form(self, steps: tuple[str, ...], *, stable: bool = True) -> Expression:
        """The expression of a derivative, from the entry's stable form where there is one."""
        return _form(self.record, steps, stable=stable)

    def _composed(self, x: Expression, parameters: Mapping[str, Any]) -> Expression:
        values = {name: e.lift(value) for name, value in {**self.resolved({}), **parameters}.items()}
        return e.substitute(self.form(self.steps, stable=False), {"x": x, **values})  # type: ignore[no-any-return]

    def _evaluate(self, asked: str, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
        from actlab.frameworks import of

        framework, values = of(x, self.name), self.resolved(parameters)
        if not parameters and hasattr(framework, "direct"):
            forms = {"value": (self.steps,), "grad": (self._slope,), "both": (self.steps, self._slope)}[asked]
            direct = self._direct[asked, type(x)] = framework.direct(self, forms, values)
            return direct(x, out)
        if asked == "both":
            return framework.elementwise_pair(self, self.steps, x, values, out)
        return framework.elementwise(self, self._slope if asked == "grad" else self.steps, x, values, out)

    @property
    def _slope(self) -> tuple[str, ...]:
        return (*self.steps, "x")

    def _rebuilt(self, bound: Mapping[str, float]) -> Elementwise:
        return type(self)(self.record, bound, self.steps)

    def _state(self) -> tuple[Any, ...]:
        return dict(self.bound), self.steps

    def _identity(self) -> tuple[object, ...]:
        return (*super()._identity(), self.steps)


class Random(Activation):
    """An activation with a parameter drawn per element in training; otherwise it uses the mean of the draws.

    `training=True` draws from `rng` (a numpy.random.Generator, or a torch.Generator for tensors; a fresh one if
    None). `draw(x)` returns a draw that can be passed again by its name, so that value and gradient agree.

    Examples
    --------
    >>> import actlab, numpy as np
    >>> x, rng = np.array([-1.0, 2.0]), np.random.default_rng(0)
    >>> y, slope = actlab.rrelu.value_and_grad(x, training=True, rng=rng)
    >>> bool(y[0] == slope[0] * x[0])
    True
    """

    def __call__(
        self, x: Any, /, *, training: bool = False, rng: Any = None, out: Any = None, **parameters: Any
    ) -> Any:
        """f(x), at the mean of the draws or at fresh ones."""
        return self._fixed(x, parameters, training=training, rng=rng)(out=out)

    def grad(self, x: Any, /, *, training: bool = False, rng: Any = None, out: Any = None, **parameters: Any) -> Any:
        """f'(x), at the mean of the draws or at fresh ones; pass a kept draw by name to match an earlier call."""
        return self._fixed(x, parameters, training=training, rng=rng)("grad", out=out)

    def value_and_grad(
        self, x: Any, /, *, training: bool = False, rng: Any = None, **parameters: Any
    ) -> tuple[Any, Any]:
        """f(x) and f'(x) for the same draws."""
        return self._fixed(x, parameters, training=training, rng=rng)("value_and_grad")  # type: ignore[no-any-return]

    def draw(self, x: Any, /, *, rng: Any = None, **parameters: Any) -> Any:
        """One draw for every element of x, in the shape of x."""
        from actlab.frameworks import of

        values = self.resolved(parameters)
        (spec,) = self.record.draws.values()
        return of(x, self.name).draw(x, values[spec.lower], values[spec.upper], rng)

    @cached_property
    def mean(self) -> Elementwise:
        """The activation used outside training: the formula with the drawn parameter at its mean."""
        ((name, spec),) = self.record.draws.items()
        middle = (e.symbol(spec.lower) + e.symbol(spec.upper)) / 2
        formula = e.substitute(self.record.expression, {name: middle})
        return Elementwise(replace(self.record, function=closed(formula), draws={}), self.bound)

    @cached_property
    def core(self) -> Elementwise:
        """The formula with the drawn parameter as an ordinary one."""
        drawn = {name: Param(0.0) for name in self.record.draws}
        used = {name: p for name, p in self.record.parameters.items() if name in e.symbols(self.record.expression)}
        return Elementwise(replace(self.record, parameters=used | drawn, draws={}, require=""))

    limits = property(lambda self: self.mean.limits)
    kinks = property(lambda self: self.mean.kinks)
    breakpoints = property(lambda self: self.mean.breakpoints)

    def derivative(self, n: int = 1, wrt: str = "x") -> Elementwise:
        """The n-th derivative of the function used outside training."""
        return self.mean.derivative(n, wrt)

    def _fixed(self, x: Any, parameters: dict[str, Any], *, training: bool, rng: Any) -> Callable[..., Any]:
        """The call to make on x once the draw is settled."""
        ((name, _),) = self.record.draws.items()
        kept = parameters.pop(name, None)
        if kept is None and not training:
            return lambda method="__call__", **out: getattr(self.mean, method)(x, **out, **parameters)
        drawn = self.draw(x, rng=rng, **parameters) if kept is None else kept
        return lambda method="__call__", **out: getattr(self.core, method)(x, **out, **{name: drawn})


class Axis(Activation):
    """An activation that looks along an axis: `__call__` and `vjp` (the gradient of sum(g*f(x)) with respect to x).

    Examples
    --------
    >>> import actlab, numpy as np
    >>> actlab.softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]), axis=-1)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """

    def __call__(self, x: Any, /, *, out: Any = None, **parameters: Any) -> Any:
        """f(x) along the axis."""
        from actlab.frameworks import of

        return of(x, self.name).along_axis(self, x, self.resolved(parameters), out)

    def vjp(self, x: Any, g: Any, /, **parameters: Any) -> Any:
        """The gradient with respect to x, given the gradient g with respect to f(x)."""
        from actlab.frameworks import of

        return of(x, self.name).along_axis_vjp(self, x, g, self.resolved(parameters))

    def __getattr__(self, name: str) -> Any:
        if name in ("grad", "value_and_grad", "derivative", "limits", "kinks", "breakpoints"):
            raise AttributeError(f"{self.name} looks along an axis and has no {name}; use vjp(x, g, axis=...)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def backward(self) -> Expression:
        """The formula of `vjp` in the symbols x, y (the value) and g."""
        return self.record.backward


@lru_cache(maxsize=4096)
def _plan(record: Record, forms: tuple[tuple[str, ...], ...]) -> Plan:
    from actlab.symbolic.plan import make_plan

    roots = tuple(_form(record, form, stable=True) for form in forms)
    return make_plan(record.name, roots, tuple(record.domains.items()))


def _all(condition: Any) -> bool:
    """Whether a condition holds for every element; a traced or batched tensor cannot be read and passes."""
    try:
        return bool(condition.all(axis=None))
    except RuntimeError:
        return True


@lru_cache(maxsize=4096)
def _form(record: Record, steps: tuple[str, ...], *, stable: bool) -> Expression:
    if not steps:
        return record.trace(record.stable) if stable and record.stable else record.expression
    from actlab.symbolic.derivative import differentiate

    first, rest = steps[0], steps[1:]
    if stable and first == "x" and record.stable_grad:
        start = record.trace(record.stable_grad)
    else:
        start = differentiate(record.expression, first)
    for name in rest:
        start = differentiate(start, name)
    return start


def closed(formula: Expression) -> Callable[..., Expression]:
    """The formula function that a finished expression stands for."""

    def function(x: Expression, **values: Expression) -> Expression:
        return e.substitute(formula, {"x": x, **values})  # type: ignore[no-any-return]

    return function
