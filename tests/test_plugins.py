"""Files and installed packages that bring strategies; what is broken of them stops nothing else."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from benchmark.plugins import brought_by, load_plugin, load_plugins, loaded_files
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
    ("text", "says"),
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
def test_a_broken_plugin_says_what_is_wrong(tmp_path, text, says):
    plugin = tmp_path / "broken.py"
    plugin.write_text(text)
    with pytest.raises(ValueError, match=says):
        load_plugin(plugin)
    assert find("no_change") == Strategy()
    assert "a" not in registry.registered()


def test_a_missing_plugin_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        load_plugin("nowhere.py")


def test_a_file_brings_all_of_what_it_has_or_nothing(tmp_path):
    file = tmp_path / "half.py"
    file.write_text(GOOD + "1 / 0")
    with pytest.raises(ValueError, match=r"division by zero \(line 8\)"):
        load_plugin(file)
    assert "mine" not in registry.registered()
    file.write_text(GOOD)
    load_plugin(file)
    assert brought_by(file) == ["mine"]


def test_a_broken_file_is_kept_with_its_error_and_stops_nothing_else(tmp_path):
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


def test_a_file_that_an_edit_breaks_is_not_sent_to_workers(tmp_path):
    file = tmp_path / "edited.py"
    file.write_text(GOOD)
    load_plugins([file])
    assert list(loaded_files()) == [file]
    file.write_text(GOOD + "1 / 0")
    load_plugins([file])
    assert not loaded_files()
    assert "mine" not in registry.registered()


# ---- installed packages ----------------------------------------------------------------------


def install(site: Path, name: str, source: str) -> None:
    """As pip would: a module, and metadata with an entry point."""
    (site / f"{name}.py").write_text(source)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[imbalance_bench.strategies]\n{name} = {name}\n")


@pytest.fixture
def site(tmp_path):
    """Good packages, of which one builds on another, and each kind of bad one."""
    install(tmp_path, "good_package", GOOD)
    install(tmp_path, "bad_package", GOOD.replace("mine", "half") + "import nothing_of_that_name")
    install(tmp_path, "clashing_package", GOOD.replace("mine", "no_change"))
    install(tmp_path, "exiting_package", GOOD.replace("mine", "left") + "raise SystemExit(3)")
    on = 'from benchmark.strategy import find, strategy\n@strategy\ndef {}():\n    "Mine."\n'
    install(tmp_path, "a_package", on.format("above") + '    return find("mine")')
    install(tmp_path, "unbuilt_package", on.format("unbuilt") + '    return find("nothing_such")')
    return tmp_path


def in_a_process(site, *words):
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{site}:{':'.join(sys.path[1:])}:{Path.cwd()}", "PATH": ""},
    )


def test_strategies_of_installed_packages_are_found_and_broken_ones_stop_nothing(site):
    code = """
        from benchmark.strategy.registry import broken, find, groups, registered
        print("mine" in registered(), "mine" in groups()["all"], "above" in registered())
        print([name for name in ("half", "left", "unbuilt") if name in registered()])
        print(find("no_change").stages[0].share)
        print(sorted(broken.items()))
        """
    done = in_a_process(site, "-c", textwrap.dedent(code))
    assert done.returncode == 0, done.stderr
    first, none, second, third = done.stdout.splitlines()
    assert first == "True True True"
    assert none == "[]"
    assert second == "1.0"
    assert (
        "('bad_package', \"ModuleNotFoundError: No module named 'nothing_of_that_name'\")" in third
    )
    assert "('clashing_package', \"ValueError: there is a strategy 'no_change' already" in third
    assert "('exiting_package', 'SystemExit: 3')" in third
    assert "('unbuilt_package', \"ValueError: unknown strategy 'nothing_such'" in third


def test_list_shows_what_is_broken(site, tmp_path):
    file = tmp_path / "typo.py"
    file.write_text("x = (")
    done = in_a_process(site, "-m", "benchmark", "list", "--plugin", file)
    assert done.returncode == 0, done.stderr
    _, _, said = done.stdout.partition("broken plug-ins, which stop nothing else")
    assert "bad_package" in said
    assert f"{file}\n      SyntaxError" in said
    assert "mine" in done.stdout
