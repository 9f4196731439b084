"""The checks in order, and a run of all of them."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from benchmark.contract.case import Case, CheckFailedError, CheckOutcome, ContractCheck
from benchmark.contract.decision import check_decision_sees_validation_only
from benchmark.contract.images import (
    check_augmentation,
    check_first_occurrences,
    check_mixing,
    check_sampler,
    check_synthesizer,
)
from benchmark.contract.key import check_key_covers_source, check_key_is_stable, check_pickles
from benchmark.contract.loss import (
    check_loss_is_cross_entropy_on_equal_classes,
    check_loss_is_finite,
    check_loss_is_linear_in_target,
)
from benchmark.contract.training import check_expectations_match_components, check_passes_audit
from benchmark.strategy.registration import StrategyEntry

CHECKS: tuple[ContractCheck, ...] = (
    check_pickles,
    check_key_is_stable,
    check_key_covers_source,
    check_loss_is_finite,
    check_loss_is_linear_in_target,
    check_loss_is_cross_entropy_on_equal_classes,
    check_sampler,
    check_augmentation,
    check_first_occurrences,
    check_mixing,
    check_synthesizer,
    check_decision_sees_validation_only,
    check_expectations_match_components,
    check_passes_audit,
)


def check_strategy(entry: StrategyEntry) -> Iterator[CheckOutcome]:
    """Run all checks, one after the other."""
    builds = "It can be built with its defaults"
    try:
        strategy = entry.build_default()
    except Exception as error:
        yield CheckOutcome(builds, error_sentence(error, entry))
        return
    yield CheckOutcome(builds)
    for check in CHECKS:
        requirement = (check.__doc__ or "").partition("\n")[0].rstrip(".")
        try:
            check(Case(entry, strategy))
        except Exception as error:
            yield CheckOutcome(requirement, error_sentence(error, entry))
        else:
            yield CheckOutcome(requirement)


def error_sentence(error: Exception, entry: StrategyEntry) -> str:
    """Return what is wrong: the message of a check, or an error with its line in the file."""
    if isinstance(error, CheckFailedError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(entry.file)]
    position = f" ({entry.file.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{position}"
