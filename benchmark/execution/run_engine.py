"""The engine of a run, opened before it is planned: its workers know what they compute on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from benchmark.engines.engine import Engine
from benchmark.engines.registry import LOCAL, open_engine
from benchmark.execution.worker_description import ask_worker, given_engine
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.system.device import Device


def open_run_engine(
    experiment: Experiment,
    options: RunOptions,
    executor: Executor | None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Engine | None, Device | None]:
    """Return the engine of a run and the device of its workers; None for this machine's.

    Raises
    ------
    ValueError
        If the engine, the scheduler or the device can't be had.
    ModuleNotFoundError
        If the package of the engine is not installed, saying how to install it.
    """
    asks_for = experiment.device, experiment.precision
    if executor is not None:
        if options.engine != LOCAL or options.scheduler is not None:
            name = "engine" if options.engine != LOCAL else "scheduler"
            raise ValueError(
                f"{name} {getattr(options, name)!r} beside an executor is not allowed: both say "
                "where networks are trained; give only one of them"
            )
        engine, worker = given_engine(executor, options.jobs, *asks_for, say)
        return engine, worker.device
    needs_gpu = experiment.device.startswith("cuda")
    opened = open_engine(
        options.engine, options.scheduler, options.jobs, needs_gpu, options.jobs_per_gpu
    )
    if opened is None:
        return None, None
    try:
        return opened, ask_worker(opened, *asks_for, say).device
    except BaseException:
        opened.close()
        raise
