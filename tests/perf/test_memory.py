"""Memory of a tree of processes."""

import os
import time

from tests.perf.memory import MemoryMonitor, descendants


def test_a_tree_of_processes_begins_with_its_root():
    assert descendants(os.getpid())[0] == os.getpid()
    with MemoryMonitor(os.getpid()) as monitor:
        time.sleep(0.1)
    assert monitor.peak["all"] > 2**20
