"""What PyTorch does to functions: differentiate, batch, compile, export, cast."""

from __future__ import annotations

import copy

import pytest
from contract.entries import ALL, AXIS, ELEMENTWISE, elementwise

import actlab

torch = pytest.importorskip("torch")
nn, func = torch.nn, torch.func

from frameworks.tensors import away_from_bends, unusual  # noqa: E402 - needs torch

# PyTorch's own forward mode uses its own deprecated functions when it is first asked.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")

LEARNING = [name for name in ELEMENTWISE if any(p.learnable for p in actlab.get(name).parameters.values())]


# Derivatives


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_derivatives_of_first_and_second_order_are_right(name: str) -> None:
    item, x = elementwise(name), away_from_bends()
    parameters = unusual(item)

    def call(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        return item(x, **dict(zip(parameters, values, strict=True)))

    inputs = (x, *parameters.values())
    assert torch.autograd.gradcheck(call, inputs, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(call, inputs)


@pytest.mark.parametrize("name", AXIS)
def test_derivatives_along_an_axis_are_right(name: str) -> None:
    x = torch.linspace(-2, 3, 12, dtype=torch.float64).roll(5).reshape(2, 6).requires_grad_()
    for axis in (0, 1):
        assert torch.autograd.gradcheck(lambda x, axis=axis: actlab.get(name)(x, axis=axis), x)
        assert torch.autograd.gradgradcheck(lambda x, axis=axis: actlab.get(name)(x, axis=axis), x)


def test_derivative_at_a_drawn_slope_is_that_slope() -> None:
    x = torch.full((9,), -1.0, requires_grad=True)
    y = actlab.rrelu(x, training=True)
    y.sum().backward()
    assert torch.equal(x.grad, -y.detach())


def test_a_long_sum_for_a_weight_does_not_overflow_in_half_precision() -> None:
    weight = torch.tensor(0.5, requires_grad=True)
    actlab.prelu(torch.full((4000,), -100.0, dtype=torch.float16), weight=weight).sum().backward()
    assert weight.grad == -400_000


def test_autograd_still_guards_what_it_saved() -> None:
    x = torch.ones(3, requires_grad=True)
    hidden = x * 1
    y = actlab.silu(hidden)
    hidden.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    y = actlab.silu(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


# torch.func


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_vmap_grad_and_jvp_agree_with_the_call(name: str) -> None:
    item, x = elementwise(name), away_from_bends().detach()
    slope = item.grad(x)
    assert torch.equal(func.vmap(item)(x), item(x))
    assert torch.equal(func.vmap(item, in_dims=1, out_dims=1)(x), item(x))
    assert torch.equal(func.vmap(func.vmap(func.grad(item)))(x), slope)
    value, tangent = func.jvp(item, (x,), (torch.full_like(x, 3.0),))
    assert torch.equal(value, item(x))
    assert torch.equal(tangent, 3 * slope)
    assert torch.equal(func.jacrev(item)(x[0]), slope[0].diag())
    assert torch.equal(func.jacfwd(item)(x[0]), slope[0].diag())


@pytest.mark.parametrize("name", ["mish", "prelu", "elu"])
def test_hessian_is_the_second_derivative(name: str) -> None:
    item, x = actlab.get(name), away_from_bends().detach()[0]
    assert torch.equal(func.hessian(lambda x: item(x).sum())(x), item.derivative(2)(x).diag())


@pytest.mark.parametrize("name", ["prelu", "elu", "softplus"])
def test_each_member_of_a_batch_has_its_own_parameter(name: str) -> None:
    item, x = actlab.get(name), torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
    (parameter,) = item.parameters
    values = torch.tensor([0.3, 0.6, 0.9, 1.2])
    rows = torch.stack([item(row, **{parameter: value}) for row, value in zip(x, values, strict=True)])
    assert torch.equal(func.vmap(lambda x, p: item(x, **{parameter: p}))(x, values), rows)
    shared = torch.stack([item(x, **{parameter: value}) for value in values])
    assert torch.equal(func.vmap(lambda p: item(x, **{parameter: p}))(values), shared)
    wide = func.vmap(lambda x, p: item(x, **{parameter: p}))(x, values[:, None] * torch.ones(5))
    assert torch.equal(wide, rows)
    slopes = func.vmap(func.grad(lambda p, x: item(x, **{parameter: p}).sum()))(values, x)
    for got, value, row in zip(slopes, values, x, strict=True):
        leaf = value.clone().requires_grad_()
        item(row, **{parameter: leaf}).sum().backward()
        torch.testing.assert_close(got, leaf.grad)


def test_stacked_networks_train_as_single_ones() -> None:
    models = [
        nn.Sequential(nn.Linear(6, 8), actlab.torch.module("prelu", 8), nn.Linear(8, 4), actlab.torch.module("swish"))
        for _ in range(3)
    ]
    x = torch.randn(3, 10, 6)
    parameters, buffers = func.stack_module_state(models)
    shell = copy.deepcopy(models[0]).to("meta")

    def loss(parameters, buffers, x) -> torch.Tensor:
        return func.functional_call(shell, (parameters, buffers), (x,)).square().sum()

    slopes = func.vmap(func.grad(loss))(parameters, buffers, x)
    for k, model in enumerate(models):
        model(x[k]).square().sum().backward()
        for name, weight in model.named_parameters():
            torch.testing.assert_close(slopes[name][k], weight.grad, rtol=1e-4, atol=1e-5)


def test_draws_under_vmap_differ_or_agree_as_asked() -> None:
    module = actlab.torch.module("rrelu")
    x = -torch.ones(3, 50)
    different = func.vmap(module, randomness="different")(x)
    same = func.vmap(module, randomness="same")(x)
    assert not torch.equal(different[0], different[1])
    assert torch.equal(same[0], same[1])


# Compilers and tracers


class Net(nn.Module):
    """Two layers around an activation."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(6, 8), act, nn.Linear(4 if act.item.name == "maxout" else 8, 2)

    def forward(self, x) -> torch.Tensor:
        """Shape (batch, 6) to (batch, 2)."""
        return self.last(self.act(self.first(x)))


def gradients(model: nn.Module, x) -> list:
    model.zero_grad()
    model(x).square().sum().backward()
    return [weight.grad.clone() for weight in model.parameters()]


BACKENDS = [("aot_eager", name) for name in ("gelu_tanh", "hard_tanh", "prelu", "swish", "maxout")]
BACKENDS += [("inductor", "mish")]


def can_compile(backend: str) -> bool:
    """Whether the backend works here: Inductor needs a C++ compiler, Python's headers, and a path without spaces."""
    try:
        torch.compile(lambda x: x + 1, backend=backend)(torch.ones(3))
    except torch._dynamo.exc.BackendCompilerFailed:
        return False
    return True


@pytest.mark.filterwarnings("default")  # the compiler has its own
@pytest.mark.parametrize(("backend", "name"), BACKENDS)
def test_a_module_compiles_into_one_graph(backend: str, name: str) -> None:
    torch.compiler.reset()
    if not can_compile(backend):
        pytest.skip(f"{backend} cannot compile x + 1 here")
    model = Net(actlab.torch.module(name, 8) if name in LEARNING else actlab.torch.module(name))
    x = torch.randn(5, 6)
    want, slopes = model(x), gradients(model, x)
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    torch.testing.assert_close(compiled(x), want, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradients(compiled, x), slopes, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("default")
def test_a_direct_call_runs_between_two_graphs(recwarn: pytest.WarningsRecorder) -> None:
    torch.compiler.reset()
    x = torch.randn(5, 6)
    compiled = torch.compile(
        lambda x: actlab.leaky_relu(actlab.silu(x) * 2, negative_slope=0.3) + 1, backend="aot_eager"
    )
    assert torch.equal(compiled(x), actlab.leaky_relu(actlab.silu(x) * 2, negative_slope=0.3) + 1)
    assert not [str(w.message) for w in recwarn if "actlab" in str(w.message)]


@pytest.mark.filterwarnings("default")
def test_random_slopes_compile() -> None:
    torch.compiler.reset()
    module = actlab.torch.module("rrelu")
    y = torch.compile(module, backend="aot_eager", fullgraph=True)(-torch.ones(500))
    assert y.min() >= -1 / 3
    assert y.max() <= -1 / 8
    assert len(y.unique()) > 400


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ALL)
def test_export_traces_what_is_computed(name: str) -> None:
    model = Net(actlab.torch.module(name)).eval()
    x = torch.randn(5, 6)
    traced = torch.export.export(model, (x,), dynamic_shapes={"x": {0: torch.export.Dim("batch")}}, strict=False)
    other = torch.randn(9, 6)
    torch.testing.assert_close(traced.module()(other), model(other), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("default")  # torch.jit.trace is on its way out and says so
@pytest.mark.parametrize("tracer", ["jit", "fx"])
def test_older_tracers_see_operations_not_numbers(tracer: str) -> None:
    from torch.fx.experimental.proxy_tensor import make_fx

    x, module = torch.randn(5), actlab.torch.module("silu")
    traced = torch.jit.trace(module, x) if tracer == "jit" else make_fx(module)(x)
    torch.testing.assert_close(traced(x + 1), module(x + 1))


def test_other_devices_take_plain_operations() -> None:
    for name in ALL:
        assert actlab.torch.module(name)(torch.ones(3, 8, device="meta")).device.type == "meta"


# Automatic mixed precision


@pytest.mark.parametrize("name", ["silu", "prelu", "rrelu", "softmax"])
def test_autocast_keeps_bfloat16_and_full_weights(name: str) -> None:
    model = Net(actlab.torch.module(name))
    x = torch.randn(5, 6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.act(model.first(x))
        assert hidden.dtype == torch.bfloat16
        model.last(hidden).float().square().sum().backward()
    assert all(weight.grad.dtype == torch.float32 and weight.grad.isfinite().all() for weight in model.parameters())
