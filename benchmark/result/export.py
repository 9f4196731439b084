"""Export a network of a run, with its decision, as a folder that predicts on new images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from torch import Tensor

from benchmark.analysis.choice import choose_on_validation
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.data.imageset import ImageSet
from benchmark.data.memory.argument import read_images
from benchmark.execution.networks import NetworkStore
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import FailedRecord, Record
from benchmark.execution.retraining import Retraining, spec_of
from benchmark.execution.run_folder import RunFolder
from benchmark.inference.model_folder import CARD, INFO, TENSORS, ModelFolder
from benchmark.inference.model_info import ModelInfo
from benchmark.inference.program import Program
from benchmark.inference.runtimes import (
    ONNX,
    PT2,
    build_program,
    require_onnx,
    write_onnx,
    write_pt2,
)
from benchmark.inference.stored_component import from_content
from benchmark.model.licence import licence_text
from benchmark.model.pretrained import Pretrained
from benchmark.model.registry import find_backbone
from benchmark.model.weights import Weights, load_weights
from benchmark.plugins import load_plugins
from benchmark.report.card.page import card
from benchmark.result.kept_images import abstention_sentence
from benchmark.result.model_description import describe_model
from benchmark.spec import did_you_mean
from benchmark.storage.atomic import write_text
from benchmark.storage.user_folders import expand_home
from benchmark.strategy import Head
from benchmark.strategy.registry import full_name
from benchmark.system.device import choose_device
from benchmark.system.display import choose_progress
from benchmark.system.progress import Progress
from benchmark.system.text import pluralize
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
        If the folder holds no run, the strategy or seed is none of it or failed, or the network
        has to be trained again and can't be.
    """
    if onnx:
        require_onnx()
    load_plugins((plugin,) if isinstance(plugin, str) else tuple(plugin))
    shown = choose_progress(progress)
    run = RunFolder(expand_home(folder))
    comparison = load_comparison(run.path, None)
    target = run.path / MODEL if to is None else expand_home(to)
    _require_place(target)
    record, choice = _choose(comparison, strategy, seed)
    shown.say(choice)
    images = data if data is None or isinstance(data, str) else read_images(data)
    export_of = _Export(run, comparison, record, shown, images)
    networks = export_of.refitted() if refit else export_of.trained()
    spec = spec_of(record)
    info = describe_model(comparison, record, spec, export_of.weights, refit)
    writers = {ONNX: write_onnx} if onnx else {}
    writers |= {PT2: write_pt2} if pt2 else {}
    if writers and info.decision is None:
        raise ValueError(
            f"the decision of {spec.name} is code of a plug-in, which no other runtime has: "
            "export without --onnx and --pt2"
        )
    for file in (INFO, *OWN_FILES - {INFO}):  # of a model that was there; the first makes it one
        (target / file).unlink(missing_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    if writers:
        heads = [training.head for training in spec.strategy.trainings]
        program = _program(info, networks, heads)
        for name, write in writers.items():
            write(program, info, target / name)
        hashes = {name: sha256((target / name).read_bytes()).hexdigest() for name in writers}
        info = replace(info, other_files=hashes)
    info = ModelFolder(target).write(networks, info)
    if text := licence_text(export_of.weights):
        write_text(target / LICENCE, text)
    write_text(target / CARD, card(info, choice, abstention_sentence(comparison, record, info)))
    return ExportedModel(target, info, choice)


def _program(
    info: ModelInfo, tensors: Sequence[Mapping[str, Tensor]], heads: Sequence[Head]
) -> Program:
    width, classes = find_backbone(info.networks[0].backbone).width, len(info.classes)
    modules = [new_head(head, width, classes) for head in heads]
    return build_program(info, tensors, modules, from_content(info.decision or {}))


def _choose(comparison: Comparison, strategy: str | None, seed: int | None) -> tuple[Record, str]:
    """Return the record of a strategy and seed, and a sentence on why it is that strategy."""
    seeds = comparison.manifest.seeds
    seed = seeds[0] if seed is None else seed
    if seed not in seeds:
        raise ValueError(f"seed {seed} is none of the run; allowed: {', '.join(map(str, seeds))}")
    choice = choose_on_validation(comparison)
    if strategy is None:
        if choice is None:
            raise ValueError(
                f"no strategy of {comparison.folder} finished every seed, so none is best; name "
                f"one by --strategy: {', '.join(comparison.strategies)}"
            )
        name, sentence = choice.strategy, choice.sentence
    else:
        name = full_name(strategy)
        if name not in comparison.strategies:
            close = did_you_mean(name, comparison.strategies)
            raise ValueError(
                f"strategy {name!r} is none of the run.{close} Choose one of "
                f"{', '.join(comparison.strategies)}"
            )
        best = "" if choice is None or choice.strategy == name else f" {choice.sentence}"
        sentence = f"{name} was asked for.{best}"
    record = RunFolder(comparison.folder).read_record(name, seed)
    if isinstance(record, FailedRecord):
        raise ValueError(f"{name} (seed {seed}) failed: {record.error}. Choose another --strategy")
    if record is None:
        raise ValueError(f"{name} (seed {seed}) has no record in {comparison.folder}; run it first")
    return record, sentence


def _require_place(target: Path) -> None:
    """Raise ValueError if a folder holds other files than a model's."""
    if target.exists() and not target.is_dir():
        raise ValueError(f"{target} is a file; give --to a folder")
    found = {file.name for file in target.iterdir()} if target.is_dir() else set()
    if INFO not in found and found - OWN_FILES:
        raise ValueError(f"{target} holds other files than a model's; give --to another folder")


@dataclass(frozen=True)
class _Export:
    """The tensors of one record's network: as kept, or trained again."""

    run: RunFolder
    comparison: Comparison
    record: Record
    progress: Progress
    images: str | ImageSet | None

    @property
    def weights(self) -> Weights:
        """The pretrained weights of the run; ValueError if they are not those any more."""
        manifest = self.comparison.manifest
        settings = manifest.experiment.settings
        weights = load_weights(settings["weights"], find_backbone(settings["backbone"]))
        if weights.sha256 != manifest.weights.sha256:
            raise ValueError(
                f"weights {settings['weights']} are now {weights.name}, and the run began with "
                f"{manifest.weights.name} ({manifest.weights.source}): put these back in place"
            )
        return weights

    def trained(self) -> list[dict[str, Tensor]]:
        """Return the tensors of each network, of those that were not kept trained again."""
        keys = self.keys
        stores = dict.fromkeys(keys, NetworkStore(self.run))
        if missing := [key for key in keys if not stores[key].has(key)]:
            self.progress.say(f"{self._whose} was not kept: {self._cost('trained again')}")
            retraining = self._retraining()
            stores |= dict.fromkeys(missing, retraining.train_again(missing, self.progress))
            difference = retraining.largest_difference(missing, stores[missing[0]])
            self.progress.say(
                "it is the same to the bit"
                if difference == 0
                else f"its logits on test images differ from the run's by {difference:.1e} at most"
            )
        return [store.tensors(key, self._pretrained()) for key, store in stores.items()]

    def refitted(self) -> list[dict[str, Tensor]]:
        """Return the tensors of each network, trained on all images."""
        self.progress.say(f"{self._whose}: {self._cost('trained once more, on all images')}")
        keys, store = self._retraining().refit(self.progress)
        return [store.tensors(key, self._pretrained()) for key in keys]

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of the network, or those of an ensemble's."""
        key = self.record.network
        return OutputStore(self.run).check(key).members or (key,)

    @property
    def _whose(self) -> str:
        return f"the network of {self.record.strategy} (seed {self.record.seed})"

    def _cost(self, what: str) -> str:
        budget = self.record.budget
        steps = pluralize(budget.steps, "step", "steps")
        return f"it is {what}, {steps} that took {budget.seconds:,.0f} s in the run"

    def _retraining(self) -> Retraining:
        manifest = self.comparison.manifest
        return Retraining.open(self.run, manifest, self.record, self.progress, self.images)

    def _pretrained(self) -> Pretrained:
        experiment = self.comparison.manifest.experiment
        backbone, cut = experiment.settings["backbone"], experiment.first_trained
        return Pretrained(backbone, self.weights, cut, choose_device("cpu", "fp32"))
