"""Warnings that a reader must know, and further results for the first screen."""

from collections.abc import Iterator

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_count
from benchmark.report.single.audit import audit_warning
from benchmark.report.single.diagnoses import diagnoses_sentence
from benchmark.report.single.noise_floor import noise_floor_sentence
from benchmark.report.single.posthoc import posthoc_sentence
from benchmark.report.single.recall import largest_changes_sentence
from benchmark.report.single.undertrained import recipe_sentence, undertrained_sentence
from benchmark.report.single.wrong_labels import wrong_labels_sentence
from benchmark.system.text import join_names, pluralize

FEW_TEST_IMAGES = 8  # below, an interval rests on what is added to a class as much as on images
MOST_NAMES = 3  # failed strategies that the warning names


def warnings(comparison: Comparison) -> Iterator[str]:
    """Yield what a reader must know before reading the numbers, each only once."""
    texts = (
        _failures_warning(comparison),
        _partial_means_warning(comparison),
        _micro_batch_warning(comparison),
        audit_warning(comparison),
        undertrained_sentence(comparison),
        few_images_warning(comparison),
        *comparison.manifest.messages,
        *comparison.lacks,
    )
    lines = (" ".join(text.split()) for text in texts)
    yield from dict.fromkeys(line[0].upper() + line[1:] for line in lines if line)


def highlights(comparison: Comparison) -> Iterator[str]:
    """Yield further results; a quick look has none."""
    if comparison.manifest.quick:
        return
    sentences = noise_floor_sentence, largest_changes_sentence, diagnoses_sentence
    for sentence in (*sentences, posthoc_sentence, wrong_labels_sentence, recipe_sentence):
        if text := sentence(comparison):
            yield text


def few_images(comparison: Comparison) -> list[float]:
    """Return the test images (or groups) per seed of each class that has too few."""
    return [number for number in comparison.test_units if number < FEW_TEST_IMAGES]


def few_images_warning(comparison: Comparison) -> str:
    """Return a warning about classes with few test images; empty if there are none."""
    few = few_images(comparison)
    if not few:
        return ""
    units = "groups of test images" if comparison.has_groups else "test images"
    return (
        f"{len(few)} of {pluralize(len(comparison.classes), 'class', 'classes')} "
        f"{'has' if len(few) == 1 else 'have'} fewer than {FEW_TEST_IMAGES} {units} (the fewest: "
        f"{format_count(min(few))}). There, intervals are wide, as they rest on little: in "
        "simulations with 1 to 5 images in a class, 95 % intervals of scores and of differences "
        "covered the truth in 90 to 100 % of cases, depending on the recalls. Only large "
        "differences can be told apart."
    )


def _failures_warning(comparison: Comparison) -> str:
    failed, seeds = comparison.failures["strategy"].value_counts(sort=False), len(comparison.seeds)
    if failed.empty:
        return ""
    seeds_of = {n: f" on {k} of {seeds} seeds" if k < seeds else "" for n, k in failed.items()}
    names = [f"{as_code(str(name))}{on_seeds}" for name, on_seeds in seeds_of.items()]
    which = join_names(names) if len(names) <= MOST_NAMES else f"{len(names)} strategies"
    return f"Failed: {which}. The errors are listed below the table."


def _partial_means_warning(comparison: Comparison) -> str:
    if not (comparison.summary["status"] == "partly failed").any():
        return ""
    return (
        "Where a seed failed, means are over the seeds that finished: such rows compare different "
        "seeds."
    )


def _micro_batch_warning(comparison: Comparison) -> str:
    rows = comparison.seed_rows
    rows = rows[rows["micro_batch"] < rows["batch_size"]]
    if rows.empty:
        return ""
    names = join_names([as_code(name) for name in dict.fromkeys(rows["strategy"])])
    return (
        f"Memory ran out: {names} trained in micro-batches of "
        f"{format_count(rows['micro_batch'].min())} images. The gradient is still that of "
        f"{format_count(rows['batch_size'].max())} images, but batch norm averaged over fewer than "
        "in the other rows."
    )
