"""The report says what the audit can see and what it can't."""

from benchmark.evaluation.audit_scope import SCOPE
from benchmark.report.single.audit import audit_section
from benchmark.report.single.audit_scope import scope_details
from tests.report.fabricate import fabricate


def test_each_component_has_what_is_compared_and_what_is_not_seen():
    (table,) = scope_details().blocks
    assert [[cell.text for cell in row.cells] for row in table.rows] == [list(row) for row in SCOPE]
    assert all(all(row) for row in SCOPE)


def test_it_stands_below_the_checks():
    *_, checks, scope = audit_section(fabricate())
    assert "Every check" in checks.summary
    assert scope.summary == "What the audit can see, and what it can't"
