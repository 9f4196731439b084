"""How long a run still takes, from the measured pace of its trainings."""

import heapq
from collections.abc import Mapping, Sequence
from statistics import median

from benchmark.execution.segment_list import ListedSegment


def pace_of(segment: ListedSegment, paces: Mapping[str, float]) -> float | None:
    """Return the seconds that a step takes: as measured of its strategies, else the median.

    `paces` are by the strategies of a segment; None if nothing was measured.
    """
    if not paces:
        return None
    return paces.get(segment.strategies, median(paces.values()))


def seconds_left(
    segments: Sequence[ListedSegment], seconds: Mapping[str, float], running: int
) -> float:
    """Return when the last segment ends, if as many are trained at the same time as now.

    What begins the longest chain goes first (list scheduling by critical path, Graham 1969), as
    in a run.

    Parameters
    ----------
    segments
        Those that are not done, parents first.
    seconds
        How long each still takes, by key. What is being trained has fewer than its steps take.
    running
        How many are trained at the same time.
    """
    children: dict[str | None, list[str]] = {}
    chains: dict[str, float] = {}  # until the last segment that goes on from it
    for segment in reversed(segments):
        after = [chains[key] for key in children.get(segment.key, ())]
        chains[segment.key] = seconds[segment.key] + max(after, default=0.0)
        children.setdefault(segment.parent, []).append(segment.key)
    can_begin = [(-chains[s.key], s.key) for s in segments if s.parent not in chains]
    heapq.heapify(can_begin)
    at_work: list[tuple[float, str]] = []
    now = 0.0
    while can_begin or at_work:
        while can_begin and len(at_work) < max(1, running):
            _, key = heapq.heappop(can_begin)
            heapq.heappush(at_work, (now + seconds[key], key))
        now, ended = heapq.heappop(at_work)
        for key in children.get(ended, ()):
            heapq.heappush(can_begin, (-chains[key], key))
    return now
