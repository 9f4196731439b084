"""Export a network of a run, with its decision, as a folder that predicts on new images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.analysis.choice import choose_on_validation, require_strategy
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.data.imageset import ImageSet
from benchmark.execution.record_schema import FailedRecord, Record
from benchmark.execution.retraining import spec_of
from benchmark.execution.run_folder import RunFolder
from benchmark.inference.model_folder import CARD, INFO, TENSORS, ModelFolder
from benchmark.inference.model_info import ModelInfo
from benchmark.inference.runtimes import ONNX, PT2, build_program, require_onnx, write_programs
from benchmark.inference.stored_component import from_content
from benchmark.model.licence import licence_text
from benchmark.model.registry import find_backbone
from benchmark.plan.experiment import Experiment
from benchmark.plan.settings import settings_of
from benchmark.plugins import load_plugins
from benchmark.report.card.page import card
from benchmark.result.kept_images import abstention_sentence
from benchmark.result.model_description import describe_model
from benchmark.result.record_networks import RecordNetworks
from benchmark.storage.atomic import write_text
from benchmark.storage.unwritable import another_way_out, require_writable
from benchmark.storage.user_folders import expand_home
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress
from benchmark.train.component_checks import new_head

MODEL = "model"  # folder in that of the run
LICENCE = "LICENSE.weights"
OWN_FILES = {TENSORS, INFO, CARD, LICENCE, ONNX, PT2}


@dataclass(frozen=True)
class ExportedModel:
    """A model that was written."""

    folder: Path
    info: ModelInfo
    choice: str  # a sentence: why it is this strategy's


def export(
    folder: str | Path,
    strategy: str | None = None,
    *,
    seed: int | None = None,
    to: str | Path | None = None,
    refit: bool = False,
    onnx: bool = False,
    pt2: bool = False,
    plugin: str | Iterable[str] = (),
    data: Any = None,
    progress: Progress | bool | None = None,
) -> ExportedModel:
    """Write the network of a strategy and its decision to a folder that predicts on new images.

    A network that the run has not kept is trained again from the same images, on a CPU to the same
    bits. `benchmark.load_model` opens the folder.

    Parameters
    ----------
    folder
        Of a run.
    strategy
        By the name that it has in the table; None: the one that is best on validation.
    seed
        Of the network; None: the first of the run.
    to
        Where to; None: the folder ``model`` in that of the run. A model that is there is replaced.
    refit
        Train the strategy once more, on all images, for as many steps; the decision stays.
    onnx, pt2
        Write the model for other runtimes too: one graph from uint8 images (B, H, W, 3) to
        probabilities and the decided class, as model.onnx, and for `torch.export.load`.
    plugin
        Files or packages that the strategy comes from.
    data
        The images, where a network must be trained again: if they were given to the run in
        Python, or are in another place now.
    progress
        As of `benchmark.run`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder holds no run, the strategy or seed is none of it or failed, `to` holds other
        files than a model's, or the network has to be trained again and can't be.
    """
    if not isinstance(folder, str | Path):
        raise ValueError(f"folder {folder!r} is not allowed; allowed: a path")
    if not isinstance(strategy, str | None):
        raise ValueError(f"strategy {strategy!r} is not allowed; allowed: its name")
    load_plugins((plugin,) if isinstance(plugin, str) else tuple(plugin))
    images = None if data is None else settings_of(Experiment)["data"].read(data)
    path, programs = expand_home(folder), {ONNX: onnx, PT2: pt2}
    target = path / MODEL if to is None else expand_home(to)
    source = _Source(load_comparison(path, None), strategy, seed, images, choose_progress(progress))
    with another_way_out("choose another --to"):
        return _write(source, target, refit, {name for name, wanted in programs.items() if wanted})


@dataclass(frozen=True)
class _Source:
    """Where a model is to come from."""

    comparison: Comparison
    strategy: str | None  # None: the best on validation
    seed: int | None  # None: the first
    images: str | ImageSet | None  # as `data` of `export`
    progress: Progress


def _write(source: _Source, target: Path, refit: bool, programs: set[str]) -> ExportedModel:
    """Write a model, and its programs for other runtimes, to a folder."""
    if ONNX in programs:
        require_onnx()
    _require_place(target)
    comparison, run = source.comparison, RunFolder(source.comparison.folder)
    record, choice = _choose(comparison, source.strategy, source.seed)
    source.progress.say(choice)
    networks = RecordNetworks(run, comparison.manifest, record, source.progress, source.images)
    spec, weights = spec_of(record), networks.weights
    info = describe_model(comparison, record, spec, weights, refit)
    if programs and info.decision is None:
        raise ValueError(
            f"the decision of {spec.name} is code of a plug-in, which no other runtime has: "
            "export without --onnx and --pt2"
        )
    tensors = networks.refitted() if refit else networks.trained()
    _remove_model(target)
    if programs:
        heads = [training.head for training in spec.strategy.trainings]
        width, classes = find_backbone(info.networks[0].backbone).width, len(info.classes)
        modules = [new_head(head, width, classes) for head in heads]
        program = build_program(info, tensors, modules, from_content(info.decision or {}))
        info = replace(info, other_files=write_programs(program, info, target, programs))
    info = ModelFolder(target).write(tensors, info)
    if text := licence_text(weights):
        write_text(target / LICENCE, text)
    write_text(target / CARD, card(info, choice, abstention_sentence(comparison, record)))
    return ExportedModel(target, info, choice)


def _remove_model(target: Path) -> None:
    """Make the folder; remove the files of a model that is there, first what makes it one."""
    target.mkdir(parents=True, exist_ok=True)
    for file in (INFO, *sorted(OWN_FILES - {INFO})):
        (target / file).unlink(missing_ok=True)


def _choose(comparison: Comparison, strategy: str | None, seed: int | None) -> tuple[Record, str]:
    """Return the record of a strategy and seed, and a sentence on why it is that strategy."""
    seeds = comparison.manifest.seeds
    seed = seeds[0] if seed is None else seed
    if seed not in seeds:
        raise ValueError(f"seed {seed!r} is none of the run; allowed: {', '.join(map(str, seeds))}")
    choice = choose_on_validation(comparison)
    if strategy is None:
        if choice is None:
            raise ValueError(
                f"no strategy of {comparison.folder} finished every seed, so none is best; name "
                f"one by --strategy: {', '.join(comparison.strategies)}"
            )
        name, sentence = choice.strategy, choice.sentence
    else:
        name = require_strategy(strategy, comparison)
        best = "" if choice is None or choice.strategy == name else f" {choice.sentence}"
        sentence = f"{name} was asked for.{best}"
    record = RunFolder(comparison.folder).read_record(name, seed)
    if isinstance(record, FailedRecord):
        raise ValueError(f"{name} (seed {seed}) failed: {record.error}. Choose another --strategy")
    if record is None:
        raise ValueError(f"{name} (seed {seed}) has no record in {comparison.folder}; run it first")
    return record, sentence


def _require_place(target: Path) -> None:
    """Raise ValueError if a folder holds other files than a model's, OSError if it is closed."""
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target} is a file; give --to a folder")
    files = {file.name for file in target.iterdir()} if target.is_dir() else set()
    if INFO in files:
        is_ours = ModelFolder(target).was_written
    else:  # an export that was stopped has left no card without tensors
        is_ours = files <= OWN_FILES and (TENSORS in files or CARD not in files)
    if not is_ours:
        raise ValueError(f"{target} holds other files than a model's; give --to another folder")
    require_writable(target)  # known before a network is trained again
