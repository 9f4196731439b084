"""The checks in order, and a run of all of them. A file beside this one has each kind."""

from collections.abc import Iterator

from benchmark.contract import components, key, loss, training
from benchmark.contract.case import Case, CheckFailedError, ContractCheck, ContractResult
from benchmark.contract.files_read import uncovered_files
from benchmark.evaluation.audit_scope import unchecked_strengths
from benchmark.plugins import line_in
from benchmark.strategy.registration import StrategyEntry

CHECKS: tuple[ContractCheck, ...] = (
    key.check_pickles,
    key.check_key_is_stable,
    key.check_key_covers_source,
    loss.check_loss_is_finite,
    loss.check_loss_is_linear_in_target,
    loss.check_loss_is_cross_entropy_on_equal_classes,
    components.check_sampler,
    components.check_augmentation,
    components.check_first_occurrences,
    components.check_mixing,
    components.check_synthesizer,
    components.check_decision_sees_validation_only,
    training.check_expectations_match_components,
    training.check_passes_audit,
)


def check_strategy(entry: StrategyEntry) -> Iterator[ContractResult]:
    """Run all checks, then name strengths that are not checked, and what `watch_reads` has seen."""
    builds = "It can be built with its defaults"
    try:
        case = Case(entry, entry.build_default())
    except Exception as error:
        yield ContractResult(builds, error_sentence(error, entry))
        return
    yield ContractResult(builds)
    for check in CHECKS:
        requirement, problem = (check.__doc__ or "").partition("\n")[0].rstrip("."), ""
        try:
            check(case)
        except Exception as error:
            problem = error_sentence(error, entry)
        yield ContractResult(requirement, problem)
    for sentence in (*unchecked_strengths(case.strategy), *uncovered_files(entry)):
        yield ContractResult(sentence, is_note=True)


def error_sentence(error: Exception, entry: StrategyEntry) -> str:
    """Return what is wrong: the message of a check, or an error with its line in the file."""
    if isinstance(error, CheckFailedError):
        return str(error)
    line = line_in(entry.file, error)
    position = f" ({entry.file.name}, line {line})" if line else ""
    return f"{type(error).__name__}: {error}{position}"
