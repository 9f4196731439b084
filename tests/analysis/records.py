"""Records and splits of a run of three classes, for tests of the analysis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.evaluation.training_fit import TrainingFit
from benchmark.execution.manifest_schema import (
    DataInfo,
    ExperimentInfo,
    RecipeInfo,
    RunManifest,
    SplitManifest,
    SplitPart,
    StrategyInfo,
    WeightsInfo,
)
from benchmark.execution.record_schema import AuditRecord, BudgetUsed, CurvePoint, Record
from benchmark.execution.run_folder import RunFolder

CLASSES = ("rare", "common", "middle")  # in the order of the records
ORDER = [1, 2, 0]
TEST_LABELS = (1, 1, 1, 2, 2, 0)


def split(groups: tuple[int, ...] | None = None) -> SplitManifest:
    return SplitManifest(
        SplitPart((5, 50, 20), (), ()),
        SplitPart((0, 1, 0), (1,), ("val.jpg",)),
        SplitPart((1, 3, 2), TEST_LABELS, tuple(f"{k}.jpg" for k in range(6)), groups),
    )


def record(strategy: str, seed: int, predicted: tuple[int, ...], macro_f1: float = 0.5) -> Record:
    return Record(
        strategy=strategy,
        seed=seed,
        network="key",
        parameters={},
        decision=None,
        metrics={"val": {"macro_f1": 0.25}, "test": {"macro_f1": macro_f1, "accuracy": None}},
        budget=BudgetUsed(10, 8, 4, 80, 60, 0, 1.5),
        training_fit=TrainingFit(10, 0.9, 0.8, 0.3),
        audit=AuditRecord((), (0, 0, 0), *[(0.0, 0.0, 0.0)] * 3),
        one_against_rest={},
        posthoc={},
        reliability={},
        diagnoses=(),
        curve=(CurvePoint(5, 0, "head", 1.0, (), 2.0, 0.3, 0.2, 1),),
        losses=(),
        predicted={"val": (0,), "test": predicted},
        confidence={"val": (0.9,), "test": (0.5,) * 6},
        fingerprint="",
    )


RIGHT = record("a", 0, TEST_LABELS)
WRONG = record("b", 0, (1, 1, 1, 1, 1, 1))


def write_run(
    path: Path, strategies: Sequence[str], baseline: str, seeds: tuple[int, ...] = (0,)
) -> RunFolder:
    """Write manifest and splits of a run of which nothing is trained yet."""
    folder = RunFolder(path)
    recipe = RecipeInfo("forum", "", (), 8, 0.0, None, "")
    splits = {seed: folder.write_split(seed, split()) for seed in seeds}
    folder.write_manifest(
        RunManifest(
            name=path.name,
            command=None,
            quick=False,
            experiment=ExperimentInfo({}, recipe, 8, (), "head", (), "fp32", "cpu"),
            data=DataInfo(path.name, path.name, "", 10, None, CLASSES, {}, content=str(path)),
            weights=WeightsInfo("none", "", ""),
            environment={},
            seeds=seeds,
            splits=splits,
            strategies=tuple(
                StrategyInfo(name, f"Describe {name}.", {}, dict.fromkeys(seeds, "key"))
                for name in strategies
            ),
            available={},
            baseline=baseline,
            tuning=None,
            messages=("a warning",),
        )
    )
    return folder
