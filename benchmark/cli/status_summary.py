"""How far a run is, as lines for a terminal and as JSON for scripts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from benchmark.execution.grid_status import GridStatus
from benchmark.execution.run_status import RunStatus, SegmentStatus, State
from benchmark.storage.owner_file import Holder
from benchmark.system.progress import format_duration
from benchmark.system.text import pluralize, truncate

MOST_LINES = 20  # of segments under a heading
LONGEST = 60  # characters of a name
AGAIN = "the same command goes on from what is finished"


def status_text(status: GridStatus) -> str:
    """Return how far the runs of a folder are, in words."""
    if not status.is_grid:
        (run,) = status.runs.values()
        return "\n".join([f"{status.path}: {_run_line(run)}", *_run_details(run)])
    width = min(LONGEST, max(map(len, status.runs), default=0))
    lines = [f"{status.path}: {pluralize(len(status.runs), 'run', 'runs')}", _worker(status.holder)]
    lines += [f"  {name:<{width}}  {_run_line(run)}" for name, run in status.runs.items()]
    for name, run in status.runs.items():
        if run.is_at_work:
            lines += ["", f"{name}:", *_run_details(run)]
    return "\n".join(lines)


def _run_line(run: RunStatus) -> str:
    if run.report:
        number, failed = run.records()
        failures = (
            f", {failed} of them a failure" if failed == 1 else f", {failed} of them failures"
        )
        records = pluralize(number, "record", "records") + (failures if failed else "")
        return f"finished, {records}; report: {run.report}"
    if run.segments:
        return run.summary() + ("" if run.is_at_work else f"; not at work: {AGAIN}")
    if run.holder:
        return "at work, but not in a training: it prepares, or writes records and the report"
    if run.folder.run_file.is_file():
        return f"ended before its report was written; {AGAIN}"
    return "not begun"


def _run_details(run: RunStatus) -> list[str]:
    if run.report or not run.segments:
        return [_worker(run.holder)] if run.holder else []
    lines = [_worker(run.holder)]
    if all(status.state is State.WAITING for status in run.segments):
        lines.append(
            "no training runs: what was saved goes on once a worker is free"
            if run.has_begun()
            else "no training has begun: what they share is computed first"
        )
    for state, describe in (
        (State.RUNNING, _running),
        (State.LOST, _lost),
        (State.FAILED, lambda failed: failed.reason),
    ):
        lines += _section(state, ((s, describe(s)) for s in run.in_state(state)))
    if waiting := run.in_state(State.WAITING):
        counts = Counter(status.waits_for for status in waiting)
        rows = [
            f"  {number:>4} for {truncate(name, LONGEST) if name else 'a free worker'}"
            for name, number in counts.most_common()
        ]
        lines += ["", "waiting", *_first(rows)]
    return lines


def _worker(holder: Holder | None) -> str:
    if holder is None:
        return "the process that carries it out: none is at work"
    return f"the process that carries it out: {holder}"


def _section(title: str, rows: Iterable[tuple[SegmentStatus, str]]) -> list[str]:
    named = [(truncate(status.segment.name, LONGEST), text) for status, text in rows]
    if not named:
        return []
    width = max(len(name) for name, _ in named)
    return ["", title, *_first([f"  {name:<{width}}  {text}" for name, text in named])]


def _first(rows: Sequence[str]) -> list[str]:
    more = [f"  and {len(rows) - MOST_LINES} more"] if len(rows) > MOST_LINES else []
    return [*rows[:MOST_LINES], *more]


def _running(status: SegmentStatus) -> str:
    beat = status.beat
    assert beat is not None
    parts = [f"{status.share:>4.0%}", beat.owner.name, beat.device]
    if beat.seconds_per_step is not None:
        parts.append(f"{beat.seconds_per_step:.3g} s a step")
    parts += [f"heard of {status.age:.0f} s ago", _attempt(status)]
    return ", ".join(filter(None, parts))


def _lost(status: SegmentStatus) -> str:
    assert status.beat is not None
    silent = f"not heard of for {format_duration(status.age)}"
    if status.beat.owner.lives() is False:
        silent = "its process has ended"
    at = f"at {status.share:.0%}"
    return ", ".join(filter(None, (status.beat.owner.name, silent, at, _attempt(status))))


def _attempt(status: SegmentStatus) -> str:
    beat = status.beat
    if beat is None or beat.attempt < 2:
        return ""
    why = f" (before: {truncate(beat.reason.splitlines()[0], LONGEST)})" if beat.reason else ""
    return f"try {beat.attempt} of {beat.attempts}{why}"


def status_json(status: GridStatus) -> str:
    """Return the same as JSON: all segments, and numbers in place of words."""
    runs = [{"values": name, **_run_object(run)} for name, run in status.runs.items()]
    content = {
        "folder": str(status.path),
        "at_work": status.is_at_work,
        "process": _holder_object(status.holder),
        "runs": runs,
    }
    return json.dumps(content, indent=1)


def _run_object(run: RunStatus) -> dict[str, Any]:
    return {
        "folder": str(run.folder.path),
        "at_work": run.is_at_work,
        "report": str(run.report) if run.report else None,
        "process": _holder_object(run.holder),
        "seconds_left": run.seconds_left,
        "segments": [_segment_object(status) for status in run.segments],
    }


def _holder_object(holder: Holder | None) -> dict[str, Any] | None:
    if holder is None or holder.owner is None:
        return None
    return {"host": holder.owner.host, "process": holder.owner.process, "age": round(holder.age, 1)}


def _segment_object(status: SegmentStatus) -> dict[str, Any]:
    segment, beat = status.segment, status.beat
    content: dict[str, Any] = {
        "name": segment.name,
        "key": segment.key,
        "state": str(status.state),
        "steps": segment.steps,
    }
    if beat:
        content |= {
            "done": beat.steps,
            "host": beat.owner.host,
            "process": beat.owner.process,
            "device": beat.device,
            "seconds_per_step": beat.seconds_per_step,
            "age": round(status.age, 1),
            "attempt": beat.attempt,
            "attempts": beat.attempts,
        }
    if status.reason:
        content["reason"] = status.reason
    if status.waits_for:
        content["waits_for"] = status.waits_for
    return content
