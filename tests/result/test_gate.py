"""The gate: which strategy is held to requirements, and what fails it."""

import pytest

import benchmark
from benchmark.analysis.choice import best_on_validation
from benchmark.analysis.comparison import load_comparison
from benchmark.execution.run_folder import RunFolder
from tests.report.fabricate import fabricate_run
from tests.report.sweep.sweeps import grid_folder

HOW = {"classes": ("cat", "dog", "owl"), "images": 200, "seeds": (0, 1)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run."""
    folder = tmp_path_factory.mktemp("gate") / "run"
    fabricate_run("run", **HOW).write(folder)
    return folder


def test_without_a_name_the_best_on_validation_is_held_to_them(run):
    result = benchmark.gate(run, "macro_f1>=0")
    best = best_on_validation(load_comparison(run))
    assert result.strategy == best
    assert result.holds
    first, line = result.lines()
    assert first.startswith(f"{best} is best on validation (macro-F1 0.")
    assert line.startswith("PASS  macro_f1 >= 0: 0.")
    assert "(95 %: 0." in line


def test_one_requirement_that_does_not_hold_fails_the_gate(run):
    result = benchmark.gate(run, ["macro_f1>=0,accuracy>1", "recall[owl]<2"], strategy="no_change")
    assert not result.holds
    first, *lines = result.lines()
    assert first == "no_change was asked for."
    assert [line[:4] for line in lines] == ["PASS", "FAIL", "PASS"]


def test_the_lower_bound_may_fail_what_the_value_does_not(run):
    (outcome,) = benchmark.gate(run, "macro_f1>=0").outcomes
    between = f"macro_f1>={(outcome.score.value + outcome.score.low) / 2}"
    assert benchmark.gate(run, between).holds
    result = benchmark.gate(run, between, lower_bound=True)
    assert not result.holds
    assert list(result.lines())[1].endswith(f"; {outcome.score.low:.5g} counts")


def test_what_is_not_defined_never_holds(tmp_path):
    fabricate_run("run", **HOW, test_images={"owl": 0}).write(tmp_path)
    for bound in (">=0", "<=1"):
        result = benchmark.gate(tmp_path, f"recall[owl]{bound}", lower_bound=True)
        assert not result.holds
        assert list(result.lines())[1].endswith(": no test images")


def test_a_strategy_that_failed_on_a_seed_fails_the_gate(tmp_path):
    fabricate_run("run", **HOW, failed=[("focal_loss", 1)]).write(tmp_path)
    result = benchmark.gate(tmp_path, "macro_f1>=0", strategy="focal_loss")
    assert not result.holds
    assert "FAIL  focal_loss (seed 1) failed: RuntimeError: CUDA out" in list(result.lines())[-1]
    assert benchmark.gate(tmp_path, "macro_f1>=0", strategy="no_change").holds
    assert benchmark.gate(tmp_path, "macro_f1>=0").strategy != "focal_loss"


def test_a_run_that_lacks_a_record_fails_the_gate(tmp_path):
    fabricate_run("run", **HOW).write(tmp_path)
    RunFolder(tmp_path).record_file("focal_loss", 1).unlink()
    for strategy in (None, "no_change"):
        result = benchmark.gate(tmp_path, "macro_f1>=0", strategy=strategy)
        assert not result.holds
        assert "not trained yet" in list(result.lines())[-1]


def test_where_no_strategy_finished_every_seed_none_is_held_to_them(tmp_path):
    names = ("no_change", "focal_loss")
    failed = [(name, 1) for name in names]
    fabricate_run("run", **HOW, strategies=names, failed=failed).write(tmp_path)
    result = benchmark.gate(tmp_path, "macro_f1>=0")
    assert result.strategy is None
    assert not result.holds


def test_a_number_beside_its_bound_does_not_look_like_it(run):
    (outcome,) = benchmark.gate(run, "accuracy>=0").outcomes
    value = outcome.score.value
    line = list(benchmark.gate(run, f"accuracy>={value + 1e-9!r}").lines())[1]
    assert line.startswith("FAIL")
    assert f": {value!r} (95 %" in line


def test_a_strategy_of_a_plug_in_needs_no_plug_in(tmp_path):
    fabricate_run("run", **HOW, strategies=("no_change", "mine:power=2.0")).write(tmp_path)
    assert benchmark.gate(tmp_path, "accuracy>=0", strategy="mine:power=2.0").holds


def test_what_is_not_there_is_told(run, tmp_path):
    with pytest.raises(ValueError, match=r"'focal_los' is none of the run. Did you mean 'focal"):
        benchmark.gate(run, "macro_f1>=0", strategy="focal_los")
    with pytest.raises(FileNotFoundError, match="holds no run"):
        benchmark.gate(tmp_path, "macro_f1>=0")


def test_of_a_sweep_a_single_run_is_to_be_given(tmp_path):
    folder = grid_folder(tmp_path, {"fine_tune": ("head", "half")}, **HOW)
    with pytest.raises(FileNotFoundError, match=r"holds a sweep of several runs.*/half, .*/head"):
        benchmark.gate(folder, "macro_f1>=0")
