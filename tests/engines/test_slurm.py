"""What the engine of SLURM takes, and what it asks of a job."""

import pytest

from benchmark.engines.slurm import SlurmEngine, read_parameters


def local(parameters="", jobs=None, needs_gpu=False, jobs_per_gpu=1):
    return SlurmEngine(
        jobs, needs_gpu, jobs_per_gpu, cores=8, parameters=f"cluster=local,{parameters}"
    )


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_values_have_the_types_of_submitit():
    text = "partition=gpu,timeout_min=30,mem_gb=1.5,exclusive=yes,gres=gpu:a100:1,setup=module a"
    assert read_parameters(text) == {
        "partition": "gpu",
        "timeout_min": 30,
        "mem_gb": 1.5,
        "exclusive": True,
        "gres": "gpu:a100:1",
        "setup": ["module a"],
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("partitoin=gpu", "no parameter 'partitoin'. Did you mean 'partition'?"),
        ("nodes=2", "no parameter 'nodes'"),
        ("partition", "not of the form name=value"),
        ("cluster=lokal", "cluster=lokal is not allowed; slurm or local is"),
        ("cluster=local,timeout_min=1.5", 'Parameter "timeout_min" expected type'),
    ],
)
def test_parameters_that_can_not_be(text, words):
    with pytest.raises(ValueError, match="--engine slurm") as raised:
        SlurmEngine(None, False, 1, cores=2, parameters=text)
    assert words in str(raised.value)


def test_slots_and_threads():
    assert (local().slots(), local().threads()) == (8, 1)
    assert (local(jobs=2).slots(), local(jobs=2).threads()) == (2, 4)
    assert local("cpus_per_task=3").threads() == 3


@pytest.mark.parametrize(
    ("written", "gpus"), [("", 1), ("gpus_per_node=2", 2), ("gres=gpu:1", None)]
)
def test_a_gpu_is_asked_for_unless_the_user_has(written, gpus):
    assert local(written, needs_gpu=True)._parameters.get("gpus_per_node") == gpus


def test_slurm_shares_no_gpu():
    with pytest.raises(ValueError, match="--jobs-per-gpu 2: SLURM gives whole GPUs"):
        local(needs_gpu=True, jobs_per_gpu=2)
    local("gres=shard:1", needs_gpu=True, jobs_per_gpu=2)


def test_a_machine_without_slurm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectionError, match="no command sbatch, srun, sacct, scancel"):
        SlurmEngine(None, False, 1, cores=2)
