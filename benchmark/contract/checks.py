"""The checks in order, and a run of all of them. A file beside this one has each kind."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from benchmark.contract import components, key, loss, training
from benchmark.contract.case import Case, CheckFailedError, ContractCheck, ContractResult
from benchmark.contract.files_read import uncovered_files
from benchmark.evaluation.audit_scope import unchecked_strengths
from benchmark.strategy.error_lines import line_in
from benchmark.strategy.registration import StrategyEntry
from benchmark.system.error_text import error_text
from benchmark.system.isolation import is_failure_of_code, isolated

T = TypeVar("T")

CHECKS: tuple[ContractCheck, ...] = (
    key.check_pickles,
    key.check_key_is_stable,
    key.check_key_covers_source,
    loss.check_loss_is_finite,
    loss.check_loss_is_linear_in_target,
    loss.check_loss_is_cross_entropy_on_equal_classes,
    components.check_selection,
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
    if entry.needs:  # no parameter that would do is known here
        needed = " and ".join(entry.needs)
        yield ContractResult(f"It needs {needed}, so nothing of it is checked", is_note=True)
        return
    builds = "It can be built with its defaults"
    problem, case = _problem_of(lambda: Case(entry, entry.build_default()), entry)
    if case is None:
        yield ContractResult(builds, problem)
        return
    yield ContractResult(builds)
    for check in CHECKS:
        requirement = (check.__doc__ or "").partition("\n")[0].rstrip(".")
        problem, _ = _problem_of(partial(check, case), entry)
        yield ContractResult(requirement, problem)
    for sentence in (*unchecked_strengths(case.strategy), *uncovered_files(entry)):
        yield ContractResult(sentence, is_note=True)


def _problem_of(run: Callable[[], T], entry: StrategyEntry) -> tuple[str, T | None]:
    """Run code of a strategy in isolation; return what is wrong, '' for nothing, and its result."""
    try:
        with isolated():
            return "", run()
    except BaseException as error:  # SystemExit, too
        if not is_failure_of_code(error):
            raise
        return error_sentence(error, entry), None


def error_sentence(error: BaseException, entry: StrategyEntry) -> str:
    """Return what is wrong: the message of a check, or an error with its line in the file."""
    if isinstance(error, CheckFailedError):
        return str(error)
    line = line_in(entry.file, error)
    position = f" ({entry.file.name}, line {line})" if line else ""
    return f"{error_text(error)}{position}"
