"""What the implementation audit can see, and what it can't."""

from benchmark.evaluation.audit_scope import SCOPE
from benchmark.report.render.blocks import Details, Table, make_row

CAPTION = (
    "What the audit compares, component by component, and the errors that it can't see. A strength "
    "is checked where the strategy declares it. The comparison is with what is declared: an error "
    "in the declaration itself passes."
)


def scope_details() -> Details:
    """Return a table of the audit's comparisons and of its blind spots, folded away."""
    rows = tuple(make_row(*row) for row in SCOPE)
    titles = ("Component", "Compared", "Not seen")
    table = Table(CAPTION, titles, rows, frozenset({0, 1, 2}))
    return Details("What the audit can see, and what it can't", (table,))
