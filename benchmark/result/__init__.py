"""What a run, a sweep, a study, or a comparison of several runs, gives to notebooks and scripts."""

from benchmark.result.multi_dataset import MultiDatasetResult
from benchmark.result.run import Result
from benchmark.result.study import StudyResult
from benchmark.result.sweep import SweepResult

__all__ = ["MultiDatasetResult", "Result", "StudyResult", "SweepResult"]
