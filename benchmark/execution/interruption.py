"""What a run that was stopped, or ended without a trace, leaves and keeps."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.execution.run_folder import FOLDERS, RunFolder
from benchmark.plan.segments import Plan, Segment
from benchmark.storage.atomic import remove_leftovers
from benchmark.storage.stored_file import write_unfollowed
from benchmark.system.stopping import removed_if_ended
from benchmark.system.text import pluralize


def describe_kept(folder: RunFolder, plan: Plan) -> str:
    """Return how much of a plan is trained, and how many states are saved."""
    networks = plan.trained
    trained = sum(folder.outputs_manifest_file(key).exists() for key in networks)
    files = (f(s.key) for s in plan.segments for f in (folder.partial_file, folder.state_file))
    states = sum(file.exists() for file in files)
    kept = f"{trained} of {pluralize(len(networks), 'network', 'networks')}"
    return f"{kept} and {pluralize(states, 'state', 'states')} of trainings under way are kept"


def tidy(folder: RunFolder, segments: Iterable[Segment]) -> None:
    """Remove what only processes need that have ended."""
    folder.stop_file.unlink(missing_ok=True)
    for segment in segments:
        folder.heartbeat_file(segment.key).unlink(missing_ok=True)
    for name in FOLDERS:
        remove_leftovers(folder.path / name)


@contextmanager
def traced(file: Path) -> Iterator[None]:
    """Leave an empty `file` where the process is ended meanwhile, by a crash or a kill."""
    with suppress(OSError):  # a full disk
        file.parent.mkdir(parents=True, exist_ok=True)
        write_unfollowed(file, "")
    try:
        with removed_if_ended(file):  # after a signal, whose answer took too long: no crash
            yield
    finally:
        with suppress(OSError):
            file.unlink()
