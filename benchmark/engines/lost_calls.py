"""What the engines of clusters raise of calls that have no answer."""


class WorkerDiedError(RuntimeError):
    """The process of a call has ended without an answer.

    It was killed, its memory was short, or its machine is gone. The call may be tried again; with a
    `concurrent.futures.BrokenExecutor` instead, the whole cluster is lost.
    """


def last_lines(text: str, number: int = 20) -> str:
    """Return the end of what a process wrote, for an error."""
    return "\n".join(text.strip().splitlines()[-number:])
