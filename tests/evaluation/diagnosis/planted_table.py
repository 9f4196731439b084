"""Make planted cases, name their causes, and write the confusion tables into planted.json.

    python -m tests.evaluation.diagnosis.planted_table --out FILE independent
    python -m tests.evaluation.diagnosis.planted_table --out FILE photographs FOLDER WEIGHTS

FOLDER holds photographs in a folder a class (17 classes of the clothing dataset, CC0, in what is
committed), WEIGHTS a file of InceptionV3. Cases that FILE holds are not made again, so a run can be
stopped and continued. `--seconds` stops by itself.
"""

import argparse
import json
import time
from pathlib import Path

from tests.evaluation.diagnosis.independent_cases import independent
from tests.evaluation.diagnosis.photograph_cases import PLANTED, Maker, features_of
from tests.evaluation.diagnosis.planted_case import (
    BEYOND,
    CAUSES,
    EMPTY,
    OVER,
    PERMUTED,
    PRIOR,
    summary,
)
from tests.evaluation.diagnosis.planted_cases import developed

RESULT = Path(__file__).with_name("planted.json")
FIRST, CASES = 4000, 20  # seeds of the reported cases


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generator", choices=["developed", "independent", "photographs"])
    parser.add_argument("photographs", nargs="*", help="a folder of classes, a file of weights")
    parser.add_argument("--out", type=Path, required=True, help="where cases are kept, as JSON")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--cases", type=int, default=CASES, help="of each cause")
    arguments = parser.parse_args()
    make, planted = (
        {"developed": developed, "independent": independent}.get(arguments.generator),
        [*CAUSES, *BEYOND],
    )
    if make is developed:
        planted = [cause for cause in planted if cause not in (PERMUTED, EMPTY)]
    if make is None:
        folder, weights = arguments.photographs
        make, planted = Maker(*features_of(Path(folder), weights)), PLANTED
    cases = json.loads(arguments.out.read_text()) if arguments.out.exists() else []
    _name_causes(make, planted, cases, arguments)
    pairs = [(cause, name) for cause, _, name, _ in cases if name]
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    result[arguments.generator] = {"seeds from": FIRST, **summary(pairs)}
    RESULT.write_text(json.dumps(dict(sorted(result.items())), indent=1) + "\n")


def _name_causes(make, planted, cases, arguments):
    """Add [planted, seed, named, attempt] to `cases`; named is null if no case came of a seed."""
    begin, known = time.process_time(), {(cause, seed) for cause, seed, *_ in cases}
    costly = (PRIOR, OVER)  # most attempts give no case
    seeds = range(FIRST, FIRST + arguments.cases)
    jobs = [(cause, seed) for seed in seeds for cause in planted if cause not in costly]
    for cause, seed in [*jobs, *((cause, seed) for seed in seeds for cause in costly)]:
        if time.process_time() - begin > arguments.seconds:
            return
        if (cause, seed) not in known:
            case = make(cause, seed)
            name, attempt = (case[0].named(), case[1]) if case else (None, None)
            cases.append([cause, seed, name, attempt])
            arguments.out.write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
