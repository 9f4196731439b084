"""What an engine is: a `concurrent.futures.Executor`, and what its user must know of it."""

from concurrent.futures import Executor
from typing import Protocol


class Engine(Protocol):
    """Runs calls in processes of this machine or of others.

    What a call returns is not used, but whether it raised is: results are in the run's folder.
    """

    name: str  # for people
    # whether the calls share the memory of this machine, so that one is tried again alone
    is_local: bool

    def executor(self) -> Executor:
        """Return an executor that works: the same each time, a new one once it is broken."""

    def slots(self) -> int | None:
        """Return how many calls run at the same time now; None: it is not known, so all wait there.

        A cluster may grow and shrink meanwhile.
        """

    def threads(self) -> int | None:
        """Return the cores that one call may use; None: those of its machine."""

    def close(self) -> None:
        """End what this engine has started. A cluster that it has joined goes on."""
