"""Where the progress of a run is shown: on a terminal, in a notebook, in a log, or not at all."""

import builtins
import sys

from benchmark.system.output import lasting_stdout
from benchmark.system.progress import LastingProgress, LogProgress, NullProgress, Progress


def choose_progress(progress: Progress | bool | None) -> Progress:
    """Return what shows the progress of a run that is called from Python.

    Parameters
    ----------
    progress
        True or False: shown or not; None: shown where a person types the code, in a notebook, in
        IPython and at Python's own prompt; else it is returned.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if progress is None:
        progress = hasattr(sys, "ps1")  # the prompt, which IPython and its kernels have too
    if progress is False:
        return NullProgress()
    if progress is True:
        return terminal_progress()
    methods = [getattr(progress, name, None) for name in ("say", "task", "show_status")]
    if isinstance(progress, type) or not all(map(callable, methods)):
        raise ValueError(
            f"progress {progress!r} is not allowed; allowed: True, False, None, or an object with "
            "the methods say, task and show_status"
        )
    return LastingProgress(progress)


def terminal_progress() -> Progress:
    """Return bars on a terminal, a line that is replaced in a notebook, lines elsewhere.

    What it shows never fails a run.
    """
    # the function is there while IPython runs; only a kernel, as notebooks have it, has `kernel`
    shell = getattr(builtins, "get_ipython", lambda: None)()
    in_notebook = getattr(shell, "kernel", None) is not None
    if not (in_notebook or lasting_stdout().isatty()):
        return LastingProgress(LogProgress())
    from benchmark.system import live_progress  # rich, which logs do without

    display = live_progress.NotebookProgress() if in_notebook else live_progress.RichProgress()
    return LastingProgress(display)
