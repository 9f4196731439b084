"""Records: computed from stored outputs, kept while nothing behind them changes."""

import os
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark import api
from benchmark.evaluation.metrics.registry import METRICS, evaluate
from benchmark.evaluation.posthoc import posthoc_decisions
from benchmark.execution import record as module
from benchmark.execution.record import SeedContext, write_record
from benchmark.execution.record_schema import FailedRecord, LeftOutImages, Record
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin
from benchmark.storage.packed import pack_array
from benchmark.strategy import Stage, Strategy, find
from benchmark.strategy.cross_fit import cross_fit_outputs
from benchmark.strategy.rules import calibrated
from benchmark.system.progress import NullProgress


@pytest.fixture(scope="module")
def finished(small_experiment, tmp_path_factory):
    """A run of two strategies that share one network, without a report."""
    options = RunOptions(
        strategies="no_change,threshold_moving", out=tmp_path_factory.mktemp("run"), jobs=1
    )
    executor = api.plan(small_experiment(), options)
    executor.execute(NullProgress())
    return executor


def test_the_fit_to_training_images_is_that_of_the_stored_outputs(finished):
    record = finished.folder.read_record("no_change", 0)
    train = finished.outputs.load(record.network)[0]["train"]
    split = finished.prepared.splits[0].train
    # no class has more images than are stored, so these are all of them, in their order
    np.testing.assert_array_equal(train.labels, finished.prepared.images.labels[split])
    right = train.logits.argmax(1) == train.labels
    assert record.training_fit.images == len(split)
    assert record.training_fit.accuracy == pytest.approx(right.mean())


@dataclass(frozen=True)
class KeepFirst:
    """A selection of the first image of each class."""

    def __call__(self, features, labels, groups, rng):
        return np.isin(np.arange(len(labels)), np.unique(labels, return_index=True)[1])


@pytest.mark.parametrize("knows_wrong", [False, True])
def test_images_that_a_selection_leaves_out_are_counted_by_class(knows_wrong):
    masks = [[0, 1, 1, 0, 0, 1], [0, 1, 0, 0, 0, 1]]  # of two step ranges, class by class
    measured = [{"left_out": pack_array(np.array(mask, bool))} for mask in masks]
    training = SimpleNamespace(measured_step_ranges=[*measured, {"left_out": {}}])
    wrong = np.array([1, 1, 0, 0, 0, 1], bool) if knows_wrong else None
    context = SimpleNamespace(train_counts=np.array([3, 1, 2]), wrong_images=wrong)
    selecting = SimpleNamespace(strategy=Strategy((Stage(selection=KeepFirst()),)))
    expected = LeftOutImages((2, 0, 1), *((2, 3) if knows_wrong else (None, None)))
    assert module._left_out(selecting, training, context) == expected
    assert module._left_out(SimpleNamespace(strategy=Strategy()), training, context) is None


@pytest.fixture
def write(finished):
    """Return a function that writes the record of a strategy, by default as the run did."""
    prepared = finished.prepared
    context = SeedContext(
        prepared.experiment.recipe,
        prepared.experiment.trainable,
        prepared.budgets[0],
        prepared.train_counts(0),
        posthoc_decisions(),
    )

    def write(name, decision=None):
        spec = finished.plan.specs[name, 0]
        if decision is not None:
            spec = replace(spec, strategy=replace(spec.strategy, decision=decision))
        return write_record(finished.folder, spec, 0, finished.plan.networks[name, 0], context)

    return write


def test_metrics_are_those_of_the_stored_outputs(finished):
    record = finished.folder.read_record("no_change", 0)
    outputs, _ = finished.outputs.load(record.network)
    for split in ("val", "test"):
        predicted = outputs[split].logits.argmax(1)
        assert record.predicted[split] == tuple(predicted)
        expected = evaluate(
            outputs[split].labels,
            predicted,
            outputs[split].log_probabilities,
            finished.prepared.train_counts(0),
        )
        undefined = {name for name, value in expected.items() if not np.isfinite(value)}
        assert record.metrics[split] == expected | dict.fromkeys(undefined)
        assert set(record.metrics[split]) == set(METRICS)


def test_a_post_hoc_decision_scores_as_the_strategy_of_its_name(finished):
    plain = finished.folder.read_record("no_change", 0)
    moved = finished.folder.read_record("threshold_moving", 0)
    assert plain.network == moved.network
    for metric, value in plain.posthoc["threshold_moving"].items():
        assert value == moved.metrics["test"][metric]


@pytest.mark.parametrize("name", ["temperature_scaling", "vector_scaling"])
def test_probabilities_of_a_record_are_those_that_its_decision_corrects(finished, write, name):
    plain, decision = finished.folder.read_record("no_change", 0), find(name).decision
    outputs, _ = finished.outputs.load(plain.network)
    counts = finished.prepared.train_counts(0)
    rule = decision.fit(outputs["val"], counts)
    assert write("no_change", decision)
    record = finished.folder.read_record("no_change", 0)
    test = calibrated(rule, outputs["test"])
    predicted = test.log_probabilities.argmax(1)
    assert record.predicted["test"] == tuple(predicted.tolist())
    expected = evaluate(test.labels, predicted, test.log_probabilities, counts)
    assert record.metrics["test"] == expected | {k: None for k, v in expected.items() if v != v}
    p = np.exp(test.log_probabilities).max(1).round(5)
    assert record.confidence["test"] == tuple(p.tolist())
    assert record.is_calibrated
    assert not plain.is_calibrated
    assert record.posthoc == plain.posthoc, "these are fitted to the network's own outputs"
    _, held_out = cross_fit_outputs(decision, outputs["val"], counts)
    log_loss = -held_out.log_probabilities[np.arange(len(held_out.labels)), held_out.labels].mean()
    assert record.metrics["val"]["log_loss"] == pytest.approx(log_loss, abs=1e-10)
    if name == "temperature_scaling":
        assert record.predicted == plain.predicted
        assert record.metrics["test"]["macro_f1"] == plain.metrics["test"]["macro_f1"]
    assert write("no_change")


def test_all_checks_of_the_audit_are_recorded(finished):
    audit = finished.folder.read_record("no_change", 0).audit
    assert {check.component for check in audit.checks} >= {"sampler", "trained_blocks", "budget"}
    assert all(check.passed for check in audit.checks)
    assert len(audit.drawn) == len(audit.gradient) == len(audit.mean_logit) == 3


def test_a_record_that_is_up_to_date_is_left_as_it_is(finished, write):
    file = finished.folder.record_file("no_change", 0)
    before = file.stat().st_mtime_ns
    assert write("no_change")
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("content", ["", "{}", '{"schema_version": 1, "status": "ok"}'])
def test_a_damaged_record_is_computed_again(finished, write, content):
    expected = finished.folder.read_record("no_change", 0)
    finished.folder.record_file("no_change", 0).write_text(content)
    assert write("no_change")
    assert finished.folder.read_record("no_change", 0) == expected


def test_a_record_is_computed_again_when_the_code_behind_it_changes(finished, write, monkeypatch):
    expected = finished.folder.read_record("no_change", 0)
    monkeypatch.setattr(module, "package_hash", lambda name: f"another {name}")
    assert write("no_change")
    record = finished.folder.read_record("no_change", 0)
    assert record.fingerprint != expected.fingerprint
    assert replace(record, fingerprint=expected.fingerprint) == expected
    monkeypatch.undo()
    assert write("no_change")


def test_a_record_whose_code_cannot_be_read_is_never_taken_as_up_to_date(
    finished, write, monkeypatch
):
    """As of a decision in a notebook, in another process: the notebook's own computes it again."""
    expected = finished.folder.read_record("no_change", 0)

    def unreadable(value):
        raise ValueError("the source can't be read")

    monkeypatch.setattr(module, "fingerprint", unreadable)
    assert write("no_change")
    assert finished.folder.read_record("no_change", 0).fingerprint == ""
    assert write("no_change")
    monkeypatch.undo()
    assert write("no_change")
    assert finished.folder.read_record("no_change", 0) == expected


@dataclass(frozen=True)
class Returns:
    """A decision whose rule returns a value for every image, or several."""

    value: float
    columns: int = 1

    def fit(self, validation, counts):
        shape = (self.columns,) if self.columns > 1 else ()
        return lambda outputs: np.full((len(outputs.labels), *shape), self.value)


@pytest.mark.parametrize(
    ("decision", "error"),
    [
        (Returns(99), "one label from 0 to 2 for each image; it gave 99 to 99"),
        (Returns(0.5), "for 5 images it gave shape (5,) of float64"),
        (Returns(0, columns=2), "for 5 images it gave shape (5, 2) of int64"),
    ],
)
def test_a_decision_that_returns_no_labels_is_the_failure_of_its_strategy(
    finished, write, decision, error
):
    assert not write("no_change", decision)
    record = finished.folder.read_record("no_change", 0)
    assert isinstance(record, FailedRecord)
    assert error in record.error
    assert "Traceback" in record.traceback
    assert write("no_change")
    assert isinstance(finished.folder.read_record("no_change", 0), Record)


@dataclass(frozen=True)
class Recognises:
    """A decision whose rule returns 1 for the images that it was fitted to, and 0 for others."""

    def fit(self, validation, counts):
        return lambda outputs: np.isin(outputs.logits[:, 0], validation.logits[:, 0]).astype(int)


def test_a_decision_is_fitted_to_the_validation_images_alone(finished, write):
    assert write("no_change", Recognises())
    record = finished.folder.read_record("no_change", 0)
    assert set(record.predicted["val"]) == {1}
    assert set(record.predicted["test"]) == {0}
    assert write("no_change")


def test_validation_metrics_are_of_rules_that_were_not_fitted_to_the_image(finished, write):
    assert write("no_change", Recognises())
    record = finished.folder.read_record("no_change", 0)
    labels = finished.outputs.load(record.network)[0]["val"].labels
    assert record.metrics["val"]["accuracy"] == (labels == 0).mean(), "not that of the 1s recorded"
    assert set(record.cross_fitted.predicted) == {0}
    assert write("no_change")


@dataclass(frozen=True)
class NeedsAllImages(Recognises):
    """A decision that can't be fitted to fewer images than there are."""

    images: int

    def fit(self, validation, counts):
        if len(validation.labels) < self.images:
            raise ValueError("too few")
        return super().fit(validation, counts)


def test_a_decision_that_cannot_be_cross_fitted_has_no_validation_metrics(finished, write):
    record = finished.folder.read_record("no_change", 0)
    images = len(record.predicted["val"])
    assert write("no_change", NeedsAllImages(images))
    record = finished.folder.read_record("no_change", 0)
    assert record.metrics["val"]["macro_f1"] is None
    assert record.cross_fitted is None
    assert record.metrics["test"]["macro_f1"] is not None
    assert write("no_change")


def test_labels_are_those_of_the_rule_that_validation_gives(finished):
    record = finished.folder.read_record("threshold_moving", 0)
    outputs, _ = finished.outputs.load(record.network)
    decision = finished.plan.specs["threshold_moving", 0].strategy.decision
    rule = decision.fit(outputs["val"], finished.prepared.train_counts(0))
    assert record.decision["offset"] == list(rule.offset)
    for split, predicted in record.predicted.items():
        assert predicted == tuple(rule(outputs[split]))


PLUGIN = """
from dataclasses import dataclass
import numpy as np
from benchmark.strategy import Strategy, strategy

@dataclass(frozen=True)
class Always:
    def fit(self, validation, counts):
        return lambda outputs: np.full(len(outputs.labels), 0)

@strategy
def mine() -> Strategy:
    '''Mine.'''
    return Strategy(decision=Always())
"""


@pytest.mark.usefixtures("forgotten")
def test_a_decision_that_was_edited_while_its_network_was_trained_is_fitted_again(
    small_experiment, tmp_path
):
    """The record is of the code as it was loaded, and must not pass for that of the edited file."""

    file = tmp_path / "mine.py"

    def edit(label):
        file.write_text(PLUGIN.replace("0)", f"{label})"))
        os.utime(file, ns=(10**9 * (label + 1),) * 2)

    def plan():
        load_plugin(file)
        options = RunOptions(strategies="mine", out=tmp_path / "run", jobs=1, no_null=True)
        return api.plan(small_experiment(), options)

    def labels(executor):
        executor.execute(NullProgress())
        return set(executor.folder.read_record("mine", 0).predicted["test"])

    edit(0)
    for label in (0, 1):
        executor = plan()
        edit(label + 1)  # and not loaded
        assert labels(executor) == {label}
    assert labels(plan()) == {2}
