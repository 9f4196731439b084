"""States of trainings under way: what is to be trained, given those that are whole."""

from collections.abc import Callable
from contextlib import suppress

from benchmark.execution.run_folder import RunFolder
from benchmark.plan.segments import Plan, Segment
from benchmark.storage.file_clock import look_again
from benchmark.storage.stored_file import set_aside
from benchmark.system.text import pluralize
from benchmark.train.checkpoint import is_whole


def segments_to_train(plan: Plan, folder: RunFolder, with_outputs: set[str]) -> list[Segment]:
    """Return the segments still to be trained, parents first.

    `with_outputs` are keys of networks whose outputs are stored. A segment whose state is needed
    and was damaged is one of those to be trained. Only states that would be read are looked at.
    """
    with_state = {s.key for s in plan.segments if folder.state_file(s.key).exists()}
    while True:
        to_train = plan.segments_to_train(with_outputs, with_state)
        needed = {s.parent for s in to_train if s.parent} - {s.key for s in to_train}
        damaged = {key for key in needed if not is_whole(folder.state_file(key))}
        if not damaged:
            return to_train
        with_state -= damaged


def has_ended(folder: RunFolder, segment: Segment) -> bool:
    """Return whether a segment is trained, or has failed; what it leaves is in the folder."""
    result = folder.outputs_manifest_file if segment.is_final else folder.state_file
    files = result(segment.key), folder.error_file(segment.key)
    for file in files:
        with suppress(OSError):
            look_again(file.parent)  # another machine may have written it
    return any(file.exists() for file in files)


def set_damaged_aside(
    folder: RunFolder, to_train: list[Segment], say: Callable[[str], None]
) -> None:
    """Rename damaged states of segments that are to be trained, and say what that costs."""
    for segment in to_train:
        for file in (folder.partial_file(segment.key), folder.state_file(segment.key)):
            if not is_whole(file):
                steps = pluralize(segment.end - segment.start, "step is", "steps are")
                say(
                    f"note: {file} was damaged on the disk, and is now {set_aside(file).name}: "
                    f"{steps} trained again for {segment.name}"
                )
