"""What must be known of the runs of a study before its sentences are believed."""

from collections.abc import Iterator

from benchmark.analysis.sweep import SweepComparison
from benchmark.report.render.blocks import as_code
from benchmark.report.single.follow_up import QUICK_LOOK
from benchmark.report.sweep.notices import of_runs
from benchmark.system.text import join_names


def notices(sweep: SweepComparison) -> Iterator[str]:
    """Yield what the runs of a study warn of, and where its baseline failed."""
    if any(run.manifest.quick for run in sweep.runs):
        yield QUICK_LOOK
    scores = sweep.scores
    failed = scores[(scores["strategy"] == sweep.baseline) & (scores["status"] != "ok")]
    if names := [as_code(str(name)) for name in failed[sweep.axis]]:
        yield (
            f"The baseline failed under {join_names(names)}, wholly or for some seeds: what needs "
            "them is left out here, or is of the other seeds."
        )
    yield from of_runs(sweep)
