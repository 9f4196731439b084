"""Copy the outputs of networks that another run of a grid has trained, see `shared_networks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmark.execution.damaged_files import set_aside_all
from benchmark.execution.outputs import OutputStore
from benchmark.system.progress import Progress
from benchmark.system.text import pluralize

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor


def copy_from_others(executor: Executor, progress: Progress) -> None:
    """Copy the outputs of networks that are to be trained and that other runs have trained."""
    if not executor.others:
        return
    outputs, sources = executor.outputs, dict[str, OutputStore]()
    stores = [OutputStore(folder) for folder in executor.others]
    for key in {s.key for s in executor.segments_to_train() if s.is_final}:
        source = next((store for store in stores if store.has(key)), None)
        if source and not outputs.has(key):
            sources[key] = source
    # outputs are no state: a network from which others train on is trained all the same
    needed = {segment.key for segment in executor.segments_to_train(sources.keys())}
    copied = sorted(sources.keys() - needed)
    for note in set_aside_all(executor.damaged_outputs(copied)):
        progress.say(f"note: {note}")
    for key in copied:
        outputs.copy(key, sources[key])
    if copied:
        number = pluralize(len(copied), "network is copied", "networks are copied")
        progress.say(f"{number} from runs that train the same")
