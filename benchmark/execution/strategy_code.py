"""Run what a strategy brings, and say why it failed."""

from collections.abc import Callable

from benchmark.execution.record_schema import ErrorInfo
from benchmark.storage.unwritable import UnwritableError
from benchmark.system.isolation import is_failure_of_code, isolated


def failure_of(run: Callable[[], object]) -> ErrorInfo | None:
    """Run code of a strategy in isolation; return why it failed, None if it did not.

    Whatever it raises is its failure, `SystemExit` and what is no `Exception` included. Only a
    signal that asks the whole run to end passes through, and a folder of the run that can't be
    written: no strategy is at fault when a disk is full.
    """
    failure: ErrorInfo | None = None
    try:
        with isolated() as isolation:
            try:
                try:
                    run()
                finally:  # it may have deleted what all below calls, and `BaseException`
                    isolation.built_in.set_back()
            except BaseException as error:
                if isinstance(error, UnwritableError) or not is_failure_of_code(error):
                    raise
                # here: the text of the exception is code of the strategy as well
                failure = ErrorInfo.from_exception(error)
    except UnwritableError:
        raise
    except Exception as error:  # of the isolation; the first failure says more
        failure = failure or ErrorInfo.from_exception(error)
    return failure
