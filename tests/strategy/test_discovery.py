"""Strategies of installed packages are imported when they are named, and not before."""

import shutil
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import strategies
from benchmark.strategy import discovery
from benchmark.strategy.registration import STRATEGIES
from benchmark.strategy.registry import registered

SCRIPT = Path(sys.executable).with_name("imbalance-bench")
GOOD = '''
from benchmark.strategy import Strategy, strategy

@strategy
def mine() -> Strategy:
    """Mine."""
    return Strategy()
'''
BUILT_ON = """
from benchmark.strategy import find, strategy

@strategy
def {name}():
    "Mine."
    return find("{base}")
"""


def install(site: Path, name: str, source: str) -> None:
    """Install as pip would: a module, and metadata with an entry point."""
    (site / f"{name}.py").write_text(source)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[imbalance_bench.strategies]\n{name} = {name}\n")


@pytest.fixture
def site(tmp_path):
    """A folder of two good packages, one built on the other, and each kind of broken one."""
    install(tmp_path, "good_package", GOOD)
    install(tmp_path, "bad_package", GOOD.replace("mine", "half") + "import nothing_of_that_name")
    install(tmp_path, "clashing_package", GOOD.replace("mine", "no_change"))
    install(tmp_path, "exiting_package", GOOD.replace("mine", "left") + "raise SystemExit(3)")
    install(tmp_path, "a_package", BUILT_ON.format(name="above", base="mine"))
    install(tmp_path, "unbuilt_package", BUILT_ON.format(name="unbuilt", base="nothing_such"))
    return tmp_path


def run_python(site, *arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=site,
        env={"PYTHONPATH": f"{site}:{':'.join(sys.path[1:])}:{Path.cwd()}", "PATH": ""},
    )


def test_packages_that_are_not_named_run_no_code(site):
    install(site, "noisy_package", GOOD + "print('I am imported')")
    process = run_python(site, "-m", "benchmark", "list")
    assert process.returncode == 0, process.stderr
    assert "I am imported" not in process.stdout
    assert "mine" not in process.stdout
    _, _, named = process.stdout.partition("installed packages with strategies (--plugin)")
    assert "noisy_package" in named
    assert "bad_package" in named


def test_a_package_without_a_name_stops_no_list(site):
    install(site, "nameless_package", GOOD)
    (site / "nameless_package-1.0.dist-info" / "METADATA").unlink()
    process = run_python(site, "-m", "benchmark", "list")
    assert process.returncode == 0, process.stderr
    assert "  nameless_package\n" in process.stdout


def test_a_named_package_brings_its_strategies_and_errors_of_broken_ones_are_kept(site):
    code = """
        from benchmark.plugins import load_plugins, names_from
        from benchmark.strategy.registry import broken, find, groups, registered
        load_plugins(["good_package", "a_package", "bad_package", "clashing_package"])
        load_plugins(["exiting_package", "unbuilt_package"])
        print("mine" in registered(), "mine" in groups()["all"], "above" in registered())
        print([name for name in ("half", "left", "unbuilt") if name in registered()])
        print(find("no_change").stages[0].fraction, next(iter(registered())))
        print(names_from("good_package"), names_from("a_package"))
        print(sorted(broken.items()))
        """
    process = run_python(site, "-c", textwrap.dedent(code))
    assert process.returncode == 0, process.stderr
    good, bad, built_in, names, errors = process.stdout.splitlines()
    assert good == "True True True"
    assert bad == "[]"
    assert built_in == "1.0 no_change"
    assert names == "['mine'] ['above']"
    assert (
        "('bad_package', \"ModuleNotFoundError: No module named 'nothing_of_that_name'\")" in errors
    )
    assert "('clashing_package', \"ValueError: there is a strategy 'no_change' already" in errors
    assert "SystemExit: it called sys.exit(3)" in errors
    assert "('unbuilt_package', \"ValueError: unknown strategy 'nothing_such'" in errors


def test_another_process_imports_the_packages_that_were_named(site):
    code = """
        import pickle, subprocess, sys
        from benchmark.plugins import Plugins, load_plugins
        load_plugins(["good_package"])
        sent = pickle.dumps(Plugins())
        there = "import pickle, sys; pickle.load(sys.stdin.buffer); "
        there += "from benchmark.strategy.registry import registered; print('mine' in registered())"
        print(subprocess.run([sys.executable, "-c", there], input=sent, capture_output=True).stdout)
        """
    process = run_python(site, "-c", textwrap.dedent(code))
    assert "True" in process.stdout, process.stderr


def test_a_plug_in_that_does_not_exist_is_told_from_the_packages_that_do(site):
    process = run_python(site, "-m", "benchmark", "list", "--plugin", "god_package")
    assert process.returncode == 2
    assert "plug-in god_package: no such file, and no installed package" in process.stderr
    assert "a_package, bad_package, clashing_package" in process.stderr


def test_list_shows_broken_packages_and_files(site, tmp_path):
    file = tmp_path / "typo.py"
    file.write_text("x = (")
    named = ["--plugin", file, "--plugin", "bad_package", "--plugin", "good_package"]
    process = run_python(site, "-m", "benchmark", "list", *named)
    assert process.returncode == 0, process.stderr
    _, _, broken = process.stdout.partition("broken plug-ins")
    assert "bad_package" in broken
    assert f"{file}\n      SyntaxError" in broken
    assert "mine" in process.stdout


def test_a_new_built_in_strategy_is_one_file_in_the_folder(tmp_path):
    shutil.copytree(Path(strategies.__file__).parent, tmp_path / "strategies")
    (tmp_path / "strategies" / "mine.py").write_text(GOOD)
    code = """
        import pathlib
        from benchmark.strategy import discovery
        from benchmark.strategy.registry import groups
        discovery.BUILT_IN = pathlib.Path("strategies").resolve()
        print(groups()["all"])
        """
    process = run_python(tmp_path, "-c", textwrap.dedent(code))
    assert process.returncode == 0, process.stderr
    assert process.stdout.rstrip().endswith("'threshold_moving', 'mine')")


def test_the_built_in_strategies_come_by_an_entry_point():
    (point,) = (
        point
        for point in entry_points(group=discovery.GROUP)
        if point.dist and point.dist.name == discovery.DISTRIBUTION
    )
    assert point.module == "strategies"
    assert all(
        entry.build.__module__ == f"strategies.{name}" for name, entry in registered().items()
    )


FOREIGN = "raise SystemExit('a file of the user')"


@pytest.mark.parametrize("file", ["strategies.py", "strategies/__init__.py", "strategies/a.py"])
def test_a_file_of_the_users_is_not_taken_for_the_built_in_strategies(tmp_path, file):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(FOREIGN)
    code = "from benchmark.strategy.registry import find; print(find('no_change'))"
    process = run_python(tmp_path, "-c", code)
    assert process.stdout.startswith("Strategy("), process.stderr


def test_a_module_of_that_name_that_is_imported_already_is_refused(tmp_path):
    (tmp_path / "strategies.py").write_text("mine = 1")
    code = "import strategies; from benchmark.strategy.registry import find; find('no_change')"
    process = run_python(tmp_path, "-c", code)
    assert f"ValueError: this process has imported {tmp_path / 'strategies.py'}" in process.stderr


def test_a_folder_named_benchmark_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "benchmark").mkdir()
    environment = {"PATH": "", "PYTHONPATH": ":".join(sys.path[1:])}
    process = subprocess.run(
        [sys.executable, "-m", "benchmark", "list"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    installed_as_files = process.returncode == 0
    message = f"error: {tmp_path / 'benchmark'} hides the package of this project"
    assert installed_as_files or process.stderr.startswith(message)


@pytest.mark.parametrize("words", [["-m", "benchmark"], [SCRIPT]])
def test_files_named_as_libraries_are_not_run(tmp_path, words):
    for name in ("random", "torch", "numpy", "strategies", "results", "queue", "pandas"):
        (tmp_path / f"{name}.py").write_text(FOREIGN)
    process = subprocess.run(
        [sys.executable, *map(str, words), "list"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": ""},
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "no_change" in process.stdout


def test_without_an_installation_the_error_says_what_to_do(monkeypatch):
    monkeypatch.setattr(discovery, "_started", set())
    monkeypatch.setattr(discovery, "entry_points", lambda group: [])
    with pytest.raises(ValueError, match=r"imbalance-bench is not installed.*pip install -e \."):
        registered()
    assert STRATEGIES, "nothing is forgotten"
