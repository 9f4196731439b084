"""What every strategy must hold to, whoever wrote it. Says in words what is wrong.

One file holds the clauses of one part of a strategy: `key`, `loss`, `images`, `decision`, and
`training`, in which the real network is trained for some steps.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from benchmark.contract.clause import BrokenClauseError, Case, Clause, Finding
from benchmark.contract.decision import fitted_on_validation_alone
from benchmark.contract.images import (
    draws_by_its_rng_alone,
    leaves_other_images_alone,
    makes_up_rows_that_fit,
    mixes_within_bounds,
    shows_the_first_as_it_is,
)
from benchmark.contract.key import has_a_stable_key, key_knows_its_source, pickles
from benchmark.contract.loss import (
    cross_entropy_on_equal_classes,
    in_proportion_to_its_target,
    one_finite_value_an_image,
)
from benchmark.contract.training import declares_what_it_changes, is_seen_to_take_effect
from benchmark.strategy.registry import Entry

CLAUSES: tuple[Clause, ...] = (
    pickles,
    has_a_stable_key,
    key_knows_its_source,
    one_finite_value_an_image,
    in_proportion_to_its_target,
    cross_entropy_on_equal_classes,
    draws_by_its_rng_alone,
    leaves_other_images_alone,
    shows_the_first_as_it_is,
    mixes_within_bounds,
    makes_up_rows_that_fit,
    fitted_on_validation_alone,
    declares_what_it_changes,
    is_seen_to_take_effect,
)


def check(entry: Entry) -> Iterator[Finding]:
    """Go through all clauses, one after the other."""
    built = "It can be built with its defaults"
    try:
        strategy = entry.built()
    except Exception as error:
        yield Finding(built, said(error, entry))
        return
    yield Finding(built)
    for clause in CLAUSES:
        words = (clause.__doc__ or "").partition("\n")[0].rstrip(".")
        try:
            clause(Case(entry, strategy))
        except Exception as error:
            yield Finding(words, said(error, entry))
        else:
            yield Finding(words)


def said(error: Exception, entry: Entry) -> str:
    """Say what is wrong: a broken clause's words, or the error with its line in the user's file."""
    if isinstance(error, BrokenClauseError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(entry.file)]
    place = f" ({entry.file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{place}"
