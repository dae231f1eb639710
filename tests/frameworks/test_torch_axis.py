"""Functions along an axis on tensors: kernels where they can be, and no difference where they cannot."""

from __future__ import annotations

import numpy as np
import pytest

import actlab

torch = pytest.importorskip("torch")

from actlab.frameworks.torch import axis as on_tensors  # noqa: E402 - needs torch

NAMES = ("softmax", "log_softmax", "maxout")
every = pytest.mark.parametrize("name", NAMES)
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


def _random(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3).to(dtype)


@every
def test_eager_tensors_go_to_the_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    item, x = actlab.get(name), _random(20, 40)
    want, slope = item(x.numpy()), item.vjp(x.numpy(), np.ones_like(item(x.numpy())))
    monkeypatch.setattr(on_tensors, "_grouped", lambda *_: pytest.fail("on its way to ATen operations"))
    learning = x.clone().requires_grad_()
    y = item(learning)
    assert torch.equal(y, torch.from_numpy(want))
    assert torch.equal(item(x), y)
    y.sum().backward()  # with an expanded gradient of ones
    np.testing.assert_allclose(learning.grad, slope, atol=1e-6)


@every
def test_layouts_and_dtypes(name: str) -> None:
    item = actlab.get(name)
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        x = _random(6, 8, 4, dtype=dtype)
        for axis in range(3):
            want = item(x.to(torch.float64), axis=axis).to(dtype)
            y = item(x, axis=axis)
            assert y.dtype is dtype
            torch.testing.assert_close(y, want, rtol=2 * torch.finfo(dtype).eps, atol=0)
            for given in (x.permute(2, 0, 1).contiguous().permute(1, 2, 0), x.repeat_interleave(2, 1)[:, ::2]):
                assert torch.equal(item(given, axis=axis), y)
                given.requires_grad_()
                g = torch.ones(y.shape, dtype=dtype).transpose(0, 1).contiguous().transpose(0, 1)
                (slope,) = torch.autograd.grad(item(given, axis=axis), given, g)
                assert torch.equal(slope, item.vjp(x, g, axis=axis))


@every
def test_derivatives_of_every_kind(name: str) -> None:
    item = actlab.get(name)
    x = torch.linspace(-2, 3, 24, dtype=torch.float64).roll(5).reshape(2, 6, 2).requires_grad_()
    for axis in (0, 1, 2):
        call = lambda x, axis=axis: item(x, axis=axis)  # noqa: E731
        assert torch.autograd.gradcheck(call, x, check_forward_ad=True, check_batched_grad=True)
        assert torch.autograd.gradgradcheck(call, x)
        slope = torch.func.grad(lambda x, call=call: (call(x) ** 2).sum())(x.detach())
        (want,) = torch.autograd.grad((call(x) ** 2).sum(), x)
        torch.testing.assert_close(slope, want)
        each = torch.func.vmap(lambda row, axis=axis: item(row, axis=max(axis - 1, 0)))(x.detach())
        if axis:
            torch.testing.assert_close(each, call(x.detach()))


def test_backward_keeps_one_tensor() -> None:
    """The result, or where the gradient is found by looking at it, the input."""
    for name, kept in (("softmax", "y"), ("log_softmax", "y"), ("maxout", "x")):
        x = _random(4, 6).requires_grad_()
        seen = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, seen=seen: seen.append(t) or t, lambda t: t):
            y = actlab.get(name)(x)
        assert [t.data_ptr() for t in seen] == [(x if kept == "x" else y).data_ptr()]


def test_vjp_is_differentiable() -> None:
    x, g = (_random(3, 5, dtype=torch.float64).requires_grad_() for _ in range(2))
    assert torch.autograd.gradcheck(actlab.softmax.vjp, (x, g))
    assert not actlab.softmax.vjp(x.detach(), g.detach()).requires_grad
    with torch.no_grad():
        assert torch.equal(actlab.softmax.vjp(x, g), actlab.softmax.vjp(x.detach(), g.detach()))


def test_what_is_changed_in_place_is_noticed() -> None:
    y = actlab.softmax(_random(3, 5).requires_grad_())
    y.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
