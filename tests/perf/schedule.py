"""The order of measurements: plain, tuned and harness in turn, round after round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.perf.journal import Row


@dataclass(frozen=True)
class Job:
    """One process to be timed."""

    kind: str  # plain, tuned, harness, bare
    round: int
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]

    def is_in(self, rows: Sequence[Row]) -> bool:
        """Return whether the job has a row."""
        return any(
            row["kind"] == self.kind
            and row["round"] == self.round
            and row["strategies"] == list(self.strategies)
            and row["seeds"] == list(self.seeds)
            for row in rows
        )

    def __str__(self) -> str:
        name = self.strategies[0] if len(self.strategies) == 1 else str(len(self.strategies))
        return f"{self.kind}-{name}-seeds{'.'.join(map(str, self.seeds))}-round{self.round}"


def jobs_of(
    strategies: Sequence[str], seeds: Sequence[int], rounds: int, scripts: int
) -> Iterator[Job]:
    """Yield the jobs of all rounds.

    Of the scripts, one per strategy and seed, each round runs `scripts` of either kind, and the
    next round continues where this one stopped: strategies first, then seeds. The harness runs all
    strategies on the first seed, and, if there are several, on all seeds.
    """
    names = tuple(strategies)
    for number in range(rounds):
        scripts_of_round = []
        for k in range(number * scripts, (number + 1) * scripts):
            seed = seeds[k // len(names) % len(seeds)]
            scripts_of_round.append((names[k % len(names)], seed))
        for kind in ("plain", "tuned"):
            for name, seed in scripts_of_round:
                yield Job(kind, number, (name,), (seed,))
        yield Job("harness", number, names, (seeds[0],))
        if len(seeds) > 1:
            yield Job("harness", number, names, tuple(seeds))
    yield Job("bare", 0, names, (seeds[0],))
