"""Engines by name."""

import sys

import pytest

from benchmark.engines import registry
from benchmark.engines.registry import EXTRAS, open_engine


def open_it(spec, scheduler=None):
    return open_engine(spec, scheduler, jobs=1, needs_gpu=False, jobs_per_gpu=1)


def test_the_engine_of_this_machine_is_none_of_these():
    assert open_it("loky") is None


def test_parameters_reach_the_engine(tmp_path):
    engine = open_it(f"slurm:cluster=local,cpus_per_task=5,folder={tmp_path}/jobs")
    assert (engine.slots(), engine.threads(), engine.name) == (1, 5, "slurm")
    engine.close()


@pytest.mark.parametrize(
    ("spec", "scheduler", "words"),
    [
        ("dusk", None, "unknown engine 'dusk'. Did you mean 'dask'? Known: loky, dask, ray, slurm"),
        ("loky:a=1", None, "--engine loky has no parameter 'a'. It takes none"),
        ("dask:a=1", None, "--engine dask has no parameter 'a'. It takes none"),
        ("ray:cpus=1", None, "no parameter 'cpus'. Did you mean 'num_cpus'?"),
        ("ray:num_cpus=x", None, "num_cpus=x is not of type int"),
        ("loky", "tcp://a:1", "--scheduler tcp://a:1 is not allowed with --engine loky"),
        ("slurm", "tcp://a:1", "it goes with dask and ray"),
    ],
)
def test_what_can_not_be(spec, scheduler, words):
    with pytest.raises(ValueError, match="engine") as raised:
        open_it(spec, scheduler)
    assert words in str(raised.value)


@pytest.mark.parametrize(("name", "package"), EXTRAS.items())
def test_a_package_that_is_not_installed(name, package, monkeypatch):
    for module in [m for m in sys.modules if m.startswith(("benchmark.engines.", package))]:
        if module != registry.__name__:
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    words = rf"--engine {name} needs the package {package}: pip install 'imbalance-bench\[{name}\]'"
    with pytest.raises(ModuleNotFoundError, match=words):
        open_it(name)
