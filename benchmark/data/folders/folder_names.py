"""Names of folders that tell parts or renderings of a data set, which are no classes."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

_PART_WORDS = """
fold folds cv kfold split part parts batch chunk shard subset partition portion set folder dir zip
volume images image imgs img photos pictures pics frames data dataset plate plates run runs session
sessions replicate replicates
"""
# what images were taken of, or from: below a class these are no classes, elsewhere they may be
_SOURCE_WORDS = """
patient patients subject subjects participant case study series slide scan visit day week date
video videos clip clips sequence camera cam position roi well tile stack field
"""
_RENDERING_WORDS = """
image images img imgs photo photos picture pictures mask masks label labels annotation annotations
annot bbox bboxes color colour colored coloured gray grey grayscale greyscale bw rgb bgr depth ir
nir infrared thermal segmented segmentation segmentations seg original originals orig augmented
augmentation aug raw processed preprocessed unprocessed resized cropped crops crop overlay overlays
heatmap heatmaps edge edges contour contours gt groundtruth input inputs target targets hr lr
highres lowres jpg jpeg png tif tiff bmp webp dicom normalized normalised enhanced equalized
filtered denoised
"""
_UNALTERED_WORDS = """
image images img imgs photo photos picture pictures color colour rgb original originals raw input
"""
_COPIES = {"thumb", "thumbnail", "small", "preview", "copy", "flipped", "rotated"}
_DATE = re.compile(r"(19|20)\d\d[-_. ]?[01]\d[-_. ]?[0-3]\d")
_PARTS, _SOURCES, _RENDERINGS, _UNALTERED = (
    frozenset(words.split())
    for words in (_PART_WORDS, _SOURCE_WORDS, _RENDERING_WORDS, _UNALTERED_WORDS)
)


def are_parts(names: Sequence[str]) -> bool:
    """Tell whether names count parts: a word for a part, and a number or letter that differs.

    >>> are_parts(["fold0", "fold1"]), are_parts(["part_a", "part_b"]), are_parts(["0", "1"])
    (True, True, False)
    >>> are_parts(["HAM10000_images_part_1", "HAM10000_images_part_2"]), are_parts(["fold0", "cat"])
    (True, False)
    """
    return _are_numbered(names, _PARTS)


def are_parts_of_a_class(names: Sequence[str]) -> bool:
    """Tell whether names count parts, or patients, videos and the like, or are dates.

    >>> are_parts_of_a_class(["patient01", "patient02"]), are_parts_of_a_class(["grade1", "grade2"])
    (True, False)
    """
    return _are_numbered(names, _PARTS | _SOURCES) or all(map(_DATE.fullmatch, names))


def parts_among(names: Sequence[str]) -> list[str]:
    """Return the names that count parts with others of the names; [] if most do not."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        groups.setdefault(_split_number(name)[0], []).append(name)
    largest = max(groups.values(), key=len, default=[])
    return largest if are_parts(largest) and 2 * len(largest) >= len(names) else []


def are_renderings(names: Sequence[str]) -> bool:
    """Tell whether names differ only by words for ways to render or to label the same images.

    >>> are_renderings(["color", "grayscale"]), are_renderings(["leaf_img", "leaf_mask"])
    (True, True)
    >>> are_renderings(["cat", "dog"]), are_renderings(["red_mask", "blue_mask"])
    (False, False)
    """
    readings = [_words(name) for name in names]
    others = {tuple(word for word in words if word not in _RENDERINGS) for words in readings}
    return (
        len(names) > 1
        and len(others) == 1
        and not any(_RENDERINGS.isdisjoint(words) for words in readings)
    )


def unaltered(names: Sequence[str]) -> str:
    """Return the name that tells of images as they were taken; without one, the first.

    >>> unaltered(["annotations", "images"]), unaltered(["bw", "edges"])
    ('images', 'bw')
    """
    return next((name for name in names if not _UNALTERED.isdisjoint(_words(name))), names[0])


def derived_from(stem: str) -> str | None:
    """Return the name of the image that an image of that name may be made from, else None.

    >>> derived_from("001_mask"), derived_from("001-thumb"), derived_from("001")
    ('001', '001', None)
    """
    match = re.fullmatch(r"(.+?)[\s_.-]+([A-Za-z]+)", stem)
    return match[1] if match and match[2].lower() in _RENDERINGS | _COPIES else None


def same_below(children: Sequence[Sequence[str]]) -> list[str]:
    """Return names that lie below most folders, [] unless nearly all have nearly the same.

    `children` has the names of the folders below each of several folders. Nearly the same: the
    Jaccard index with the names that more than half have is at least 1/2; two or more of these.
    """
    counts = Counter(name for names in children for name in set(names))
    common = {name for name, count in counts.items() if 2 * count > len(children)}
    if len(children) < 2 or len(common) < 2:
        return []
    fitting = [2 * len(common & set(names)) >= len(common | set(names)) for names in children]
    return sorted(common) if sum(fitting) >= 2 / 3 * len(children) else []


def _are_numbered(names: Sequence[str], words: Collection[str]) -> bool:
    """Tell whether names have the same words, one of `words` among them, and a number each."""
    readings = [_split_number(name) for name in names]
    others = {other for other, _ in readings}
    return (
        len(names) > 1
        and len(others) == 1
        and all(number for _, number in readings)
        and any(word in words for word in others.pop())
    )


def _split_number(name: str) -> tuple[tuple[str, ...], str]:
    """Return a name's words without its last number, or else last single letter, and that."""
    match = re.search(r"\d+(?=\D*$)", name) or re.search(
        r"(?<![A-Z])[A-Z]$|(?<![^\W_])[a-z]$", name
    )
    if match is None:
        return tuple(_words(name)), ""
    return tuple(_words(f"{name[: match.start()]} {name[match.end() :]}")), match.group()


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+", name)]
