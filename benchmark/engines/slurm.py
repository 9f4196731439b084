"""Calls as jobs of SLURM, through submitit: no scheduler of ours, a job for each call.

Its parameters are submitit's, as in ``slurm:partition=gpu,timeout_min=240,gpus_per_node=1``;
``slurm:cluster=local`` does the same on this machine, to try it. Calls, results and logs pass
through a folder that all machines see. https://github.com/facebookincubator/submitit
"""

import shutil
import subprocess
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import submitit

from benchmark.engines.lost_calls import last_lines
from benchmark.engines.slurm_jobs import SlurmExecutor
from benchmark.spec import BOOLEANS, did_you_mean, split_parameters

SECONDS_FOR_SACCT = 60.0
DEFAULTS = {"timeout_min": 240, "name": "imbalance-bench"}
FOLDER = "slurm-jobs"
MAX_NUM_TIMEOUT = 20  # times that a job goes back to the queue since its time was over
# a call is one process, and jobs are submitted one by one
NOT_OFFERED = {"nodes", "tasks_per_node", "ntasks_per_node", "array_parallelism", "job_name"}
NOT_WRITTEN = {"additional_parameters", "use_srun"}  # in this grammar
GPU_PARAMETERS = ("gpus_per_node", "gpus_per_task", "num_gpus", "gres")


class SlurmEngine:
    """Jobs of SLURM; see `benchmark.engines.engine`. A job that is lost fails its call at once.

    Parameters
    ----------
    jobs
        At most so many jobs at the same time, in the queue too. None: all of them.
    needs_gpu
        Whether each job gets a GPU, unless the parameters ask for GPUs by themselves.
    cores
        Of this machine, for ``cluster=local``.
    parameters
        As the user writes them: submitit's, ``cluster``, ``max_num_timeout`` and ``folder``, which
        must be on a file system that all machines see (``slurm-jobs`` in the working folder).
    """

    name = "slurm"

    def __init__(
        self,
        jobs: int | None,
        needs_gpu: bool,
        jobs_per_gpu: int,
        cores: int,
        parameters: str = "",
    ) -> None:
        given = read_parameters(parameters)
        cluster = given.pop("cluster", "slurm")
        if cluster not in ("slurm", "local"):
            raise ValueError(f"--engine slurm: cluster={cluster} is not allowed; slurm or local is")
        self.is_local = cluster == "local"
        self._jobs = jobs or (cores if self.is_local else None)
        threads = max(1, cores // (self._jobs or 1)) if self.is_local else None
        self._threads: int | None = given.get("cpus_per_task", threads)
        if needs_gpu and not any(name in given for name in GPU_PARAMETERS):
            if jobs_per_gpu > 1:
                raise ValueError(
                    f"--jobs-per-gpu {jobs_per_gpu}: SLURM gives whole GPUs to a job. Where its "
                    "administrator offers shards, use --engine slurm:gres=shard:N"
                )
            given["gpus_per_node"] = 1
        self._folder = Path(str(given.pop("folder", FOLDER))).expanduser()
        self._cluster, self._parameters = cluster, given
        self._executor = self._open()

    def executor(self) -> Executor:
        """Return the executor."""
        return self._executor

    def slots(self) -> int | None:
        """Return `jobs`."""
        return self._jobs

    def threads(self) -> int | None:
        """Return ``cpus_per_task``, if it is given."""
        return self._threads

    def close(self) -> None:
        """Cancel what is left."""
        self._executor.end()

    def _open(self) -> SlurmExecutor:
        if not self.is_local:
            _require_slurm()
        parameters = {**DEFAULTS, **self._parameters}
        most = parameters.pop("max_num_timeout", MAX_NUM_TIMEOUT)
        executor = submitit.AutoExecutor(
            self._folder, cluster=self._cluster, **{f"{self._cluster}_max_num_timeout": most}
        )
        generic = executor._valid_parameters()
        try:
            executor.update_parameters(
                **{k if k in generic else f"slurm_{k}": v for k, v in parameters.items()}
            )
        except (AssertionError, NameError, ValueError, TypeError) as error:
            raise ValueError(f"--engine slurm: {error}") from None
        return SlurmExecutor(executor)


def read_parameters(text: str) -> dict[str, Any]:
    """Read ``partition=gpu,timeout_min=240`` by submitit's names.

    Raises
    ------
    ValueError
        For a name that submitit does not know, or that a call of one process can't have.
    """
    known = submitit.AutoExecutor._valid_parameters() | submitit.SlurmExecutor._valid_parameters()
    known = (known | {"cluster", "folder", "max_num_timeout"}) - NOT_OFFERED - NOT_WRITTEN
    given = split_parameters("--engine slurm", text)
    for name in given:
        if name not in known:
            raise ValueError(
                f"--engine slurm has no parameter {name!r}.{did_you_mean(name, known)} It takes "
                f"submitit's, which are sbatch's for the most part: {', '.join(sorted(known))}"
            )
    return {name: _value(name, value) for name, value in given.items()}


def _value(name: str, text: str) -> Any:
    if name in ("setup", "teardown"):  # a command of the shell
        return [text]
    if name == "srun_args":
        return text.split()
    if text.lower() in BOOLEANS and not text.isdigit():
        return BOOLEANS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _require_slurm() -> None:
    """Raise ConnectionError unless jobs can be submitted here, and sacct tells their state."""
    missing = [name for name in ("sbatch", "srun", "sacct", "scancel") if not shutil.which(name)]
    if missing:
        raise ConnectionError(
            f"--engine slurm: this machine has no command {', '.join(missing)}. Run it where jobs "
            "are submitted, or use slurm:cluster=local to try it on one machine"
        )
    command = ["sacct", "--noheader", "--jobs", "1"]
    try:
        subprocess.run(  # noqa: S603 - a constant
            command, check=True, capture_output=True, timeout=SECONDS_FOR_SACCT
        )
    except subprocess.TimeoutExpired:
        raise ConnectionError(
            f"--engine slurm: `{' '.join(command)}` has not answered for {SECONDS_FOR_SACCT:.0f} s"
        ) from None
    except subprocess.CalledProcessError as error:
        raise ConnectionError(
            f"--engine slurm: `{' '.join(command)}` fails, which must tell whether a job was lost: "
            f"{last_lines(error.stderr.decode(errors='replace'))}"
        ) from None
