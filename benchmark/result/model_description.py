"""What is said of an exported model: its model.json, from the run that it comes from."""

from __future__ import annotations

import numpy as np

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.coverage import confidences
from benchmark.analysis.scores import Score, metric_scores, recall_scores
from benchmark.data.pixels.store import DECODER_VERSION
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.outputs import OutputsManifest, OutputStore
from benchmark.execution.record_schema import Record
from benchmark.execution.run_folder import RunFolder
from benchmark.inference import model_info as schema
from benchmark.inference.abstention import error_by_threshold
from benchmark.inference.stored_component import is_ours, to_content
from benchmark.model.licence import licence_sentence
from benchmark.model.weights import Weights
from benchmark.plugins import loaded_files
from benchmark.strategy.outputs import Outputs
from benchmark.strategy.protocols import Rule
from benchmark.strategy.registry import StrategySpec

LARGEST_DIFFERENCE = 0.01  # share of labels: ties may be rounded otherwise on another machine


def describe_model(
    comparison: Comparison, record: Record, spec: StrategySpec, weights: Weights, refitted: bool
) -> schema.ModelInfo:
    """Return all that model.json holds, but for the hash of the tensors.

    Raises
    ------
    ValueError
        If the decision of the strategy is not the one that the run has fitted, or outputs of the
        network are damaged.
    FileNotFoundError
        If they are missing.
    """
    manifest, folder = comparison.manifest, RunFolder(comparison.folder)
    experiment, data = manifest.experiment, manifest.data
    outputs, training = _load_outputs(folder, record)
    counts = np.array(folder.read_split(record.seed).train.counts, np.int64)
    decision = spec.strategy.for_classes(data.classes).decision
    rule = decision.fit(outputs["val"].copy(), counts.copy())
    if is_ours(rule):
        _require_same_labels(rule, outputs["test"], record)
    prior = outputs["val"].effective_prior
    heads = [training.head for training in spec.strategy.trainings]
    return schema.ModelInfo(
        tensors_sha256="",
        networks=tuple(
            schema.NetworkInfo(
                experiment.settings["backbone"],
                experiment.first_trained,
                to_content(head) if is_ours(head) else None,
                experiment.precision,
            )
            for head in heads
        ),
        classes=tuple(_classes(comparison, record.strategy)),
        preprocessing=schema.PreprocessingInfo(
            experiment.settings["image_size"], DECODER_VERSION, data.grey_scales
        ),
        decision=to_content(rule) if is_ours(rule) else None,
        effective_prior=None if prior is None else tuple(prior.tolist()),
        error_by_threshold=_errors(record, np.asarray(outputs["val"].labels)),
        strategy=record.strategy,
        strategy_description=spec.doc.strip().split("\n", 1)[0],
        plugins=tuple(file.name for file in loaded_files()),
        seed=record.seed,
        network_keys=training.members or (record.network,),
        is_refitted=refitted,
        data=_data(manifest, record.seed),
        weights=schema.WeightsInfo(
            weights.name, weights.source, weights.sha256, licence_sentence(weights)
        ),
        other_files={},
        metrics={
            name: _interval(score)
            for name, score in metric_scores(comparison, record.strategy).items()
        },
        seeds=manifest.seeds,
        versions=_versions(manifest.environment),
    )


def _load_outputs(folder: RunFolder, record: Record) -> tuple[dict[str, Outputs], OutputsManifest]:
    try:
        return OutputStore(folder).load(record.network)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"the outputs of {record.strategy} (seed {record.seed}) are missing in {folder.path}. "
            "Run the command of the run again, which makes them, and export then"
        ) from None


def _data(manifest: RunManifest, seed: int) -> schema.DataInfo:
    data, split = manifest.data, manifest.splits[seed]
    return schema.DataInfo(data.name, describe_data(manifest), data.images, data.content, split)


def describe_data(manifest: RunManifest) -> str:
    """Return what a data set is, and what the run changed in it on purpose."""
    settings, sentences = manifest.experiment.settings, [manifest.data.description]
    if (noise := settings.get("label_noise", "0")) != "0":
        sentences.append(f"Labels were made wrong on purpose (label-noise {noise}).")
    if (profile := settings.get("imbalance", "natural")) != "natural":
        sentences.append(f"Images were left out to make classes rare (imbalance {profile}).")
    return " ".join(sentences)


def _require_same_labels(rule: Rule, test: Outputs, record: Record) -> None:
    """Raise ValueError if a decision is not that of the run: a plug-in may have been edited."""
    labels = np.asarray(rule(test.without_labels().copy()))
    others = np.mean(labels != np.array(record.predicted["test"])) if len(labels) else 0
    if others > LARGEST_DIFFERENCE:
        raise ValueError(
            f"the decision of {record.strategy} gives {others:.0%} of the test images another "
            "label than in the run: its code has changed since. Run the command of the run again, "
            "and export then"
        )


def _classes(comparison: Comparison, strategy: str) -> list[schema.ClassInfo]:
    """Return the classes in the order of the network's outputs."""
    recalls = recall_scores(comparison, strategy)
    rows = comparison.per_class[comparison.per_class["strategy"] == strategy]
    predicted = rows.groupby("class")["predicted"].sum()
    train = dict(zip(comparison.classes, comparison.train_counts, strict=True))
    test = dict(zip(comparison.classes, comparison.test_counts, strict=True))
    return [
        schema.ClassInfo(
            name,
            round(train[name]),
            int(test[name]),
            _interval(recalls.get(name, Score(np.nan))),
            int(predicted.get(name, 0)),
        )
        for name in comparison.manifest.data.classes
    ]


def _interval(score: Score) -> schema.Interval:
    return schema.Interval(*(number if np.isfinite(number) else None for number in score))


def _errors(record: Record, labels: np.ndarray) -> tuple[tuple[float, float], ...]:
    unseen = record.cross_fitted
    if unseen is None:
        return ()
    return error_by_threshold(labels == np.array(unseen.predicted), confidences(unseen.confidence))


def _versions(environment: dict[str, str | int | None]) -> dict[str, str | None]:
    names = ("benchmark", "git_commit", "python", "torch", "torchvision", "numpy")
    return {
        name: None if environment.get(name) is None else str(environment[name]) for name in names
    }
