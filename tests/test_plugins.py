"""Python files with strategies: what they register, and what happens to a broken one."""

import os
import pickle

import pytest

from benchmark.plugins import (
    Plugins,
    check_unedited,
    is_edited,
    load_plugin,
    load_plugins,
    loaded_files,
    names_from,
    unload_plugin,
)
from benchmark.strategy import Strategy, find, registry

GOOD = '''
from benchmark.strategy import Stage, Strategy, strategy

@strategy
def mine() -> Strategy:
    """Mine."""
    return Strategy()
'''


pytestmark = pytest.mark.usefixtures("forgotten")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name", "ModuleNotFoundError"),
        ("x = 1", "decorated with @strategy or @backbone"),
        ("x = 1\ny = 1 / 0", r"ZeroDivisionError: division by zero \(line 2\)"),
        ("x = 1\ny = (", r"SyntaxError: .*\(line 2\)"),
        ("x = 1\nraise SystemExit('run me alone')", r"SystemExit: run me alone \(line 2\)"),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy:\n"
            "  'Mine.'\n  return Strategy(1 / 0)",
            r"ZeroDivisionError: division by zero \(line 5\)",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy:\n"
            "  'Mine.'\n  return Stage()",
            r"a returned Stage\(.*; return a Strategy",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy: return Strategy()",
            "needs a docstring",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef no_change() -> Strategy:\n"
            "  'Mine.'\n  return Strategy()",
            "there is a strategy 'no_change' already, in no_change.py; give the one in broken.py",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a(b: int) -> Strategy:\n"
            "  'Mine.'\n  return Strategy()",
            "every parameter needs a default",
        ),
    ],
)
def test_a_broken_plugin_says_what_is_wrong(tmp_path, text, message):
    plugin = tmp_path / "broken.py"
    plugin.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_plugin(plugin)
    assert find("no_change") == Strategy()
    assert "a" not in registry.registered()


def test_a_missing_plugin_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        load_plugin("nowhere.py")


def test_a_file_registers_all_of_its_strategies_or_none(tmp_path):
    file = tmp_path / "half.py"
    file.write_text(GOOD + "1 / 0")
    with pytest.raises(ValueError, match=r"division by zero \(line 8\)"):
        load_plugin(file)
    assert "mine" not in registry.registered()
    file.write_text(GOOD)
    load_plugin(file)
    assert names_from(file) == ["mine"]


def test_the_error_of_a_broken_file_is_kept_and_others_are_loaded(tmp_path):
    broken, good = tmp_path / "broken.py", tmp_path / "good.py"
    broken.write_text("1 / 0")
    good.write_text(GOOD)
    load_plugins([broken, good])
    assert registry.broken == {str(broken): "ZeroDivisionError: division by zero (line 1)"}
    assert find("mine") == Strategy()
    with pytest.raises(ValueError, match=r"unknown strategy 'yours'.*broken.py is broken: ZeroDiv"):
        find("yours")
    broken.write_text(GOOD.replace("mine", "yours"))
    load_plugins([broken])
    assert not registry.broken
    assert find("yours") == Strategy()


def test_a_file_broken_by_an_edit_is_not_sent_to_workers(tmp_path):
    file = tmp_path / "edited.py"
    file.write_text(GOOD)
    load_plugins([file])
    assert list(loaded_files()) == [file]
    file.write_text(GOOD + "1 / 0")
    load_plugins([file])
    assert not loaded_files()
    assert "mine" not in registry.registered()


def test_a_file_can_be_unloaded(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    load_plugin(file)
    unload_plugin(file)
    assert "mine" not in registry.registered()
    assert not loaded_files()
    assert not names_from(file)


def test_two_files_of_the_same_name_are_two_plugins(tmp_path):
    files = [tmp_path / folder / "mine.py" for folder in ("a", "b")]
    for file, name in zip(files, ("mine", "yours"), strict=True):
        file.parent.mkdir()
        file.write_text(GOOD.replace("mine", name))
        load_plugin(file)
    assert [names_from(file) for file in files] == [["mine"], ["yours"]]


@pytest.fixture
def sent(tmp_path):
    """A file, and what a process that has loaded it sends; here it is not loaded, as elsewhere."""
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    load_plugin(file)
    pickled = pickle.dumps(Plugins())
    unload_plugin(file)
    return file, pickled


def test_unpickling_the_plugins_loads_changed_files(sent):
    file, pickled = sent
    pickle.loads(pickled)
    assert names_from(file) == ["mine"]


def test_unpickling_the_plugins_loads_a_file_in_its_edited_state(tmp_path):
    file = tmp_path / "mine.py"

    def load(name, changed):
        file.write_text(GOOD.replace("mine", name))
        os.utime(file, ns=(changed, changed))
        load_plugin(file)
        return pickle.dumps(Plugins())

    edited = load("yours", 2_000_000_000)
    load("mine", 1_000_000_000)  # as in a worker that was started before the edit
    file.write_text(GOOD.replace("mine", "yours"))
    os.utime(file, ns=(2_000_000_000,) * 2)
    pickle.loads(edited)
    assert names_from(file) == ["yours"]
    assert loaded_files() == {file: 2_000_000_000}
    check_unedited()


def test_a_file_that_was_edited_before_another_process_loaded_it_is_noticed(sent):
    file, pickled = sent
    pickle.loads(pickled)
    check_unedited()
    unload_plugin(file)
    os.utime(file, ns=(1, 1))
    pickle.loads(pickled)
    with pytest.raises(ValueError, match=r"plug-in .*mine\.py: it was edited after the run began"):
        check_unedited()
    unload_plugin(file)
    check_unedited()


def test_unpickling_the_plugins_leaves_a_file_in_the_state_in_which_it_was_pickled(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    load_plugin(file)
    pickled, loaded = pickle.dumps(Plugins()), find("mine")
    file.write_text(GOOD.replace("mine", "yours"))  # and not loaded
    os.utime(file, ns=(1, 1))
    pickle.loads(pickled)
    assert names_from(file) == ["mine"]
    assert find("mine") == loaded


def test_a_file_is_edited_until_it_is_loaded_again(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    load_plugin(file)
    assert not is_edited()
    os.utime(file, ns=(1, 1))
    assert is_edited()
    load_plugin(file)
    assert not is_edited()
    file.unlink()
    assert is_edited()
