"""A worker in other processes."""

import pickle

import pytest

from benchmark import plugins
from benchmark.execution.worker import Worker
from benchmark.plugins import load_plugin, loaded_files


@pytest.mark.usefixtures("forgotten")
def test_it_brings_the_plugins_wherever_it_is_sent_also_from_there(tmp_path):
    file = tmp_path / "elsewhere.py"
    file.write_text(
        "from benchmark.strategy import *\n@strategy\ndef elsewhere() -> Strategy:\n"
        "  'Mine.'\n  return Strategy()"
    )
    load_plugin(file)
    sent = pickle.dumps(Worker(None, None, 1))
    for _ in range(2):
        plugins._loaded.clear()  # as in a process that has not seen it
        sent = pickle.dumps(pickle.loads(sent))
        assert list(loaded_files()) == [file]
