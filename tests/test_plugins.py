"""Python files with strategies: what they register, and what happens to a broken one."""

import pickle
import sys
from pathlib import Path

import pytest

from benchmark import plugins
from benchmark.plugins import (
    Plugins,
    check_unedited,
    load_plugin,
    load_plugins,
    loaded_files,
    names_from,
    unload_plugin,
)
from benchmark.strategy import Strategy, find, registry
from benchmark.strategy.fingerprint import file_hash, fingerprint
from benchmark.strategy.imported_files import loaded_text

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
        (
            "x = 1\nraise SystemExit('run me alone')",
            r"it called sys.exit\('run me alone'\) \(line 2\)",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy:\n"
            "  'Mine.'\n  return Strategy(1 / 0)",
            r"ZeroDivisionError: division by zero \(line 5\)",
        ),
        (
            "from benchmark.strategy import *\n@strategy\ndef a() -> Strategy:\n"
            "  'Mine.'\n  return Stage()",
            "a returned an object of type Stage; return a Strategy",
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


@pytest.mark.parametrize("name", ["no_change again", "a:b=1", "", "a\nb"])
def test_a_name_that_can_not_be_selected_breaks_its_file_alone(tmp_path, name):
    files = [tmp_path / "bad.py", tmp_path / "good.py"]
    for file, given in zip(files, (name, "good"), strict=True):
        file.write_text(
            "from benchmark.strategy import Strategy, strategy\n"
            "def build() -> Strategy:\n"
            "    'Mine.'\n"
            "    return Strategy()\n"
            f"build.__name__ = {given!r}\n"
            "strategy(build)\n"
        )
    load_plugins(files)
    assert "can't be the name of a strategy" in registry.broken.pop(str(files[0]))
    assert registry.resolve("good")[0].name == "good"
    assert registry.resolve("every")
    unload_plugin(files[1])


def test_a_link_that_loops_is_no_file(tmp_path):
    (tmp_path / "a.py").symlink_to(tmp_path / "a.py")
    with pytest.raises(FileNotFoundError, match=r"plug-in .*a\.py: no such file"):
        load_plugin(tmp_path / "a.py")


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


def test_a_file_may_be_edited_by_a_remark_after_it_was_sent(sent):
    file, pickled = sent
    file.write_text(GOOD + "# a remark\n")
    pickle.loads(pickled)
    check_unedited()


def test_a_file_that_was_edited_before_another_process_loaded_it_is_noticed(sent):
    file, pickled = sent
    file.write_text(GOOD + "x = 2\n")
    pickle.loads(pickled)
    with pytest.raises(ValueError, match=r".*mine\.py: it was edited after the run began"):
        check_unedited()


def test_an_edit_in_the_middle_of_a_run_changes_nothing_in_this_process(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    load_plugin(file)
    pickled, loaded, files = pickle.dumps(Plugins()), find("mine"), loaded_files()
    file.write_text(GOOD.replace("mine", "yours"))  # and not loaded
    pickle.loads(pickled)
    check_unedited()
    assert names_from(file) == ["mine"]
    assert find("mine") == loaded
    assert loaded_files() == files


def test_a_process_that_served_an_earlier_run_loads_what_was_edited(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(GOOD.replace("mine", "yours"))
    load_plugin(file)
    edited = pickle.dumps(Plugins())
    file.write_text(GOOD)
    load_plugin(file)  # as in a worker that was started before the edit
    file.write_text(GOOD.replace("mine", "yours"))
    pickle.loads(edited)
    assert names_from(file) == ["yours"]
    check_unedited()


def test_an_edit_of_this_project_in_the_middle_of_a_run_is_noticed(tmp_path, monkeypatch):
    pickled = pickle.dumps(Plugins())
    pickle.loads(pickled)
    check_unedited()
    monkeypatch.setattr(plugins, "package_hash", lambda name: "other")
    with pytest.raises(ValueError, match=r"benchmark/\w+: it was edited after the run began"):
        check_unedited()


def test_a_worker_that_has_an_earlier_state_of_an_installed_strategy_must_be_started_anew(
    monkeypatch,
):
    file = Path(sys.modules["strategies.mixup"].__file__)
    loaded_text(file, "strategies.mixup")
    sent = pickle.dumps(Plugins())
    pickle.loads(sent)
    check_unedited()
    plugins._sent[file] = "that of the edited file"
    monkeypatch.setattr(plugins, "_is_edited", lambda *_: True)
    with pytest.raises(ValueError, match=r"mixup\.py: .* start the process anew, if it is"):
        check_unedited()


LOSS = '''
from dataclasses import dataclass
from benchmark.strategy import Stage, Strategy, strategy
from {helper} import {used}

@dataclass(frozen=True)
class Loss:
    def __call__(self, logits, target, counts):
        return {used}

@strategy
def {name}() -> Strategy:
    """Mine."""
    return Strategy(stages=(Stage(loss=Loss()),))
'''


@pytest.fixture
def project(tmp_path):
    """A function that writes files into a folder that is not on the path; modules are forgotten."""
    before = set(sys.modules)

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def loss_of(name):
    """What the loss of a strategy returns, and its fingerprint."""
    loss = find(name).stages[0].loss
    return loss(0, 0, 0), fingerprint(loss)


def test_a_plugin_imports_files_beside_it(project):
    folder = project(mine=LOSS.format(name="mine", helper="h_a", used="G"), h_a="G = 1")
    load_plugin(folder / "mine.py")
    assert loss_of("mine")[0] == 1


def test_an_edited_file_beside_a_plugin_is_imported_anew(project):
    """Within a second, with the size as it was: bytecode would not notice."""
    mine = LOSS.format(name="mine", helper="h_b", used="G")
    folder = project(mine=mine, h_b="from h_b_inner import G", h_b_inner="G = 1")
    load_plugin(folder / "mine.py")
    _, before = loss_of("mine")
    project(h_b_inner="# a remark\nG = 1")
    load_plugin(folder / "mine.py")
    assert loss_of("mine") == (1, before)
    project(h_b_inner="G = 2")
    assert loss_of("mine") == (1, before), "not loaded yet"
    load_plugin(folder / "mine.py")
    value, after = loss_of("mine")
    assert value == 2
    assert after != before


def test_two_plugins_that_share_an_edited_file_are_both_right(project):
    folder = project(
        mine=LOSS.format(name="mine", helper="h_c", used="G"),
        yours=LOSS.format(name="yours", helper="h_c", used="G"),
        h_c="G = 1",
    )
    for name in ("mine", "yours"):
        load_plugin(folder / f"{name}.py")
    before = {name: loss_of(name)[1] for name in ("mine", "yours")}
    project(h_c="G = 2")
    load_plugin(folder / "mine.py")  # a notebook names only the one that it works on
    for name in ("mine", "yours"):
        value, after = loss_of(name)
        assert value == 2
        assert after != before[name]


def test_an_edit_concerns_only_the_components_that_reach_it(project):
    text = LOSS.format(name="mine", helper="h_d", used="G") + (
        "from h_e import D\n@dataclass(frozen=True)\nclass Other:\n  x: int = 0\n"
        "  def __call__(self, logits, target, counts): return D\n"
        "@strategy\ndef other() -> Strategy:\n  'Mine.'\n"
        "  return Strategy(stages=(Stage(loss=Other()),))\n"
    )
    folder = project(mine=text, h_d="G = 1", h_e="D = 1")
    load_plugin(folder / "mine.py")
    before = {name: loss_of(name)[1] for name in ("mine", "other")}
    project(h_e="D = 2")
    load_plugin(folder / "mine.py")
    assert loss_of("mine") == (1, before["mine"])
    value, after = loss_of("other")
    assert value == 2
    assert after != before["other"]


def test_a_file_beside_a_plugin_hides_no_package(project):
    folder = project(
        mine="import random, numpy\nassert random.random() and numpy.pi\n" + GOOD,
        random="1 / 0",
        numpy="1 / 0",
        json="1 / 0",
    )
    load_plugin(folder / "mine.py")
    assert names_from(folder / "mine.py") == ["mine"]


@pytest.mark.parametrize(
    "name",
    [
        "strategies",
        "benchmark",
        "torch",
        "random",
        "my-plugin.v2",
        "1st try",
        "größe",
        "strategies/x",
    ],
)
def test_a_plugin_may_have_any_name(tmp_path, name):
    file = tmp_path / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("import torch, random, strategies, benchmark\n" + GOOD)
    load_plugin(file)
    assert names_from(file) == ["mine"]
    assert pickle.loads(pickle.dumps(registry.registered().get("mine").build)) is not None


def test_a_plugin_in_a_package_imports_from_it(tmp_path, project):
    package = tmp_path / "h_package"
    package.mkdir()
    project(**{"h_package/__init__": "", "h_package/losses": "G = 1"})
    project(**{"h_package/mine": LOSS.format(name="mine", helper="h_package.losses", used="G")})
    load_plugin(package / "mine.py")
    assert loss_of("mine")[0] == 1
    project(**{"h_package/mine": LOSS.format(name="mine", helper=".losses", used="G")})
    with pytest.raises(ValueError, match=r"by its name alone, without a dot before it"):
        load_plugin(package / "mine.py")


@pytest.mark.parametrize(
    ("helper", "message"),
    [
        ("x = 1\ny = 1 / 0", r"ZeroDivisionError: division by zero \(h_f.py, line 2\)"),
        ("x = 1\ny = (", r"SyntaxError: .*\(h_f.py, line 2\)"),
        ("import nothing_such", r"No module named 'nothing_such' \(h_f.py, line 1\)"),
        ("x = 1", r"cannot import name 'G' from 'h_f' .*\(line 4\)"),
    ],
)
def test_an_error_in_a_second_file_has_its_name_and_line_and_can_be_mended(
    project, helper, message
):
    folder = project(mine=LOSS.format(name="mine", helper="h_f", used="G"), h_f=helper)
    with pytest.raises(ValueError, match=message):
        load_plugin(folder / "mine.py")
    project(h_f="G = 1")
    load_plugin(folder / "mine.py")
    assert loss_of("mine")[0] == 1


def test_a_name_that_is_hidden_by_a_package_is_told(project):
    folder = project(
        mine=LOSS.format(name="mine", helper="strategies", used="my_loss"), strategies="my_loss = 1"
    )
    with pytest.raises(ValueError, match=r"strategies\.py is hidden by the module strategies of "):
        load_plugin(folder / "mine.py")


def test_two_folders_with_a_file_of_the_same_name_are_refused(tmp_path, project):
    for number in (1, 2):
        (tmp_path / f"f{number}").mkdir()
        text = LOSS.format(name=f"mine{number}", helper="h_g", used="G")
        project(**{f"f{number}/mine": text, f"f{number}/h_g": f"G = {number}"})
    load_plugin(tmp_path / "f1" / "mine.py")
    with pytest.raises(ValueError, match=r"it imports h_g, which is .*f1/h_g\.py .*f2/h_g"):
        load_plugin(tmp_path / "f2" / "mine.py")
    assert loss_of("mine1")[0] == 1


def test_modules_that_no_text_shows_are_part_of_the_key(project):
    text = LOSS.format(name="mine", helper="h_h", used="G").replace(
        "\nfrom", "\nimport importlib\nfor n in ('j',): importlib.import_module('h_' + n)\nfrom", 1
    )
    folder = project(mine=text, h_h="G = 1", h_j="import h_h\nh_h.G = 5")
    load_plugin(folder / "mine.py")
    value, before = loss_of("mine")
    assert value == 5
    project(h_j="import h_h\nh_h.G = 6")
    load_plugin(folder / "mine.py")
    value, after = loss_of("mine")
    assert value == 6
    assert after != before


def test_a_file_that_is_imported_later_is_that_of_the_key(project):
    """A loss may import when it is called; an edit before that is one in the middle of a run."""
    text = LOSS.format(name="mine", helper="h_l", used="G").replace("from h_l import G\n", "")
    text = text.replace("        return G", "        from h_l import G\n        return G")
    folder = project(mine=text, h_l="G = 1")
    load_plugin(folder / "mine.py")
    project(h_l="G = 2")
    value, before = loss_of("mine")
    assert value == 1
    load_plugin(folder / "mine.py")
    value, after = loss_of("mine")
    assert value == 2
    assert after != before


def test_what_an_earlier_run_imported_in_a_call_is_imported_anew_by_a_worker(project):
    """No hash is of it, since no text shows it."""
    text = LOSS.format(name="mine", helper="h_m", used="G").replace("from h_m import G\n", "")
    text = text.replace("        return G", "        return __import__('h_' + 'm').G")
    folder = project(mine=text, h_m="G = 1")
    load_plugin(folder / "mine.py")
    sent = pickle.dumps(Plugins())
    assert loss_of("mine")[0] == 1
    project(h_m="G = 2")
    pickle.loads(sent)
    assert loss_of("mine")[0] == 2


def test_a_built_in_strategy_that_a_plugin_calls_is_part_of_its_key(project):
    folder = project(mine=LOSS.format(name="mine", helper="strategies.mixup", used="Mixup"))
    load_plugin(folder / "mine.py")
    source = fingerprint(find("mine").stages[0].loss)["source"]
    assert file_hash(Path(sys.modules["strategies.mixup"].__file__)) in source
    assert file_hash(Path(sys.modules["strategies"].__file__)) not in source
    unload_plugin(folder / "mine.py")
    assert "strategies.mixup" in sys.modules, "the built-in strategy still needs it"


def test_no_bytecode_is_left_in_the_users_folder(project):
    folder = project(mine=LOSS.format(name="mine", helper="h_k", used="G"), h_k="G = 1")
    load_plugin(folder / "mine.py")
    assert {file.name for file in folder.iterdir()} == {"mine.py", "h_k.py"}
