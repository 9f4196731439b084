"""The head of a model card that the Hugging Face hub reads: YAML, of which JSON is a part."""

import json

from benchmark.inference.model_info import ModelInfo

# names of the hub's metrics, and ours
METRICS = {"f1": "macro_f1", "accuracy": "accuracy", "recall": "balanced_accuracy"}


def front_matter(info: ModelInfo) -> str:
    """Return the head, between its two lines of dashes."""
    (backbone,) = {network.backbone for network in info.networks}
    results = [
        {"type": kind, "value": info.metrics[name].value, "name": name}
        for kind, name in METRICS.items()
        if name in info.metrics and info.metrics[name].value is not None
    ]
    task = {"type": "image-classification", "name": "Image classification"}
    dataset = {"type": "private", "name": info.data.name}
    fields = {
        "library_name": "imbalance-bench",
        "pipeline_tag": "image-classification",
        "license": "other",  # that of the weights and of the images, see the card
        "tags": ["image-classification", "class-imbalance", backbone],
        "metrics": list(METRICS),
        "model-index": [
            {
                "name": f"{info.data.name}: {info.strategy}",
                "results": [{"task": task, "dataset": dataset, "metrics": results}],
            }
        ],
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", ""])
