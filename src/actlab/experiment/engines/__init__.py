"""Where the chunks of an experiment run: processes of this machine, a Ray cluster or a Dask cluster."""

from __future__ import annotations

from actlab.errors import OptionError, suggest
from actlab.experiment.engines.base import WHO
from actlab.experiment.engines.base import Engine as Engine
from actlab.experiment.engines.base import Failure as Failure
from actlab.experiment.engines.base import Outcome as Outcome

ENGINES = ("local", "ray", "dask")


def engine(name: str, *, jobs: int | None = None, address: str | None = None, device: str = "cpu") -> Engine:
    """Start workers, or connect to a cluster that runs already.

    Parameters
    ----------
    name : "local", "ray" or "dask"
    jobs : tasks at a time; None takes one per core, of this machine or of the cluster at the address
    address : of a running cluster ("host:6379" or "ray://host:10001", "tcp://host:8786"); None starts one here
    device : "cpu" or "cuda"; on "cuda" the tasks of a Ray cluster share its GPUs

    Returns
    -------
    Engine, a context manager: what was started is stopped at its end, a cluster that ran before is left running.

    Raises
    ------
    OptionError
        If there is no such engine, no cluster answers at the address, or its workers have another actlab or torch.
    MissingExtra
        If Ray or Dask is not installed.

    Examples
    --------
    >>> with engine("local", jobs=2) as workers:
    ...     sorted(outcome.result for outcome in workers.run(max, [(1, 2), (3, 4)]))
    [2, 4]
    """
    check_engine(name, address)
    if name == "ray":
        from actlab.experiment.engines.ray import RayEngine

        return RayEngine(jobs, address, device)
    if name == "dask":
        from actlab.experiment.engines.dask import DaskEngine

        return DaskEngine(jobs, address)
    from actlab.experiment.engines.local import LocalEngine

    return LocalEngine(jobs)


def check_engine(name: str, address: str | None) -> None:
    """Refuse what can be refused before any work: an unknown name, an address where there is nothing to connect to.

    Raises
    ------
    OptionError
    """
    if name not in ENGINES:
        raise OptionError(
            f"{WHO}: engine must be one of {', '.join(ENGINES)}; got engine={name!r}{suggest(name, ENGINES)}"
        )
    if name == "local" and address is not None:
        raise OptionError(
            f"{WHO}: address must name a Ray or Dask cluster; got address={address!r} with engine='local'; "
            "add engine='ray' or engine='dask'"
        )
