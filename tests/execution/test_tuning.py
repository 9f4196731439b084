"""Parameters chosen on validation, as many trials for every strategy, each seed for itself."""

import builtins
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmark import api
from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.execution import tuning
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import RunOptions
from benchmark.strategy import Outputs, find
from benchmark.strategy.cross_fit import cross_fit
from benchmark.strategy.registry import registered, resolve, tunable, with_parameters
from benchmark.strategy.search_space import LR_FACTORS
from benchmark.system import stopping
from benchmark.system.progress import NullProgress, Timer
from benchmark.train.trainer import Training
from tests.integration.commands import assert_same_outputs, load_outputs

NAMES = "no_change,class_weights,threshold_moving,crt,focal_loss:gamma=1"
SEEDS = (0, 1)


def options_of(folder, names=NAMES, trials=3):
    return RunOptions(strategies=names, out=folder, jobs=1, tune=trials)


@pytest.fixture(scope="module")
def executor_in(small_experiment):
    """Return a function that plans a search in a folder."""
    settings = {"epochs": 2, "lr": 3e-3, "seeds": SEEDS, "fine_tune": "head"}

    def plan(folder, names=NAMES, trials=3):
        return api.plan(small_experiment(**settings), options_of(folder, names, trials))

    return plan


@pytest.fixture(scope="module")
def tuned(executor_in, tmp_path_factory):
    """Three trials, and the report."""
    folder = tmp_path_factory.mktemp("tuned")
    executor = executor_in(folder)
    return api.execute(executor, options_of(folder), Timer(NullProgress()), "command"), folder


def tuning_info(folder):
    return RunFolder(folder).read_manifest().tuning


def trials_frame(folder):
    return pd.DataFrame([vars(result) for result in tuning_info(folder).results])


def test_a_search_that_was_stopped_continues_with_the_same_trials(
    tuned, executor_in, tmp_path, monkeypatch
):
    """In the midst of the second of three: no step is done twice."""
    _, whole = tuned
    steps, right = [], Training._train_step

    class InSecondTrial(NullProgress):
        def say(self, text):
            if "trial 2 of 3" in text:
                steps.append("second")

    def step(self, *arguments):
        steps.append(self.step)
        if steps[-6:-5] == ["second"]:
            stopping.request()
        return right(self, *arguments)

    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: {})  # takes seconds
    monkeypatch.setattr(Training, "_train_step", step)
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())
    with pytest.raises(stopping.Stopped):
        api.execute(executor_in(tmp_path), options_of(tmp_path), Timer(InSecondTrial()), "command")
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())
    number = len(steps) - 1
    again = executor_in(tmp_path)
    api.execute(again, options_of(tmp_path), Timer(NullProgress()), "command")
    assert steps[number + 1] == steps[number] + 1, "it goes on after the step that was saved"
    assert tuning_info(tmp_path).results == tuning_info(whole).results
    assert_same_outputs(load_outputs(whole), load_outputs(tmp_path))


def test_every_strategy_and_seed_has_the_same_number_of_trials(tuned):
    _, folder = tuned
    assert tuning_info(folder).trials == 3
    counts = trials_frame(folder).groupby(["strategy", "seed"]).size()
    assert set(counts) == {3}
    assert set(counts.index.get_level_values(0)) == {"class_weights", "threshold_moving", "crt"}
    assert set(counts.index.get_level_values(1)) == set(SEEDS)


def test_the_defaults_are_tried_first(tuned):
    _, folder = tuned
    first = {}
    for result in tuning_info(folder).results:
        first.setdefault((result.strategy, result.seed), result.parameters)
    for (name, _), parameters in first.items():
        entry = registered().get(name)
        assert parameters == {key: entry.defaults[key] for key in entry.search}


def test_only_declared_values_are_tried(tuned):
    _, folder = tuned
    for result in tuning_info(folder).results:
        for key, value in result.parameters.items():
            assert value in registered().get(result.strategy).search[key]


def test_each_seed_takes_the_best_parameters_of_its_own_validation(tuned):
    _, folder = tuned
    for (name, seed), study in trials_frame(folder).groupby(["strategy", "seed"]):
        record = RunFolder(folder).read_record(name, seed)
        best = study.loc[study["score"].idxmax(), "parameters"]
        assert {key: record.parameters[key] for key in best} == best
        assert record.metrics["val"]["macro_f1"] == pytest.approx(study["score"].max())


def test_given_parameters_stay_and_so_do_strategies_without_any(tuned):
    _, folder = tuned
    strategies = RunFolder(folder).read_manifest().strategies
    parameters = {strategy.name: strategy.parameters for strategy in strategies}
    assert parameters["focal_loss:gamma=1.0"] == {"gamma": 1.0}
    assert parameters["no_change"] == {}


def test_the_null_row_takes_what_each_seed_chose_for_the_baseline(small_experiment, tmp_path):
    experiment = small_experiment(epochs=2, lr=3e-3, seeds=SEEDS, fine_tune="head")
    names = "class_weights,focal_loss"
    options = RunOptions(names, out=tmp_path, jobs=1, tune=3, baseline="class_weights")
    executor = api.plan(experiment, options)
    plan, info = tuning.tune(executor, 3, NullProgress())
    assert {result.strategy for result in info.results} == set(names.split(","))
    for seed in SEEDS:
        original, again = (
            plan.specs[name, seed] for name in ("class_weights", "class_weights again")
        )
        assert (again.strategy, again.parameters) == (original.strategy, original.parameters)
    to_train = executor.with_plan(plan).segments_to_train()
    assert {segment.used_by for segment in to_train} == {("class_weights again",)}
    assert len(to_train) == len(SEEDS), "no trial trained one"


def test_a_second_run_trains_nothing_and_chooses_the_same(tuned, executor_in):
    _, folder = tuned
    executor = executor_in(folder)
    plan, info = tuning.tune(executor, 3, NullProgress())
    assert info == tuning_info(folder)
    assert not executor.with_plan(plan).segments_to_train()


def test_the_report_shows_the_search(tuned):
    result, folder = tuned
    report = (folder / "report.md").read_text()
    assert "Hyper-parameter search" in report
    assert "3 trials of each strategy and seed" in report
    assert "`no_change` and `focal_loss:gamma=1.0`" in report
    csv = pd.read_csv(folder / "tuning.csv")
    assert len(csv) == 3 * 3 * len(SEEDS)
    assert csv.groupby(["strategy", "seed"])["chosen"].sum().eq(1).all()
    assert (result.summary["status"] == "ok").all()
    assert result.summary["steps"].nunique() == 1


def test_the_learning_rate_is_tuned_for_all_and_the_baseline_has_as_many_trials(
    small_experiment, tmp_path, monkeypatch
):
    """Else the baseline would stand untuned beside the best of several."""
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: {})  # takes seconds
    experiment = small_experiment(epochs=2, seeds=(0,), fine_tune="head")
    options = options_of(tmp_path, "no_change,class_weights:power=1", trials=2)
    executor = api.plan(experiment, options)
    untuned = executor.plan.networks
    api.execute(executor, options, Timer(NullProgress()))
    trials = trials_frame(tmp_path)
    assert trials.groupby("strategy").size().to_dict() == {"no_change": 2, "class_weights": 2}
    for _, tried in trials.groupby("strategy")["parameters"]:
        factors = [parameters["lr_factor"] for parameters in tried]
        assert factors[0] == 1.0
        assert factors[1] != 1.0
        assert all(factor in LR_FACTORS for factor in factors)
    manifest = RunFolder(tmp_path).read_manifest()
    assert manifest.baseline == "no_change"
    for strategy in manifest.strategies[:1] + manifest.strategies[-1:]:
        is_default = strategy.parameters["lr_factor"] == 1.0
        assert (strategy.networks[0] == untuned[strategy.name, 0]) == is_default


def test_a_run_without_tuning_has_no_search_in_its_report(executor_in, tmp_path):
    executor = executor_in(tmp_path, "no_change", trials=0)
    api.execute(executor, options_of(tmp_path, "no_change", 0), Timer(NullProgress()))
    assert "Hyper-parameter search" not in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "tuning.csv").exists()
    assert tuning_info(tmp_path) is None


# ---- the score -----------------------------------------------------------------------------


def outputs(images=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [images - 14, 10, 4])
    logits = rng.normal(0, 1, (images, 3)).astype(np.float32)
    logits[np.arange(images), labels] += 1
    return Outputs(logits, logits, labels)


def test_a_decision_that_fits_nothing_is_scored_by_plain_macro_f1():
    validation = outputs()
    (spec,) = resolve("no_change")
    expected = macro_f1(validation.labels, validation.logits.argmax(1), 3)
    score = tuning.validation_score(spec, validation, np.array([46, 10, 4]))
    assert score == pytest.approx(expected)


def test_an_image_is_scored_by_a_rule_that_was_not_fitted_to_it():
    validation, counts = outputs(), np.array([46, 10, 4])
    (spec,) = resolve("threshold_moving:prior_weight=1")
    predicted = cross_fit(spec.strategy.decision, validation, counts)
    score = tuning.validation_score(spec, validation, counts)
    assert score == macro_f1(validation.labels, predicted, 3)


# ---- parameters ----------------------------------------------------------------------------


def test_parameters_that_were_given_are_not_tuned():
    (plain, given) = resolve("deferred_reweighting,deferred_reweighting:final_fraction=0.3")
    assert set(tunable(plain)) == {"final_fraction", "beta"}
    assert set(tunable(given)) == {"beta"}
    (base,) = resolve("crt:base=focal_loss")
    assert set(tunable(base)) == {"final_fraction", "reset"}


def test_other_parameters_leave_name_and_what_was_given():
    (spec,) = resolve("threshold_moving:base=focal_loss")
    other = with_parameters(spec, prior_weight=3.0)
    assert other.name == spec.name
    assert other.parameters == {"base": "focal_loss", "prior_weight": 3.0}
    assert other.strategy == find("threshold_moving:base=focal_loss,prior_weight=3")


def test_a_trial_that_fails_is_recorded_and_never_chosen(executor_in, tmp_path, monkeypatch):
    real = tuning.validation_score

    def score(spec, outputs, counts):
        if spec.parameters["power"] == 1.0:
            raise RuntimeError("the defaults fail")
        return real(spec, outputs, counts)

    monkeypatch.setattr(tuning, "validation_score", score)
    executor = executor_in(tmp_path, "class_weights")
    plan, info = tuning.tune(executor, 2, NullProgress())
    assert [trial.score is None for trial in info.results] == [True, True, False, False]
    for seed in SEEDS:
        assert plan.specs["class_weights", seed].parameters["power"] != 1.0


def test_where_all_trials_fail_the_defaults_stay(executor_in, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "validation_score", lambda *_: 1 / 0)
    executor = executor_in(tmp_path, "class_weights")
    plan, _ = tuning.tune(executor, 2, NullProgress())
    assert plan.networks == executor.plan.networks


def test_without_optuna_the_error_says_how_to_install_it(executor_in, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "optuna":
            raise ImportError(name)
        return real(name, *rest)

    executor = executor_in(tmp_path, "class_weights")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'imbalance-bench\[tune\]'"):
        tuning.tune(executor, 2, NullProgress())


def test_a_number_of_trials_is_not_negative(executor_in, tmp_path):
    with pytest.raises(ValueError, match="tune -1 is not allowed; allowed: a number of trials"):
        executor_in(tmp_path, trials=-1)


def test_plans_of_several_seeds_are_merged(executor_in, tmp_path):
    executor = executor_in(tmp_path, "no_change,class_weights")
    (spec,) = resolve("class_weights:power=0.5")
    mild = replace(spec, name="class_weights")
    plan = tuning._make_plan(executor, executor.plan.strategies, {("class_weights", 1): mild})
    before = executor.plan
    assert plan.networks["class_weights", 0] == before.networks["class_weights", 0]
    assert plan.networks["class_weights", 1] != before.networks["class_weights", 1]
    assert plan.networks["no_change", 1] == before.networks["no_change", 1]
    ends = [segment.end for segment in plan.segments]
    assert ends == sorted(ends)
