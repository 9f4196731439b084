"""The card of an exported model, as a page: it is its README.md."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.evaluation.metrics.registry import METRICS
from benchmark.inference.model_info import ClassInfo, Interval, ModelInfo
from benchmark.report.card.decision import decision_sentence
from benchmark.report.card.front_matter import front_matter
from benchmark.report.card.trust import doubt
from benchmark.report.render import markdown
from benchmark.report.render.blocks import (
    Block,
    Code,
    Facts,
    Page,
    Paragraph,
    Table,
    add_sections,
    as_code,
    make_row,
)
from benchmark.report.render.formats import FORMATS, MISSING, format_count
from benchmark.system.text import first_names, pluralize

MOST_NAMED = 12  # classes in a sentence
MOST_CLASSES, LISTED = 100, 20  # of more classes, so many are listed at either end

USE = """\
import benchmark
model = benchmark.load_model("FOLDER")
model.predict(["image.jpg"])        # names of classes
model.predict_proba(["image.jpg"])  # their probabilities, (N, C); see model.classes_"""

COMMANDS = """\
python -m benchmark predict FOLDER images/ --max-error .05"""


def card(info: ModelInfo, choice: str, abstention: str) -> str:
    """Return the text of README.md.

    Parameters
    ----------
    choice, abstention
        Sentences: how the strategy was chosen, and what a threshold of confidence gave.
    """
    return f"{front_matter(info)}\n{markdown.render(card_page(info, choice, abstention))}"


def card_page(info: ModelInfo, choice: str, abstention: str) -> Page:
    """Return the card of a model."""
    page = Page(
        title=f"{info.data.name}: {info.strategy}",
        subtitle=_subtitle(info),
        verdict=_verdict(info),
        follow_up=_follow_up(info),
        warnings=tuple(_warnings(info)),
        lead=(),
        sections=(),
    )
    contents = (
        ("use", "How to use it", _use(info)),
        ("recall", "Recall of every class", _recall(info)),
        ("metrics", "Test results", _metrics(info)),
        ("choice", "How it was chosen", (Paragraph(choice),)),
        ("decision", "How it decides, and when it had better not", _decision(info, abstention)),
        ("data", "Data", _data(info)),
        ("licence", "Licence", _licence(info)),
        ("made", "What it was made with", _made(info)),
    )
    return add_sections(page, contents)


def _subtitle(info: ModelInfo) -> str:
    (backbone,) = {network.backbone for network in info.networks}
    networks = "" if len(info.networks) == 1 else f"{len(info.networks)} networks, "
    side = info.preprocessing.image_size
    classes = pluralize(len(info.classes), "class", "classes")
    return f"{networks}{backbone}, {side} x {side} pixels, {classes}: which one an image shows"


def _verdict(info: ModelInfo) -> str:
    macro, never = info.metrics["macro_f1"], info.metrics["never_predicted"]
    none = "every class is predicted" if never.value == 0 else ""
    some = f"{format_count(never.value or 0)} of {len(info.classes)} classes are never predicted"
    return f"Macro-F1 {_with_interval(macro, 'share')} on test images; {none or some}."


def _follow_up(info: ModelInfo) -> str:
    over = "" if len(info.seeds) == 1 else f" Numbers are means over {len(info.seeds)} networks."
    if not info.is_refitted:
        return f"The model has not been trained on the test images.{over}"
    return (
        "This network was trained once more, on all images, those of validation and test "
        "included: the numbers are those of the comparison, and none of its own can be had. Its "
        f"decision is the one that was fitted then.{over}"
    )


def _warnings(info: ModelInfo) -> Iterator[str]:
    doubts = {each.name: doubt(each) for each in info.classes}
    for begin, sentence in (
        ("no: never", "Never predicted, so never found"),
        ("no: at most", "Fewer than half of the images are found, so do not rely on"),
        ("not known", "Too few test images to say whether half of them are found"),
    ):
        names = [as_code(name) for name, text in doubts.items() if text.startswith(begin)]
        if names:
            yield f"{sentence}: {first_names(names, MOST_NAMED)}."
    if info.decision is None:
        yield (
            f"The decision of {as_code(info.strategy)} is code of {', '.join(info.plugins)} and is "
            "not in this folder: the model gives probabilities, and no class."
        )


def _use(info: ModelInfo) -> Iterator[Block]:
    yield Paragraph(
        "It needs the package imbalance-bench (`pip install imbalance-bench`), and nothing else of "
        "the run that it comes from."
    )
    yield Code(USE)
    yield Paragraph("On the command line, for files, folders or a CSV file with a column of paths:")
    yield Code(COMMANDS)
    if info.other_files:
        files = ", ".join(as_code(name) for name in info.other_files)
        text = (
            f"For other runtimes: {files}, from images (B, H, W, 3) of uint8, RGB, to "
            "probabilities (B, C) in float32 and the index of the decided class (B,). Images of "
            "another size than the network's are resized inside."
        )
        if info.preprocessing.grey_scales:
            text += (
                " Grey of more than 8 bits must be made uint8 before, from 0 for the first to 255 "
                "for the second value of `grey_scales` in model.json."
            )
        yield Paragraph(text)
    if info.plugins and any(network.head is None for network in info.networks):
        yield Paragraph(f"Its classifier is code of {', '.join(info.plugins)}: give that file too.")


def _listed(info: ModelInfo) -> list[ClassInfo]:
    """Return all classes; of many those with the lowest and those with the highest recall."""
    if len(info.classes) <= MOST_CLASSES:
        return list(info.classes)
    known = [each for each in info.classes if each.recall.value is not None]
    known.sort(key=lambda each: each.recall.value or 0.0)
    return [*known[:LISTED], *known[-LISTED:]] if len(known) > 2 * LISTED else known


def _recall(info: ModelInfo) -> Iterator[Block]:
    rows = [
        make_row(
            each.name,
            format_count(each.train_images),
            format_count(each.test_images),
            _value(each.recall),
            _bounds(each.recall),
            doubt(each),
        )
        for each in sorted(_listed(info), key=lambda each: -each.train_images)
    ]
    some = ""
    if (total := len(info.classes)) > len(rows):
        some = (
            f". Of {total:,} classes these are the {len(rows) // 2} that it finds least and the "
            f"{len(rows) // 2} that it finds most; model.json has all"
        )
    seeds = "" if len(info.seeds) == 1 else f", of {len(info.seeds)} seeds together"
    yield Table(
        f"Share of each class's test images that the model finds{seeds}, with exact 95 % intervals"
        f"{some}",
        ("Class", "Training images", "Test images", "Recall", "Interval", "Not to be trusted"),
        tuple(rows),
        text_columns=frozenset({0, 5}),
    )


def _metrics(info: ModelInfo) -> Iterator[Block]:
    rows = [
        make_row(
            metric.title,
            _value(info.metrics[name], metric.format),
            _bounds(info.metrics[name], metric.format),
        )
        for name, metric in METRICS.items()
        if name in info.metrics
    ]
    yield Table("Results on test images", ("Metric", "Value", "95 % interval"), tuple(rows))


def _decision(info: ModelInfo, abstention: str) -> Iterator[Block]:
    if len(info.networks) > 1:
        yield Paragraph(
            f"The log-probabilities of its {len(info.networks)} networks are averaged first."
        )
    yield Paragraph(decision_sentence(info))
    if abstention:
        yield Paragraph(abstention)


def _data(info: ModelInfo) -> Iterator[Block]:
    counts = [each.train_images for each in info.classes]
    yield Facts(
        (
            ("Data", info.data.name),
            ("Description", info.data.description),
            ("Images", format_count(info.data.images)),
            (
                "Training images",
                f"{format_count(sum(counts))}, {max(counts)} to {min(counts)} a class",
            ),
            ("sha256 of images and labels", info.data.sha256),
            ("sha256 of the split", info.data.split_sha256),
        )
    )


def _licence(info: ModelInfo) -> Iterator[Block]:
    weights = info.weights
    yield Paragraph(
        f"It began with the weights {weights.name}: {weights.licence} Its training images may have "
        "a licence of their own. Look at both before you pass the model on."
    )


def _made(info: ModelInfo) -> Iterator[Block]:
    yield Facts(
        (
            ("Strategy", f"{info.strategy}. {info.strategy_description}"),
            ("Seed", str(info.seed)),
            ("Network", ", ".join(info.network_keys)),
            ("Pretrained weights", f"{info.weights.name} {info.weights.sha256}".strip()),
            ("sha256 of model.safetensors", info.tensors_sha256),
            *((name, str(version)) for name, version in info.versions.items()),
        )
    )


def _with_interval(interval: Interval, form: str) -> str:
    bounds = _bounds(interval, form)
    value = _value(interval, form)
    return value if bounds == MISSING else f"{value} (95 %: {bounds})"


def _value(interval: Interval, form: str = "share") -> str:
    return MISSING if interval.value is None else FORMATS[form](interval.value)


def _bounds(interval: Interval, form: str = "share") -> str:
    if interval.low is None or interval.high is None:
        return MISSING
    return f"{FORMATS[form](interval.low)} to {FORMATS[form](interval.high)}"
