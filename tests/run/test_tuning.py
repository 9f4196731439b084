"""Parameters chosen on validation, as many trials for every strategy, each seed for itself."""

import builtins
import json
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from benchmark import api
from benchmark.evaluation.metrics.classification import macro_f1
from benchmark.run import tuning
from benchmark.run.run_folder import RunFolder
from benchmark.strategy import AddOffset, Between, OneOf, Outputs, Strategy, find
from benchmark.strategy.registry import StrategySpec, registered, resolve, tunable, with_parameters
from benchmark.system.progress import NullProgress, Timer

NAMES = "no_change,class_weights,threshold_moving,crt,focal_loss:gamma=1"
SEEDS = (0, 1)


def experiment(image_folder):
    return api.make_experiment(
        data=image_folder,
        weights="none",
        recipe="forum",
        epochs=2,
        lr=3e-3,
        seeds=SEEDS,
        quick=False,
        fine_tune="head",
        image_size=75,
        precision="fp32",
        device="cpu",
    )


def executor_in(folder, image_folder, names=NAMES, trials=3):
    return api.plan(experiment(image_folder), names, out=folder, jobs=1, tune=trials)


@pytest.fixture(scope="module")
def tuned(image_folder, tmp_path_factory):
    """Three trials, and the report."""
    folder = tmp_path_factory.mktemp("tuned")
    executor = executor_in(folder, image_folder)
    return api.execute(executor, "command", Timer(NullProgress()), tune=3), folder


def told(folder):
    return json.loads((folder / "run.json").read_text())["tuning"]


def test_every_strategy_and_seed_has_the_same_number_of_trials(tuned):
    _, folder = tuned
    trials = pd.DataFrame(told(folder)["tried"])
    assert told(folder)["trials"] == 3
    counts = trials.groupby(["strategy", "seed"]).size()
    assert set(counts) == {3}
    assert set(counts.index.get_level_values(0)) == {"class_weights", "threshold_moving", "crt"}
    assert set(counts.index.get_level_values(1)) == set(SEEDS)


def test_the_defaults_are_tried_first(tuned):
    _, folder = tuned
    first = {}
    for trial in told(folder)["tried"]:
        first.setdefault((trial["strategy"], trial["seed"]), trial["parameters"])
    for (name, _), parameters in first.items():
        defaults = registered()[name].defaults
        assert parameters == {key: defaults[key] for key in registered()[name].search}


def test_what_is_tried_is_among_the_declared_values(tuned):
    _, folder = tuned
    for trial in told(folder)["tried"]:
        for key, value in trial["parameters"].items():
            assert value in registered()[trial["strategy"]].search[key]


def test_each_seed_takes_what_was_best_on_its_own_validation(tuned):
    _, folder = tuned
    trials = pd.DataFrame(told(folder)["tried"])
    for (name, seed), study in trials.groupby(["strategy", "seed"]):
        record = json.loads(RunFolder(folder).record_file(name, seed).read_text())
        best = study.loc[study["score"].idxmax(), "parameters"]
        assert {key: record["parameters"][key] for key in best} == best
        if name != "threshold_moving":  # whose score here is by cross-validation
            assert record["numbers"]["val"]["macro_f1"] == pytest.approx(study["score"].max())


def test_what_was_given_stays_and_what_has_nothing_to_tune_too(tuned):
    _, folder = tuned
    run = json.loads((folder / "run.json").read_text())
    asked = {one["name"]: one["parameters"] for one in run["asked"]}
    assert asked["focal_loss:gamma=1.0"] == {"gamma": 1.0}
    assert asked["no_change"] == {}


def test_a_second_run_trains_nothing_and_chooses_the_same(tuned, image_folder):
    _, folder = tuned
    before = told(folder)
    executor = executor_in(folder, image_folder)
    again = tuning.tune(executor, 3, NullProgress())
    assert tuning.to_json(3, again) == before
    assert not executor.with_plan(again.plan).needed()


def test_the_report_says_what_was_tried(tuned):
    result, folder = tuned
    report = (folder / "report.md").read_text()
    assert "What was tried" in report
    assert "by 3 trials of each strategy and seed" in report
    assert "Nothing to tune: `no_change` and `focal_loss:gamma=1.0`." in report
    csv = pd.read_csv(folder / "tuning.csv")
    assert len(csv) == 3 * 3 * len(SEEDS)
    assert csv.groupby(["strategy", "seed"])["chosen"].sum().eq(1).all()
    assert (result.summary["status"] == "ok").all()
    assert result.summary["steps"].nunique() == 1


def test_a_run_without_tuning_says_nothing_of_it(image_folder, tmp_path):
    executor = api.plan(experiment(image_folder), "no_change", out=tmp_path, jobs=1)
    api.execute(executor, None, Timer(NullProgress()))
    assert "tried" not in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "tuning.csv").exists()
    assert told(tmp_path) is None


# ---- the score -----------------------------------------------------------------------------


def outputs(images=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [images - 14, 10, 4])
    logits = rng.normal(0, 1, (images, 3)).astype(np.float32)
    logits[np.arange(images), labels] += 1
    return Outputs(logits, logits, labels)


def test_a_decision_that_fits_nothing_is_scored_by_plain_macro_f1():
    seen = outputs()
    (asked,) = resolve("no_change")
    expected = macro_f1(seen.labels, seen.logits.argmax(1), 3)
    assert tuning.validation_score(asked, seen, np.array([46, 10, 4])) == pytest.approx(expected)


@dataclass(frozen=True)
class ByHeart:
    """Knows the label of every image that it was fitted on, and says 0 of all others."""

    def fit(self, validation, counts):
        known = {
            row.tobytes(): label
            for row, label in zip(validation.logits, validation.labels, strict=True)
        }
        return lambda outputs: np.array([known.get(row.tobytes(), 0) for row in outputs.logits])


def test_a_decision_that_learns_validation_by_heart_gains_nothing():
    asked = StrategySpec("by_heart", Strategy(decision=ByHeart()), "", {})
    score = tuning.validation_score(asked, outputs(), np.array([46, 10, 4]))
    assert score == pytest.approx(macro_f1(outputs().labels, np.zeros(60, int), 3))


def test_each_part_has_its_share_of_each_class():
    seen, parts = outputs(), []

    @dataclass(frozen=True)
    class Watching:
        def fit(self, validation, counts):
            parts.append(np.bincount(validation.labels, minlength=3))
            return AddOffset((0.0,) * 3)

    tuning.validation_score(
        StrategySpec("", Strategy(decision=Watching()), "", {}), seen, np.ones(3)
    )
    left_out = np.bincount(seen.labels) - np.array(parts)
    assert len(parts) == tuning.FOLDS
    assert (left_out.max(0) - left_out.min(0) <= 1).all()
    assert left_out.sum(0).tolist() == [46, 10, 4]


def test_no_label_of_what_is_decided_on_reaches_the_rule():
    @dataclass(frozen=True)
    class Peeks:
        def fit(self, validation, counts):
            return lambda outputs: np.maximum(outputs.labels, 0)

    asked = StrategySpec("", Strategy(decision=Peeks()), "", {})
    score = tuning.validation_score(asked, outputs(), np.ones(3))
    assert score == pytest.approx(macro_f1(outputs().labels, np.zeros(60, int), 3))


# ---- parameters ----------------------------------------------------------------------------


def test_parameters_that_were_given_are_not_tuned():
    (plain, given) = resolve("deferred_reweighting,deferred_reweighting:final_fraction=0.3")
    assert set(tunable(plain)) == {"last", "beta"}
    assert set(tunable(given)) == {"beta"}
    (on,) = resolve("crt:base=focal_loss")
    assert set(tunable(on)) == {"last", "reset"}


def test_other_parameters_leave_name_and_what_was_given():
    (asked,) = resolve("threshold_moving:base=focal_loss")
    other = with_parameters(asked, prior_weight=3.0)
    assert other.name == asked.name
    assert other.parameters == {"on": "focal_loss", "prior_weight": 3.0}
    assert other.strategy == find("threshold_moving:base=focal_loss,prior_weight=3")


def test_a_trial_that_fails_is_noted_and_never_chosen(image_folder, tmp_path, monkeypatch):
    real = tuning.validation_score

    def score(asked, seen, counts):
        if asked.parameters["power"] == 1.0:
            raise RuntimeError("the defaults fail")
        return real(asked, seen, counts)

    monkeypatch.setattr(tuning, "validation_score", score)
    executor = executor_in(tmp_path, image_folder, "class_weights")
    found = tuning.tune(executor, 2, NullProgress())
    assert [trial.score is None for trial in found.trials] == [True, True, False, False]
    for seed in SEEDS:
        assert found.plan.specs["class_weights", seed].parameters["power"] != 1.0


def test_where_all_trials_fail_the_defaults_stay(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "validation_score", lambda *_: 1 / 0)
    executor = executor_in(tmp_path, image_folder, "class_weights")
    found = tuning.tune(executor, 2, NullProgress())
    assert found.plan.networks == executor.plan.networks


def test_without_optuna_it_is_said_how_to_get_it(image_folder, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "optuna":
            raise ImportError(name)
        return real(name, *rest)

    executor = executor_in(tmp_path, image_folder, "class_weights")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'imbalance-bench\[tune\]'"):
        tuning.tune(executor, 2, NullProgress())


def test_a_number_of_trials_is_not_negative(image_folder, tmp_path):
    with pytest.raises(ValueError, match=r"number of trials, 1 or more.*got -1"):
        executor_in(tmp_path, image_folder, trials=-1)


def test_a_default_must_be_among_the_values_that_are_tried():
    from benchmark.strategy.registry import _register

    def mine(gamma: float = 2.0) -> Strategy:
        """Mine."""
        return Strategy()

    for search in ({"gamma": Between(3, 5)}, {"gamma": OneOf((1.0, 3.0))}, {"tau": Between(0, 1)}):
        with pytest.raises(ValueError, match="is to be tuned over"):
            _register(mine, search)
    assert "mine" not in registered()


def test_plans_of_several_seeds_are_joined(image_folder, tmp_path):
    executor = executor_in(tmp_path, image_folder, "no_change,class_weights")
    (asked,) = resolve("class_weights:power=0.5")
    mild = replace(asked, name="class_weights")
    plan = tuning._plan_of(executor, {("class_weights", 1): mild})
    before = executor.plan
    assert plan.networks["class_weights", 0] == before.networks["class_weights", 0]
    assert plan.networks["class_weights", 1] != before.networks["class_weights", 1]
    assert plan.networks["no_change", 1] == before.networks["no_change", 1]
    ends = [segment.end for segment in plan.segments]
    assert ends == sorted(ends)
