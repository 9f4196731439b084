"""Statistics of the rows of a journal: medians, spreads, ratios, and the bars for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from tests.perf.journal import Row

GIB = 2**30
MEMORY_BESIDES_STORES = 2 * GIB
# six strategies and one seed against plain and tuned, several seeds against plain, all against one
BARS = {"cpu": (5.0, 2.2, 5.5, 1.2), "cuda": (5.0, 2.2, 6.0, 1.0)}
SHARE_OF_BARE, SHARE_OF_GPU = 0.95, 0.9
FLAT = 0.15
FULL_BENCH = (6, 4000)  # strategies and images for which the bars were set


@dataclass(frozen=True)
class Target:
    """A measured quantity with its bar."""

    name: str
    values: tuple[float, ...]  # one a round, or one per pair of slices
    bar: float
    at_least: bool
    unit: str = "x"  # x, %, GiB

    @property
    def median(self) -> float:
        """The median of the values, which counts."""
        return median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the median reaches the bar."""
        return self.median >= self.bar if self.at_least else self.median <= self.bar


def select(rows: Sequence[Row], kind: str, number: int | None = None, seeds: int = 0) -> list[Row]:
    """Return the rows of a kind, or only those of one round or of so many seeds."""
    return [
        row
        for row in rows
        if row["kind"] == kind
        and number in (None, row["round"])
        and (not seeds or len(row["seeds"]) == seeds)
    ]


def rounds_of(rows: Sequence[Row]) -> list[int]:
    """Return the rounds that have measurements."""
    return sorted({row["round"] for row in rows if row["kind"] in ("plain", "tuned", "harness")})


def script_seconds(rows: Sequence[Row], kind: str, number: int, strategies: Sequence[str]) -> float:
    """Return the seconds of one script a strategy in all, one after the other, in one round.

    The sum if all strategies ran in the round; else strategies x the median of those that did.

    Raises
    ------
    ValueError
        If none ran.
    """
    chosen = select(rows, kind, number)
    if not chosen:
        raise ValueError(f"no {kind} script was timed in round {number}")
    ran = {row["strategies"][0]: row["seconds"] for row in chosen}
    if set(ran) == set(strategies) and len(chosen) == len(strategies):
        return float(sum(ran.values()))
    return len(strategies) * float(median(row["seconds"] for row in chosen))


def is_extrapolated(rows: Sequence[Row], kind: str, strategies: Sequence[str]) -> bool:
    """Return whether in any round fewer scripts ran than there are strategies."""
    return any(0 < len(select(rows, kind, number)) < len(strategies) for number in rounds_of(rows))


def targets(
    rows: Sequence[Row],
    strategies: Sequence[str],
    seeds: Sequence[int],
    device: str,
    gpu_memory: int | None = None,
) -> Iterator[Target]:
    """Yield the targets that the rows allow; a ratio takes both measurements from one round."""
    plain, tuned, several, single = BARS[device]
    count = len(strategies)

    def ratios(kind: str, runs: int) -> tuple[float, ...]:
        return tuple(
            runs * script_seconds(rows, kind, number, strategies) / harness["seconds"]
            for number in rounds_of(rows)
            for harness in select(rows, "harness", number, runs)
            if select(rows, kind, number)
        )

    def target_name(kind: str, runs: int) -> str:
        over = "one seed" if runs == 1 else f"{runs} seeds"
        return f"{count} strategies, {over}, against *{kind}*"

    yield from _if_any(target_name("plain", 1), ratios("plain", 1), plain, at_least=True)
    yield from _if_any(target_name("tuned", 1), ratios("tuned", 1), tuned, at_least=True)
    if len(seeds) > 1:
        runs = len(seeds)
        yield from _if_any(
            target_name("plain", runs), ratios("plain", runs), several, at_least=True
        )
    shares = tuple(
        harness["seconds"] / median(row["seconds"] for row in select(rows, "plain", number))
        for number in rounds_of(rows)
        for harness in select(rows, "harness", number, 1)
        if select(rows, "plain", number)
    )
    name = f"whole benchmark of {count} against one *plain* fine-tune"
    yield from _if_any(name, shares, single, at_least=False)
    for row in select(rows, "bare")[-1:]:
        pairs = row["result"]["pairs"]
        share = tuple(100 * pair["harness"] / pair["bare"] for pair in pairs)
        name = "training throughput of a segment against *bare*"
        yield Target(name, share, 100 * SHARE_OF_BARE, at_least=True, unit="%")
    yield from _memory(rows, gpu_memory)


def _memory(rows: Sequence[Row], gpu_memory: int | None) -> Iterator[Target]:
    harness = select(rows, "harness")
    if not harness:
        return
    # stores in RAM count as memory of the process, stores in files do not
    stores = max(_stores_in_memory(row) for row in harness)
    held = tuple(row["memory"]["anonymous"] / GIB for row in harness)
    bar = (stores + MEMORY_BESIDES_STORES) / GIB
    yield Target("peak resident memory, without pages of files", held, bar, False, "GiB")
    on_gpu = tuple(row["memory"]["gpu"] for row in harness if "gpu" in row["memory"])
    if gpu_memory and on_gpu:
        share = tuple(100 * used / gpu_memory for used in on_gpu)
        yield Target("peak memory of the GPU", share, 100 * SHARE_OF_GPU, False, "%")


def _stores_in_memory(row: Row) -> int:
    return int(row["result"]["cost"].get("stores_in_memory", 0))


def _if_any(
    name: str, values: tuple[float, ...], bar: float, *, at_least: bool
) -> Iterator[Target]:
    if values:
        yield Target(name, values, bar, at_least)


def macro_f1(rows: Sequence[Row], kind: str) -> dict[tuple[str, int], float]:
    """Return macro-F1 by strategy and seed; the mean if it was measured more than once."""
    scores: dict[tuple[str, int], list[float]] = {}
    for row in select(rows, kind):
        if kind == "harness":
            for name, value in row["result"]["macro_f1"].items():
                strategy, _, seed = name.rpartition(" ")
                scores.setdefault((strategy, int(seed)), []).append(value)
        else:
            key = (row["strategies"][0], row["seeds"][0])
            scores.setdefault(key, []).append(row["result"]["macro_f1"])
    return {key: mean(values) for key, values in scores.items()}


def difference(
    minuend: dict[tuple[str, int], float], subtrahend: dict[tuple[str, int], float]
) -> tuple[float, float, int] | None:
    """Return mean, standard error and number of differences over the keys that both have.

    None for fewer than two keys.
    """
    gaps = [minuend[key] - subtrahend[key] for key in minuend.keys() & subtrahend.keys()]
    if len(gaps) < 2:
        return None
    return mean(gaps), stdev(gaps) / len(gaps) ** 0.5, len(gaps)


def rise(costs: Sequence[float]) -> float:
    """Return the largest rise of a cost per image from a smaller set to a larger one, as a share.

    A fall counts as 0: a fixed cost is shared by more images.
    """
    return max([0.0, *(late / early - 1 for k, late in enumerate(costs) for early in costs[:k])])
