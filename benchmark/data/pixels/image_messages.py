"""What a user must know about the pixels of a set: messages from the facts of its images."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmark.data.decoding.grey_scale import choose_scale
from benchmark.data.decoding.unreadable import EXAMPLES
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.grey_levels import choose_scales, levels
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import (
    EIGHT_BITS,
    EXTREME,
    NARROW,
    ImageInfo,
)
from benchmark.system.text import first_names, join_names, pluralize

FLAT = 3  # levels that an image of one colour spans at most, of 255
DARKER = 8  # times that the brightest values of two classes may differ
ENOUGH = 5  # images of a class, before it is compared with others
KINDS = {EIGHT_BITS: "8-bit", "I": "integer", "F": "float"}


def image_messages(images: ImageSet, infos: Mapping[int, ImageInfo]) -> tuple[str, ...]:
    """Return messages about the readable images of a set.

    Parameters
    ----------
    images
        The whole set.
    infos
        Index of a readable image -> facts about it.
    """
    if not infos:
        return ()
    facts = ImageFacts.from_infos(infos)
    columns: dict[str, Any] = {name: facts.column(name) for name in facts.columns}
    columns |= {f"{name}_level": levels(facts, name) for name in ("low", "dark", "bright", "high")}
    columns["file"] = np.array(images.files, object)[facts.index]
    columns["class"] = np.array(images.classes, object)[images.labels[facts.index]]
    table = pd.DataFrame(columns)
    is_wide = table["kind"] != EIGHT_BITS
    table["span_level"] = table["span"].where(~is_wide, table["high_level"] - table["low_level"])
    return (
        *_flat(table),
        *_scales(table, facts),
        *_range(table),
        *_brightness_by_class(table),
        *_shortcuts(table),
        *_left_out(table),
        *_damaged(table),
    )


def _flat(table: pd.DataFrame) -> list[str]:
    """Count images that show nothing, and say what to do about them."""
    flat = table[table["span_level"] <= FLAT]
    if flat.empty:
        return []
    sentence = f"{len(flat)} of {len(table)} images are of one flat colour{_examples(flat)}"
    is_flat = (table["span_level"] <= FLAT).groupby(table["class"]).all()
    whole = is_flat[is_flat].index.tolist()
    if whole and len(flat) < len(table):
        sentence += f"; all of the {_classes(whole)} are"
    if number := int(((flat["kind"] != EIGHT_BITS) & (flat["span"] > 0)).sum()):
        sentence += f"; {number} of them by the grey scale alone, which fits the whole set"
    if flat["is_transparent"].any():
        sentence += (
            ". They have transparent pixels, which are shown on white: a light drawing vanishes. "
            "Put the images on a colour that differs from what they show"
        )
    elif len(flat) > len(table) / 2:
        sentence += ". Nothing but that colour can be learnt from them: look at how they are stored"
    return [f"{sentence}."]


def _scales(table: pd.DataFrame, infos: Mapping[int, ImageInfo]) -> list[str]:
    """Say how grey of more than 8 bits is shown, and which kinds there are."""
    counts: dict[str, int] = dict(Counter(table["kind"]).most_common())
    messages = []
    for kind, scale in choose_scales(infos).items():
        why = "the smallest usual maximum that covers" if scale.is_usual else "the range of"
        messages.append(
            f"{pluralize(counts[kind], 'image has', 'images have')} grey of more than 8 bits "
            f"({KINDS[kind]}): {scale.black:g} is shown black and {scale.white:g} white, {why} "
            "all of them."
        )
    if len(counts) > 1:
        kinds = [f"{count:,} {KINDS[kind]}" for kind, count in counts.items()]
        messages.append(
            f"The images are of several kinds, each with its own scale of grey: {join_names(kinds)}"
            ". Are they comparable?"
        )
    return messages


def _range(table: pd.DataFrame) -> list[str]:
    """Say if most of the levels from black to white are not used."""
    low, high = float(table["low_level"].min()), float(table["high_level"].max())
    # flat images were counted already, and wide grey may be flat by the scale alone
    rest = table[(table["span_level"] > FLAT) | (table["kind"] != EIGHT_BITS)]
    if low < high <= low + NARROW:
        narrow = f"All values lie between {low:.0f} and {high:.0f} of 255: the images hardly differ"
    elif rest.empty:
        return []
    else:
        typical = float((rest["bright_level"] - rest["dark_level"]).median())
        if typical > NARROW:
            return _marks(rest)
        narrow = (
            f"In half of the images {1 - 2 * EXTREME:.1%} of the values lie within {typical:.0f} "
            f"of 255 levels{_outliers(rest)}"
        )
    if (table["mode"].str.endswith(";16") & (table["kind"] == EIGHT_BITS)).any():
        narrow += (
            ". Of 16 bits a channel only the upper 8 are read: stretch the values to the whole "
            "range, or store 8 bits"
        )
    return [f"{narrow}."]


def _marks(table: pd.DataFrame) -> list[str]:
    """Name a value of wide grey that takes most of the scale for itself, as a mark would."""
    messages = []
    for kind, rows in table[table["kind"] != EIGHT_BITS].groupby("kind"):
        least, greatest = rows["low"].min(), rows["high"].max()
        above = rows["above_low"].where(rows["low"] == least, rows["low"])
        below = rows["below_high"].where(rows["high"] == greatest, rows["high"])
        scale = choose_scale(str(kind), least, greatest)
        ranges = {
            least: (above[above > least].min(), greatest),
            greatest: (least, below[below < greatest].max()),
        }
        messages += [
            f"But for {mark:g}, all values lie between {low:g} and {high:g}, which are {width:.0f} "
            f"of 255 levels. If {mark:g} marks missing values, replace it."
            for mark, (low, high) in ranges.items()
            if low < high and (width := np.ptp(scale.levels(np.array([low, high])))) <= NARROW
        ]
    return messages


def _outliers(table: pd.DataFrame) -> str:
    """Name what sets the scale of wide grey, if most images are far from it."""
    wide = table[table["kind"] != EIGHT_BITS]
    if wide.empty:
        return ""
    lowest, highest = wide.iloc[wide["low"].argmin()], wide.iloc[wide["high"].argmax()]
    return (
        f": from {wide['dark'].median():g} to {wide['bright'].median():g}, but the least of all is "
        f"{lowest['low']:g} ({lowest['file']}), the greatest {highest['high']:g} "
        f"({highest['file']}). If these are marks for missing "
        "values, or faulty pixels, replace them"
    )


def _brightness_by_class(table: pd.DataFrame) -> list[str]:
    """Report classes that are so much darker that they were scaled otherwise."""
    bright = table.groupby("class")["bright_level"].agg(["median", "size"])
    medians = bright["median"][bright["size"] >= ENOUGH]
    if len(medians) < 2 or medians.max() <= DARKER * max(medians.min(), 1):
        return _two_scales(table[table["kind"] == "I"])
    return [
        f"The images of the class {medians.idxmin()} reach {medians.min():.0f} of 255, those of "
        f"{medians.idxmax()} "
        f"{medians.max():.0f} (medians): brightness alone tells them apart. Were they stored on "
        "different scales?"
    ]


def _two_scales(wide: pd.DataFrame) -> list[str]:
    """Report images of wide grey, of any class, that are so much darker than the others."""
    reached = wide["bright_level"]
    is_dark = reached * DARKER < reached.max()
    dark, others = wide[is_dark], wide[~is_dark]
    if min(len(dark), len(others)) < ENOUGH:
        return []
    low, high = (rows["bright_level"].median() for rows in (dark, others))
    return [
        f"{len(dark)} images with grey of more than 8 bits reach {low:.0f} of 255"
        f"{_examples(dark)}, {len(others)} others {high:.0f} (medians). Were they stored with "
        "different numbers of bits?"
    ]


def _shortcuts(table: pd.DataFrame) -> list[str]:
    """Report what tells classes apart without a look at what is shown."""
    size = table["width"].astype(str) + " x " + table["height"].astype(str) + " pixels"
    properties = {
        "colour": table["is_grey"].map({True: "grey", False: "in colour"}),
        "kind": table["kind"].map(KINDS),
        "size": size,
    }
    messages = []
    for name, values in properties.items():
        classes = values.groupby(table["class"]).agg(["nunique", "first", "size"])
        classes = classes[classes["size"] >= ENOUGH]
        uniform = classes[classes["nunique"] == 1]["first"]
        # a few of many classes may have one size by chance, but not one colour
        if uniform.nunique() < 2 or (name == "size" and len(uniform) < len(classes)):
            continue
        parts = [
            f"{_classes(list(names.index))} are {value}"
            for value, names in uniform.groupby(uniform)
        ]
        messages.append(
            f"All images of the {join_names(parts, 'and all of the')}: a network can tell these "
            "classes apart by that alone."
        )
    return messages


def _left_out(table: pd.DataFrame) -> list[str]:
    """Count files of which only a part is used."""
    messages = []
    if len(several := table[table["has_more_images"]]):
        number = pluralize(len(several), "file holds", "files hold")
        messages.append(
            f"{number} further pages or frames, of which the first is used{_examples(several)}."
        )
    if len(lacking := table[table["lacks_values"]]):
        number = pluralize(len(lacking), "image has", "images have")
        messages.append(
            f"{number} pixels without a value (NaN, infinite, or marked as no data), which are "
            f"shown black{_examples(lacking)}."
        )
    return messages


def _damaged(table: pd.DataFrame) -> list[str]:
    """Report what decoders warn of, a sentence for each warning."""
    damaged = table[table["warning"] != ""]
    kinds = damaged["warning"].str.replace(r"\d+", "#", regex=True)
    return [
        f"{pluralize(len(rows), 'image was', 'images were')} read with a warning, "
        f"{rows['warning'].iloc[0].rstrip('. ')!r}{_examples(rows)}."
        for _, rows in damaged.groupby(kinds, sort=False)
    ]


def _examples(rows: pd.DataFrame) -> str:
    return f" ({first_names(rows['file'].tolist(), EXAMPLES)})"


def _classes(names: list[str]) -> str:
    return f"{'class' if len(names) == 1 else 'classes'} {first_names(names, EXAMPLES)}"
