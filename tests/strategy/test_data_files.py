"""Data that a plug-in reads while it is imported: an edit of it changes its key, and no other's."""

import json
import pickle

import pytest

from benchmark.contract.key import key_of
from benchmark.plugins import Plugins, check_unedited, load_plugin, unload_plugin
from benchmark.strategy import find

PLUGIN = """
from dataclasses import dataclass
from pathlib import Path
from benchmark.strategy import Stage, Strategy, strategy
{imports}

@dataclass(frozen=True)
class Mine:
    def __call__(self, logits, target, counts):
        return logits.sum(1) * {value}

@strategy
def mine() -> Strategy:
    "Mine."
    return Strategy(stages=(Stage(loss=Mine()),))
"""
READ = "import json\nCONFIG = json.loads((Path(__file__).parent / 'c.json').read_text())"
HELPER = f"from pathlib import Path\n{READ}\ndef gamma(): return CONFIG['gamma']\n"

pytestmark = pytest.mark.usefixtures("forgotten")


@pytest.fixture
def key(tmp_path):
    """A function that writes the data, loads the plug-in and returns its key."""

    def load(gamma):
        (tmp_path / "c.json").write_text(json.dumps({"gamma": gamma}))
        load_plugin(tmp_path / "mine.py")
        return key_of(find("mine"))

    return load


@pytest.mark.parametrize(
    ("imports", "value"),
    [
        (READ, "CONFIG['gamma']"),
        ("from data_helper import gamma", "gamma()"),
        ("import data_helper", "data_helper.CONFIG['gamma']"),
    ],
)
def test_data_that_are_read_at_the_import_are_part_of_the_key(tmp_path, key, imports, value):
    (tmp_path / "data_helper.py").write_text(HELPER)
    (tmp_path / "mine.py").write_text(PLUGIN.format(imports=imports, value=value))
    plain = key_of(find("no_change"))
    first = key(1)
    assert key(1) == first
    assert key(2) != first
    assert key(1) == first
    assert key_of(find("no_change")) == plain


def test_what_a_plug_in_writes_or_a_package_reads_is_no_part_of_it(tmp_path, key):
    imports = "import json, csv, numpy\n(Path(__file__).parent / 'log.txt').open('a').write('x')"
    (tmp_path / "mine.py").write_text(PLUGIN.format(imports=imports, value="1"))
    assert key(1) == key(2)


def sent_by_another_run(tmp_path, gamma):
    """Return the plug-ins of a process that has loaded these data; here it is not loaded."""
    (tmp_path / "c.json").write_text(json.dumps({"gamma": gamma}))
    load_plugin(tmp_path / "mine.py")
    sent = pickle.dumps(Plugins())
    unload_plugin(tmp_path / "mine.py")
    return sent


def test_a_worker_that_served_an_earlier_run_reads_edited_data_anew(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN.format(imports=READ, value="CONFIG['gamma']"))
    first, second = (sent_by_another_run(tmp_path, gamma) for gamma in (1, 2))
    (tmp_path / "c.json").write_text('{"gamma": 1}')
    pickle.loads(first)
    check_unedited()
    before = key_of(find("mine"))
    (tmp_path / "c.json").write_text('{"gamma": 2}')
    pickle.loads(second)
    check_unedited()
    assert key_of(find("mine")) != before


def test_a_worker_that_reads_other_data_than_the_run_says_so(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN.format(imports=READ, value="CONFIG['gamma']"))
    sent = sent_by_another_run(tmp_path, 1)
    (tmp_path / "c.json").write_text('{"gamma": 2}')
    pickle.loads(sent)
    with pytest.raises(ValueError, match=r"mine\.py: it was edited .*, or data that it reads"):
        check_unedited()
