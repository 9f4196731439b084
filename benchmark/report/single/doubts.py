"""Claims in words: an interval, and why a difference may be chance."""

from collections.abc import Iterator

from benchmark.analysis.claims import CLASS_DIGITS, DIGITS, Claim, Doubt
from benchmark.report.render.formats import format_bounds, format_p_value, format_share
from benchmark.system.text import join_names, pluralize


def interval_phrase(claim: Claim, digits: int = DIGITS) -> str:
    """Return the interval of a difference, and each doubt: "95 %: −.02 to +.05, which includes 0".

    Of one seed it adds that the interval is about these networks.
    """
    bounds = format_claim_bounds(claim, digits)
    phrase = f"95 %: {bounds}{' for these networks' if claim.about_networks else ''}"
    doubts = list(doubt_phrases(claim, digits))
    joint = "but"
    if not claim.excludes_0 and bounds != "no difference":
        phrase, joint = f"{phrase}, which includes 0", "and"
    return f"{phrase}, {joint} {join_names(doubts)}" if doubts else phrase


def format_claim_bounds(claim: Claim, digits: int = DIGITS) -> str:
    """Return the interval of a difference alone."""
    return format_bounds(format_share(claim.low, digits), format_share(claim.high, digits))


def doubt_phrases(claim: Claim, digits: int = DIGITS) -> Iterator[str]:
    """Yield why a difference may be chance, besides an interval that includes 0."""
    if Doubt.NOISE in claim.doubts:
        yield f"training once more moves {format_share(claim.noise, digits)}"
    if Doubt.TEST in claim.doubts and claim.excludes_0:
        test = "exchange test: " if claim.about_networks else ""
        yield f"{test}p = {format_p_value(claim.p)}"
    if Doubt.FEW_SEEDS in claim.doubts:
        verb = "is" if claim.seeds == 1 else "are"
        yield f"{pluralize(claim.seeds, 'seed', 'seeds')} {verb} too few for a test"
    if Doubt.MANY_ROWS in claim.doubts:
        yield f"it is one of {claim.compared:,} intervals"


def class_interval_phrase(claim: Claim) -> str:
    """Return `interval_phrase` of the recall of a class, with fewer digits."""
    return interval_phrase(claim, CLASS_DIGITS)
