"""What a run settled, or which further run would settle more.

One seed names no winner. Nothing is called significant below 8 seeds, nor below as many as the
sign-flip test needs to reach 5 % after Holm's correction for so many strategies.
"""

from benchmark.analysis.claims import Claim, primary_claims, seeds_needed
from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import add_sign, format_share
from benchmark.report.single.doubts import format_claim_bounds
from benchmark.report.single.strategies import caveats
from benchmark.system.text import join_names, pluralize

QUICK_LOOK = (
    "This quick look only tries the commands out. Run again without `--quick` before you read the "
    "numbers."
)


def follow_up(comparison: Comparison) -> str:
    """Return what the tests settled, or which run would settle more; empty if nothing finished."""
    if (comparison.seed_rows["status"] != "ok").all():
        return ""
    if comparison.manifest.quick:
        return QUICK_LOOK
    tested = primary_claims(comparison)
    if not tested:
        return "No difference was tested, because no strategy finished beside a baseline."
    seeds, needed = len(comparison.seeds), seeds_needed(len(tested))
    if seeds == 1:
        which = "it" if len(tested) == 1 else f"any of the {len(tested)} strategies"
        return f"One seed: run `--seeds {needed}` before you call {which} a winner."
    if seeds < needed:
        return (
            f"{seeds} seeds are too few to call a difference significant: run `--seeds {needed}` "
            f"to test {pluralize(len(tested), 'strategy', 'strategies')}."
        )
    return _significant_differences(comparison, tested, needed)


def _significant_differences(comparison: Comparison, tested: list[Claim], needed: int) -> str:
    """Say for which strategies macro-F1 differs from the baseline's."""
    if all(claim.seeds < needed for claim in tested):  # strategies may have failed on some
        return (
            f"No strategy and the baseline both finished {needed} seeds: too few to call a "
            "difference significant."
        )
    number = pluralize(len(tested), "strategy", "strategies")
    test = f"test over seeds, p at most .05 after Holm's correction for {number}"
    significant = [claim for claim in tested if claim.direction]
    if not significant:
        return f"No strategy's macro-F1 differs significantly from the baseline's ({test})."
    names = [
        f"{as_code(claim.strategy)} ({add_sign(format_share(claim.difference))}, 95 %: "
        f"{format_claim_bounds(claim)}"
        f"{''.join(f'; {caveat}' for caveat in caveats(comparison, claim.strategy))})"
        for claim in significant
    ]
    return f"Macro-F1 differs significantly from the baseline's with {join_names(names)} ({test})."
