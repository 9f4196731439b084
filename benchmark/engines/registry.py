"""Engines by name, as `--engine` takes them."""

from collections.abc import Callable
from importlib import import_module
from types import ModuleType

from benchmark.engines.engine import Engine
from benchmark.spec import did_you_mean, parse_parameters
from benchmark.system.device import cores

LOCAL = "loky"
EXTRAS = {"dask": "distributed", "ray": "ray", "slurm": "submitit"}  # engine -> package
JOIN = ("dask", "ray")  # a cluster that runs, at an address


def open_engine(
    spec: str,
    scheduler: str | None,
    jobs: int | None,
    needs_gpu: bool,
    jobs_per_gpu: int,
) -> Engine | None:
    """Return the engine of a value of `--engine`; None for that of this machine.

    Parameters
    ----------
    spec
        ``loky``, ``dask``, ``ray``, ``ray:num_cpus=2`` or ``slurm:partition=gpu,timeout_min=240``.
    scheduler
        The address of a cluster of dask or ray to join; without it one is started here.
    jobs
        At most so many calls at the same time.
    needs_gpu
        Whether each call computes on a GPU, of which it has ``1/jobs_per_gpu``.

    Raises
    ------
    ValueError
        For an engine, a parameter or an address that can't be, or machines without what is needed.
    ModuleNotFoundError
        If the package of the engine is not installed, saying how to install it.
    ConnectionError
        If no scheduler answers.
    """
    name, _, parameters = (part.strip() for part in spec.partition(":"))
    if name != LOCAL and name not in EXTRAS:
        known = (LOCAL, *EXTRAS)
        raise ValueError(
            f"unknown engine {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}"
        )
    if scheduler is not None and name not in JOIN:
        raise ValueError(
            f"--scheduler {scheduler} is not allowed with --engine {name}, which has no address to "
            f"join; it goes with {' and '.join(JOIN)}"
        )
    if name == LOCAL:
        parse_parameters(f"--engine {name}", _no_parameters, parameters)
        return None
    return _OPENERS[name](parameters, scheduler, jobs, needs_gpu, jobs_per_gpu)


def _dask(text: str, scheduler: str | None, *wanted: int | None) -> Engine:
    parse_parameters("--engine dask", _no_parameters, text)
    return _load("dask").DaskEngine(scheduler, *wanted, cores=cores())


def _ray(text: str, scheduler: str | None, *wanted: int | None) -> Engine:
    parameters = parse_parameters("--engine ray", _parameters_of_ray, text)
    return _load("ray").RayEngine(scheduler, *wanted, cores=cores(), **parameters)


def _slurm(text: str, _scheduler: None, *wanted: int | None) -> Engine:
    return _load("slurm").SlurmEngine(*wanted, cores=cores(), parameters=text)


_OPENERS: dict[str, Callable[..., Engine]] = {"dask": _dask, "ray": _ray, "slurm": _slurm}
_MODULES = {"dask": "dask_cluster", "ray": "ray_cluster", "slurm": "slurm"}


def _no_parameters() -> None: ...


def _parameters_of_ray(num_cpus: int = 1) -> None: ...


def _load(name: str) -> ModuleType:
    """Import the module of an engine; ModuleNotFoundError says how to get the package."""
    try:
        return import_module(f"benchmark.engines.{_MODULES[name]}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"--engine {name} needs the package {EXTRAS[name]}: pip install "
            f"'imbalance-bench[{name}]'"
        ) from error
