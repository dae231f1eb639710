"""Kernels in the worker processes of PyTorch, joblib and Dask: right numbers, one thread each."""

from __future__ import annotations

import dask
import joblib
import numpy as np
import pytest
import torch

import actlab

X = np.linspace(-9, 9, 600_000, dtype=np.float32)  # enough for several threads


@pytest.fixture(autouse=True)
def asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent has asked already: a forked worker must not take over its answer."""
    monkeypatch.delenv("ACTLAB_NUM_THREADS", raising=False)
    assert actlab.get_num_threads() >= 1
    actlab.silu(X)


class Rows(torch.utils.data.Dataset):
    """Rows that an activation computes when they are asked for."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, k: int) -> tuple[int, torch.Tensor, torch.Tensor]:
        threads = actlab.get_num_threads()
        return threads, torch.from_numpy(actlab.silu(X)), actlab.mish(torch.full((3,), float(k)))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_torch_data_loader_with_workers() -> None:
    loader = torch.utils.data.DataLoader(Rows(), batch_size=None, num_workers=2, multiprocessing_context="fork")
    for k, (threads, value, other) in enumerate(loader):
        assert threads == 1
        np.testing.assert_array_equal(value.numpy(), actlab.silu(X))
        assert other.tolist() == actlab.mish(torch.full((3,), float(k))).tolist()
    assert k == 3


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_joblib(backend: str) -> None:
    jobs = [joblib.delayed(actlab.silu)(X), joblib.delayed(actlab.get_num_threads)()] * 2
    value, threads, again, _ = joblib.Parallel(2, backend=backend)(jobs)
    assert threads == (actlab.get_num_threads() if backend == "threading" else 1)
    np.testing.assert_array_equal(value, actlab.silu(X))
    np.testing.assert_array_equal(value, again)


def test_dask_processes() -> None:
    tasks = [dask.delayed(actlab.silu)(X), dask.delayed(actlab.get_num_threads)()]
    value, threads = dask.compute(*tasks, scheduler="processes", num_workers=1)
    assert threads == 1
    np.testing.assert_array_equal(value, actlab.silu(X))
