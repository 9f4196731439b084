"""The tensors of the network that a record of a run is about."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from benchmark.data.imageset import ImageSet
from benchmark.execution.manifest_schema import RunManifest
from benchmark.execution.networks import NetworkStore
from benchmark.execution.outputs import OutputStore
from benchmark.execution.record_schema import Record
from benchmark.execution.retraining import Retraining
from benchmark.execution.run_folder import RunFolder
from benchmark.model.pretrained import Pretrained
from benchmark.model.registry import find_backbone
from benchmark.model.weights import Weights, load_weights
from benchmark.system.device import choose_device
from benchmark.system.progress import Progress
from benchmark.system.text import pluralize


@dataclass(frozen=True)
class RecordNetworks:
    """The trained network behind a record, or those of an ensemble: as kept, or trained again."""

    run: RunFolder
    manifest: RunManifest
    record: Record
    progress: Progress
    images: str | ImageSet | None

    @property
    def weights(self) -> Weights:
        """The pretrained weights of the run; ValueError if they are not those any more."""
        settings = self.manifest.experiment.settings
        weights = load_weights(settings["weights"], find_backbone(settings["backbone"]))
        if weights.sha256 != self.manifest.weights.sha256:
            raise ValueError(
                f"weights {settings['weights']} are now {weights.name}, and the run began with "
                f"{self.manifest.weights.name} ({self.manifest.weights.source}): put these back"
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
        return Retraining.open(self.run, self.manifest, self.record, self.progress, self.images)

    def _pretrained(self) -> Pretrained:
        experiment = self.manifest.experiment
        backbone, cut = experiment.settings["backbone"], experiment.first_trained
        return Pretrained(backbone, self.weights, cut, choose_device("cpu", "fp32"))
