"""Train a network of a finished run once more, since it was not kept, or on all of its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmark.data.imageset import ImageSet
from benchmark.data.splits import Splits
from benchmark.execution.executor import Executor
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.networks import SPARE, NetworkStore
from benchmark.execution.outputs import OutputStore
from benchmark.execution.prepare import PreparedExperiment, prepare
from benchmark.execution.record_schema import Record
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.experiment import Experiment
from benchmark.plan.segments import Plan, make_plan
from benchmark.storage.sizes import format_size
from benchmark.storage.unwritable import writing
from benchmark.strategy.registry import StrategySpec, resolve, with_parameters
from benchmark.system.device import cores, device_here
from benchmark.system.progress import Progress

AGAIN, REFITTED = "again", "refitted"  # folders beside the kept networks
COPY = "copy the run to a folder that can be written, and export from there"


def again_folder(folder: RunFolder) -> RunFolder:
    """Return where networks of a run are trained again."""
    return RunFolder(folder.path / "networks" / AGAIN)


@dataclass(frozen=True)
class Retraining:
    """One strategy and seed of a run, ready to be trained again.

    It trains in a folder of its own, so an interrupted one goes on, and what the run has stored
    stays as it is.
    """

    folder: RunFolder  # of the run
    manifest: RunManifest
    prepared: PreparedExperiment
    spec: StrategySpec
    seed: int

    @classmethod
    def open(
        cls,
        folder: RunFolder,
        manifest: RunManifest,
        record: Record,
        progress: Progress,
        data: str | ImageSet | None = None,
    ) -> Retraining:
        """Open the images and weights of a run.

        `data` are the images, if they were given in Python or are in another place now.

        Raises
        ------
        ValueError, FileNotFoundError
            If they are not there any more, or not the same.
        """
        try:
            experiment = experiment_of(manifest, record.seed, data)
            device = device_here(experiment.device, experiment.precision)
            prepared = prepare(experiment, progress, device=device)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"the images of {folder.path}, {manifest.data.spec}, can't be opened; give --data, "
                f"or data= if they were given in Python ({str(error).splitlines()[0]})"
            ) from error
        if prepared.content_hash != manifest.data.content:
            opened = data if isinstance(data, str) else manifest.data.spec
            raise ValueError(
                f"{opened} holds other images than when {folder.path} was made: nothing of it can "
                "be trained again. Give --data the images of then, or run the command of the run "
                "with another --out"
            )
        return cls(folder, manifest, prepared, spec_of(record), record.seed)

    def train_again(self, keys: Sequence[str], progress: Progress) -> NetworkStore:
        """Train networks as they were; return the store that holds them.

        `keys` are that of the strategy, or some of the networks of an ensemble. ValueError if they
        would be others, since code, versions or weights have changed.
        """
        plan = self._plan(self.prepared)
        if not plan.trained >= set(keys):
            raise ValueError(
                f"{self.spec.name} (seed {self.seed}) of {self.folder.path} can't be trained again "
                "as it was: the code, torch, the device or the weights have changed since. Run the "
                "command of the run again, which trains what has changed, and export then"
            )
        return self._train(self.prepared, plan, keys, AGAIN, progress)

    def refit(self, progress: Progress) -> tuple[tuple[str, ...], NetworkStore]:
        """Train on the images of all three splits for as many steps; return keys and store."""
        split = self.prepared.splits[self.seed]
        every = np.sort(np.concatenate([split.train, split.val, split.test]))
        splits = {self.seed: Splits(every, split.val, split.test, given=split.given)}
        prepared = replace(self.prepared, splits=splits)
        plan = self._plan(prepared)
        keys = plan.members_of(plan.networks[self.spec.name, self.seed])
        return keys, self._train(prepared, plan, keys, REFITTED, progress)

    def largest_difference(self, keys: Sequence[str], store: NetworkStore) -> float:
        """Return how far the logits of the test images are from those that the run has stored."""
        stores = [OutputStore(folder) for folder in (self.folder, store.folder)]
        pairs = ([outputs.load(key)[0]["test"].logits for outputs in stores] for key in keys)
        return max(float(np.abs(there - here).max(initial=0)) for there, here in pairs)

    def _plan(self, prepared: PreparedExperiment) -> Plan:
        budgets = {self.seed: prepared.budgets[self.seed]}
        return make_plan([self.spec], budgets, prepared.base_fingerprints)

    @property
    def _jobs(self) -> int | None:
        """As many processes as had the run's threads: other numbers of them round otherwise."""
        environment = self.manifest.environment
        if threads := int(environment.get("threads") or 0):
            return max(1, cores() // threads)
        return int(environment.get("jobs") or 0) or None

    def _train(
        self,
        prepared: PreparedExperiment,
        plan: Plan,
        keys: Sequence[str],
        name: str,
        progress: Progress,
    ) -> NetworkStore:
        """Train the networks `keys` of a plan; the other ones of an ensemble are there."""
        folder = RunFolder(self.folder.path / "networks" / name)
        on_cpu = prepared.device.type == "cpu"
        with writing(folder.path, COPY):
            folder.path.mkdir(parents=True, exist_ok=True)
        executor = Executor(
            prepared,
            plan,
            folder,
            jobs=self._jobs if on_cpu else 1,
            writes_records=False,
            retry_failed=True,
            keeps_networks_of=frozenset({self.seed}),
        )
        store, outputs = NetworkStore(folder), OutputStore(folder)
        no_room = (
            f"the disk of {folder.path} has no room for the network: {format_size(SPARE)} are left "
            f"to what else is written. Make room there, or {COPY}"
        )
        if not store.has_room():
            raise ValueError(no_room)  # before it trains
        with folder.locked(COPY):
            for key in keys:
                if not store.has(key):  # its outputs alone are not what is wanted
                    outputs.manifest_file(key).unlink(missing_ok=True)
            for key in plan.trained.difference(keys):
                outputs.copy(key, OutputStore(self.folder))
            executor.train(progress)
        for key in keys:
            if error := folder.read_error(key):
                raise ValueError(f"{self.spec.name} could not be trained again: {error.error}")
            if not store.has(key):
                raise ValueError(no_room)
        return store


def experiment_of(
    manifest: RunManifest, seed: int, data: str | ImageSet | None = None
) -> Experiment:
    """Return the experiment of a run, for one of its seeds; `data` replace how it names them."""
    settings: Mapping[str, Any] = manifest.experiment.settings
    given = {name: _as_given(value) for name, value in settings.items()}
    given |= {"seeds": (seed,), "seed_list": None}
    # another machine may have other GPUs, or have them under other numbers
    given["device"] = str(given.get("device", "auto")).partition(":")[0]
    if data is not None:
        given["data"] = data
    return Experiment(**given)


def _as_given(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value  # JSON has no tuples


def spec_of(record: Record) -> StrategySpec:
    """Return the strategy of a record, with its parameters; ValueError if it is gone."""
    try:
        (spec,) = resolve([record.strategy])
    except ValueError as error:
        raise ValueError(
            f"{record.strategy} of the run can't be had now. If it is of a plug-in, give that file "
            f"by --plugin, or plugin=. Met: {error}"
        ) from error
    if record.parameters == spec.parameters:
        return spec
    return with_parameters(spec, **record.parameters)  # a search has chosen them
