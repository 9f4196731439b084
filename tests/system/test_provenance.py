"""What the manifest of a run says about the machine and the code."""

import subprocess

import benchmark
from benchmark.system import provenance
from benchmark.system.device import Device
from benchmark.system.provenance import environment, git_commit


def test_the_environment_names_versions_and_hardware(monkeypatch):
    monkeypatch.setattr(provenance, "cores", lambda: 1)
    monkeypatch.setattr(provenance.os, "cpu_count", lambda: 2)
    facts = environment(Device("cpu", "float32", "a processor", "2.10.0"))
    assert facts["benchmark"] == benchmark.__version__
    assert facts["torch"] == "2.10.0"
    assert facts["device"] == "a processor, 1 thread of 2 cores"
    assert environment(Device("cuda", "bfloat16", "a GPU", "2.10.0"))["device"] == "a GPU"


def test_the_commit_is_that_of_the_checkout_and_none_without_git(monkeypatch, tmp_path):
    def no_git(*_, **__):
        raise FileNotFoundError("git")

    (tmp_path / "benchmark").mkdir()
    monkeypatch.setattr(benchmark, "__file__", str(tmp_path / "benchmark" / "__init__.py"))
    assert git_commit() is None, "no checkout"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert head.stdout.startswith(git_commit())
    monkeypatch.setattr(provenance.subprocess, "run", no_git)
    assert git_commit() is None, "no git"
