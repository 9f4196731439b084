"""The inputs of all contestants: the same files, splits, weights, batch size. Not timed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.storage.atomic import write_text
from benchmark.storage.cache import cache_in


@dataclass(frozen=True)
class BenchConfig:
    """The comparison that a bench times; a bench continues only with the same one."""

    data: str
    weights: str
    image_size: int
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    device: str
    precision: str

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> BenchConfig:
        """Return the configuration of an inputs.json."""
        lists = {name: tuple(stored[name]) for name in ("strategies", "seeds")}
        return cls(**{**stored, **lists})


@dataclass(frozen=True)
class Inputs:
    """The prepared inputs of a bench."""

    folder: Path  # holds weights.safetensors, decoded/, splits/
    images: str  # a folder of JPEGs, one folder per class
    about: dict[str, Any]  # sizes, batch size, steps, precision, device, versions

    @property
    def weights(self) -> Path:
        """Float32, by torchvision's names."""
        return self.folder / "weights.safetensors"

    @property
    def decoded(self) -> Path:
        """pixels.npy, (N, size, size, 3) uint8, and files.json."""
        return self.folder / "decoded"

    def split(self, seed: int) -> Path:
        """The files of each split, for one seed."""
        return self.folder / "splits" / f"seed{seed}.json"


def prepare_inputs(config: BenchConfig, folder: Path) -> Inputs:
    """Render, split, decode and convert what the folder lacks.

    Raises
    ------
    ValueError
        If the folder was made for other config, or the data is a folder that torchvision's
        ImageFolder would read otherwise.
    """
    marker, wanted = folder / "inputs.json", json.loads(json.dumps(asdict(config)))
    if marker.exists():
        made = json.loads(marker.read_text("utf-8"))
        if made["settings"] != wanted:
            changed = [key for key in wanted if wanted[key] != made["settings"].get(key)]
            raise ValueError(
                f"{folder.parent} holds a bench with another "
                f"{', '.join(changed)}; choose another --out, or remove that folder"
            )
    else:
        images = _image_folder(config, folder / "images")
        about = _prepare(config, images, folder)
        made = {"settings": wanted, "images": images, "about": about}
        write_text(marker, json.dumps(made, indent=1) + "\n")
    return Inputs(folder, made["images"], made["about"])


def _image_folder(config: BenchConfig, folder: Path) -> str:
    """Return the data as a folder of files; write one if it is none."""
    from benchmark.data.sources import open_data
    from tests.perf.photographs import is_plain, write_photographs

    images = open_data(config.data)
    root = Path(config.data).expanduser()
    if root.is_dir():
        if not is_plain(images, root):
            raise ValueError(
                f"{config.data}: the bench needs one folder per class, {root.name}/<class>/<file>, "
                "as torchvision's ImageFolder reads it, without train/, val/ and test/ above them"
            )
        return str(root.resolve())
    shutil.rmtree(folder, ignore_errors=True)  # left by a bench that was stopped
    write_photographs(images, images.reader, folder, config.image_size)
    return str(folder.resolve())


def _prepare(config: BenchConfig, images: str, folder: Path) -> dict[str, Any]:
    """Split as the harness does, decode for `tuned`, write the weights; return the facts."""
    import numpy as np
    import torch
    from safetensors.torch import save_file

    from benchmark import api
    from benchmark.execution.manifest import write_manifest
    from benchmark.model.inception_v3 import INCEPTION_V3
    from benchmark.model.network import build_network
    from benchmark.model.pretrained import RANDOM_WEIGHTS_SEED
    from benchmark.plan.experiment import Experiment
    from benchmark.plan.run_options import RunOptions
    from benchmark.system.provenance import environment

    with own_cache(folder / "cache"):
        experiment = Experiment(
            data=images,
            weights=config.weights,
            seeds=config.seeds,
            image_size=config.image_size,
            device=config.device,
            precision=config.precision,
        )
        executor = api.plan(experiment, RunOptions(config.strategies, out=folder))
        write_manifest(executor, None)
        prepared = executor.prepared
        decoded = folder / "decoded"
        decoded.mkdir(parents=True, exist_ok=True)
        np.save(decoded / "pixels.npy", prepared.pixels.array)
        write_text(decoded / "files.json", json.dumps(prepared.images.files))
        state = prepared.weights.read()
        if state is None:  # random weights: all contestants start from these
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(RANDOM_WEIGHTS_SEED)
                made = build_network(INCEPTION_V3, None).state_dict().items()
            counter = "num_batches_tracked"
            state = {name: t.contiguous() for name, t in made if not name.endswith(counter)}
        save_file(state, folder / "weights.safetensors")
    on_gpu = prepared.device.type == "cuda"
    split = prepared.splits[config.seeds[0]]
    return {
        "data": prepared.images.name if Path(config.data).is_dir() else config.data,
        "images": len(prepared.images),
        "classes": prepared.classes,
        "split": [len(getattr(split, name)) for name in ("train", "val", "test")],
        "weights": prepared.weights.name,
        "batch_size": {str(seed): budget.batch_size for seed, budget in prepared.budgets.items()},
        "steps": {str(seed): budget.steps for seed, budget in prepared.budgets.items()},
        "precision": "bf16" if prepared.device.precision == "bfloat16" else "fp32",
        "device": prepared.device.type,
        "gpu_memory": (
            torch.cuda.get_device_properties(prepared.device.torch_device).total_memory
            if on_gpu
            else None
        ),
        "environment": environment(prepared.device),
    }


@contextmanager
def own_cache(folder: Path) -> Iterator[None]:
    """Use an empty cache and remove it afterwards: no stored data makes anything faster."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with cache_in(folder):
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
