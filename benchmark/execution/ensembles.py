"""The outputs of a plan's ensembles, made from those of their networks once these are trained."""

from dataclasses import replace

from benchmark.execution.damaged_files import set_aside_all
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.segments import Plan


def combine_members(plan: Plan, folder: RunFolder) -> None:
    """Write the outputs of each ensemble of a plan that has none yet, or its error.

    An ensemble fails with the first of its networks that failed, and says which that is.
    """
    store = OutputStore(folder)
    for index, key in plan.networks.items():
        if key not in plan.members or store.has(key):
            continue
        members = plan.members[key]
        names = [member.name for member in plan.specs[index].strategy.members]
        folder.error_file(key).unlink(missing_ok=True)
        errors = zip(names, map(folder.read_error, members), strict=True)
        failure = next((_of_member(name, error) for name, error in errors if error), None)
        if failure is None:
            set_aside_all([damage for damage in [store.damage(key)] if damage])
            try:
                store.combine(key, members)
            except (FileNotFoundError, ValueError) as error:
                failure = ErrorInfo.from_exception(error)
        if failure:
            folder.write_error(key, failure)


def _of_member(name: str, error: ErrorInfo) -> ErrorInfo:
    return replace(error, error=f"its member {name} failed: {error.error}")
