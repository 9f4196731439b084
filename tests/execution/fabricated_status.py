"""Folders of runs as they are while they are trained, without a training."""

import json
import os
import time
from dataclasses import asdict, replace

from benchmark.execution.run_folder import RunFolder
from benchmark.execution.segment_list import ListedSegment, SegmentList
from benchmark.storage.owner import Owner
from benchmark.storage.typed_json import write

KEYS = [letter * 64 for letter in "abcdef"]


def list_segments(path, number=6, strategies=("plain", "mixed"), seeds=3):
    """Write that a run trains segments of 100 steps, none of which goes on from another."""
    folder = RunFolder(path)
    segments = tuple(
        ListedSegment(key, strategies[i % 2], i % seeds, None, 0, 100, True, False)
        for i, key in enumerate(KEYS[:number])
    )
    for name in ("states", "outputs", "records"):
        (path / name).mkdir(parents=True, exist_ok=True)
    write(folder.segments_file, SegmentList(segments=segments))
    return folder


def finish(folder, key, seconds=50.0):
    """Let a segment be done, in so many seconds."""
    head = '{\n "sha256": "0",\n "seed": 0,\n "steps": 100,\n "seconds": '
    folder.outputs_manifest_file(key).write_text(f"{head}{seconds},\n")


def beat(folder, key, steps=40, age=2.0, host="host-b", **about):
    """Write a heartbeat as a worker on another machine does."""
    owner = replace(Owner.this_process(), host=host, machine=host, process=812)
    content = {
        **{"owner": asdict(owner), "steps": steps, "first_steps": 0, "seconds": steps / 2},
        **{"device": "cuda:0", "began": time.time() - 60},
        **{"attempt": 1, "attempts": 3, "reason": "", **about},
    }
    file = folder.heartbeat_file(key)
    file.write_text(json.dumps(content))
    os.utime(file, (time.time() - age,) * 2)


def beat_here(folder, key, process=None, age=2.0):
    """Write a heartbeat of this process, or of another of this machine, which may have ended."""
    owner = Owner.this_process()
    if process:
        owner = replace(owner, process=process, process_start=0)
    beat(folder, key, owner=asdict(owner), age=age)
