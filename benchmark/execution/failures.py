"""What failed in an earlier run stays failed, until the flag --retry-failed is given.

A strategy that fails would fail again, after as many steps. Its network has another key once its
code or settings change. What the machine was the cause of, such as a full disk, is tried by each
run.
"""

from contextlib import suppress
from dataclasses import replace

from benchmark.execution.record_schema import FailedRecord
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.segments import Plan
from benchmark.storage.stored_file import is_there, open_plain


def failed_keys(plan: Plan, folder: RunFolder) -> set[str]:
    """Return the keys of segments that are not tried again, those after them among them."""
    failed: set[str] = set()
    for segment in plan.segments:  # each after the one that it starts from
        error = folder.read_error(segment.key)
        if not is_there(folder.outputs_manifest_file(segment.key)) and (
            segment.parent in failed or (error and not error.by_machine)
        ):
            failed.add(segment.key)
    return failed


def begin_tries(plan: Plan, folder: RunFolder, retry_failed: bool) -> None:
    """Forget what a run tries again, and say of other failures that they are earlier ones."""
    if retry_failed:  # also of a search for parameters, which has plans of its own
        for file in (folder.path / "states").glob("*.error.json"):
            file.unlink()
    failed = failed_keys(plan, folder)
    for segment in plan.segments:
        error = folder.read_error(segment.key)
        if error is None and segment.parent:
            error = folder.read_error(segment.parent)
        if segment.key in failed and error:
            folder.write_error(segment.key, replace(error, is_earlier=True))
        else:
            folder.error_file(segment.key).unlink(missing_ok=True)
    for strategy, seed in plan.networks:
        record = _failed_record(folder, strategy, seed)
        if record is None:
            continue
        if retry_failed or record.by_machine:
            folder.record_file(strategy, seed).unlink(missing_ok=True)
        elif not record.is_earlier:
            folder.write_record(replace(record, is_earlier=True))


def _failed_record(folder: RunFolder, strategy: str, seed: int) -> FailedRecord | None:
    """Return a record if it is that of a failure; the others, which are large, are not parsed."""
    with suppress(OSError, ValueError):
        with open_plain(folder.record_file(strategy, seed)) as file:
            begins = file.read(1000)
        if b'"failed"' in begins:
            record = folder.read_record(strategy, seed)
            return record if isinstance(record, FailedRecord) else None
    return None
