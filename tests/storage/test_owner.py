"""Which process something belongs to, and whether it lives."""

import os
import platform
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmark.storage import owner as module
from benchmark.storage.owner import Owner, process_lives, temporary_path, this_machine


def test_this_process_lives_and_each_use_has_its_token():
    first, second = Owner.this_process(), Owner.this_process()
    assert (first.process, first.host) == (os.getpid(), platform.node())
    assert first.lives() is not False
    assert first != second
    assert replace(first, token=second.token) == second
    assert first.name == f"{platform.node()}, process {os.getpid()}"


def test_a_process_that_has_ended_does_not_live():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        owner = replace(Owner.this_process(), process=other.pid, process_start=0)
        assert owner.lives() is None, "when it began is not known: another one may have its number"
    assert owner.lives() is False


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_a_process_whose_parent_has_not_asked_yet_has_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        other.stdin.close()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not process_lives(other.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_a_number_that_is_used_again_is_another_process():
    owner = Owner.this_process()
    assert owner.process_start
    assert owner.lives()
    assert not replace(owner, process_start=owner.process_start - 1).lives()


def test_of_another_machine_nothing_is_known(monkeypatch):
    owner = Owner.this_process()
    monkeypatch.setattr(platform, "node", lambda: "host-b")
    assert owner.lives() is None


def test_a_machine_that_was_started_again_counts_its_processes_anew(monkeypatch):
    before = this_machine()
    monkeypatch.setattr(module, "_boot", lambda: "another start")
    assert this_machine() != before


def test_a_container_counts_its_processes_anew(monkeypatch):
    before = this_machine()
    monkeypatch.setattr(module.os, "readlink", lambda _: "pid:[1]")
    assert this_machine() != before


def test_names_of_temporary_files_differ(tmp_path):
    first, second = (temporary_path(tmp_path / "file") for _ in range(2))
    assert first != second
    assert first.parent == tmp_path
    assert first.name.startswith(".file.")
