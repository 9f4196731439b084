"""Decisions of the least expected cost, from a file to labels."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmark.contract.case import Case
from benchmark.contract.components import check_decision_sees_validation_only
from benchmark.contract.key import check_key_covers_source, check_pickles
from benchmark.evaluation.decision_audit import check_decision
from benchmark.plan.schedule import Budget
from benchmark.plan.segments import make_plan
from benchmark.strategy import DecisionMeasurement, Outputs, find
from benchmark.strategy.cost_table import CostTable
from benchmark.strategy.fingerprint import fingerprint
from benchmark.strategy.registry import groups, registered, resolve
from strategies.cost_matrix import CostMatrix

CLASSES = ("rare", "common", "middle")  # in the order of the data
COST = {"rare": (0, 9, 9), "common": (1, 0, 1), "middle": (2, 1, 0)}
COUNTS = np.array([10, 200, 60])
BUDGET = {0: Budget(8, (10, 20), head_phases=(0,), images=80)}


@pytest.fixture
def file(tmp_path):
    """The costs, with columns and rows in other orders than the data."""
    order = ("middle", "rare", "common")
    lines = [",".join(["true", *order])]
    for truth in ("common", "middle", "rare"):
        costs = dict(zip(CLASSES, COST[truth], strict=True))
        lines.append(",".join([truth, *(str(costs[k]) for k in order)]))
    path = tmp_path / "costs.csv"
    path.write_text("\n".join(lines))
    return path


def network(images=200):
    rng = np.random.default_rng(0)
    labels = rng.choice(3, images, p=COUNTS / COUNTS.sum())
    logits = rng.normal(size=(images, 3)) + 2 * np.eye(3)[labels] + np.log(COUNTS)
    return Outputs(logits.astype(np.float32), np.zeros((images, 2)), labels)


def by_loop(p):
    """The decision of the least expected cost, image by image."""
    expected = [[sum(p[c] * COST[CLASSES[c]][k] for c in range(3)) for k in range(3)] for p in p]
    return [int(np.argmin(costs)) for costs in expected]


def test_labels_are_those_of_the_formula_in_the_order_of_the_data(file):
    strategy = find(f"cost_matrix:file={file}").for_classes(CLASSES)
    outputs = network()
    rule = strategy.decision.fit(outputs, COUNTS)
    assert rule(outputs).tolist() == by_loop(np.exp(outputs.log_probabilities))
    assert rule.cost == tuple(map(tuple, COST.values()))
    assert (rule(outputs) != outputs.logits.argmax(1)).any()


def test_on_calibrated_probabilities(file):
    strategy = find("cost_matrix", file=str(file), base="vector_scaling").for_classes(CLASSES)
    outputs = network()
    rule = strategy.decision.fit(outputs, COUNTS)
    p = np.exp(rule.calibrated(outputs).log_probabilities)
    assert rule(outputs).tolist() == by_loop(p)


def test_equal_costs_are_the_argmax():
    equal = CostTable(tuple("abc"), tuple(map(tuple, (1 - np.eye(3)).tolist())))
    outputs = network()
    rule = CostMatrix(equal).fit(outputs, COUNTS)
    np.testing.assert_array_equal(rule(outputs), outputs.logits.argmax(1))


def test_the_plan_orders_it_and_refuses_other_classes_before_a_training(file):
    specs = resolve([f"cost_matrix:file={file}", f"cost_matrix:file={file},base=vector_scaling"])
    plan = make_plan(specs, BUDGET, {0: "base"}, CLASSES)
    for spec in specs:
        planned = plan.specs[spec.name, 0].strategy
        assert planned == spec.strategy.for_classes(CLASSES) != spec.strategy
    with pytest.raises(ValueError, match=r"cost_matrix:file=.*costs.csv: .* no costs of medium"):
        make_plan(specs, BUDGET, {0: "base"}, ("rare", "common", "medium"))


def test_the_fingerprint_follows_the_content_of_the_file(file):
    def described():
        return json.dumps(fingerprint(find(f"cost_matrix:file={file}").decision))

    before = described()
    assert described() == before
    file.write_text(file.read_text().replace("9", "8"))
    assert described() != before


def test_it_needs_a_file_and_is_in_no_group():
    with pytest.raises(ValueError, match="cost_matrix needs file: cost_matrix:file="):
        resolve("cost_matrix")
    assert "cost_matrix" in registered()
    assert not [group for group, names in groups().items() if "cost_matrix" in names]


def test_it_passes_the_contract(file):
    entry = registered().get("cost_matrix")
    strategy = find(f"cost_matrix:file={file}")
    four = CostTable(tuple("abcd"), tuple(map(tuple, (5 - 4 * np.eye(4)).tolist())))
    check_pickles(Case(entry, strategy))
    check_key_covers_source(Case(entry, strategy))
    of_four = replace(strategy, decision=CostMatrix(four))
    check_decision_sees_validation_only(Case(entry, of_four))


def transposed(table):
    return replace(table, cost=tuple(zip(*table.cost, strict=True)))


def in_order_of_the_file(table):
    return table.for_classes(("middle", "rare", "common"))


def without_the_rare_class(table):
    return replace(table, cost=((0.0, 1.0, 1.0), *table.cost[1:]))


def a_tenth(table):
    tenth = (np.array(table.cost) / 10 + np.array([0.0, 0.4, 0.2])).tolist()
    return replace(table, cost=tuple(map(tuple, tenth)))


@pytest.mark.parametrize(
    "error", [transposed, in_order_of_the_file, without_the_rare_class, a_tenth]
)
def test_the_audit_sees_planted_errors(file, error):
    right = find(f"cost_matrix:file={file}").for_classes(CLASSES)
    wrong = replace(right, decision=CostMatrix(error(right.decision.costs)))
    outputs = network()
    for strategy, expected in ((right, False), (wrong, True)):
        predicted = strategy.decision.fit(outputs, COUNTS)(outputs)
        checks = check_decision(strategy, DecisionMeasurement(COUNTS, outputs, predicted))
        assert any(check.passed is False for check in checks) is expected
