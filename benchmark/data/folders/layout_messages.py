"""What a user must know of how a folder was read: what was merged, and what was left out."""

import re
from collections import Counter
from collections.abc import Sequence

from benchmark.data.files.folder_tree import Folder
from benchmark.data.folders.folder_names import are_parts_of_a_class, derived_from
from benchmark.data.folders.layout import ClassFolder, Layout
from benchmark.data.split_names import split_of
from benchmark.system.text import first_names, pluralize

MOST_KINDS = 5  # of files that are no images, in a sentence
# what file managers put before or behind the name of a copy
_COPY = re.compile(r"^copy of |( -)? (copy|kopie|copie|copia)( \d+)?( \(\d+\))?$| \(\d+\)$", re.I)


def layout_messages(root: Folder, layout: Layout, class_level: int) -> list[str]:
    """Return a sentence for each kind of thing that was merged, left out or decided."""
    return [
        *layout.messages,
        *_split_messages(root, layout),
        *_level_messages(layout.classes, class_level),
        *_empty_messages(layout.classes),
        *_copy_messages(layout.classes),
        *_derived_messages(layout.classes),
        *_loose_messages(layout),
        *_unknown_messages(root),
    ]


def _split_messages(root: Folder, layout: Layout) -> list[str]:
    messages = []
    for folder in layout.unclassed:
        images = pluralize(folder.total, "image", "images")
        lack = "no class folders of its own" if folder.folders else "no class folders"
        messages.append(f"{folder.path} is not used: it holds {images} and {lack}.")
    if not layout.splits:
        names = [c.name for c in layout.classes if c.folder.total and split_of(c.name)]
        are = "are taken as classes" if len(names) > 1 else "is taken as a class"
        return [f"{first_names(names)} {are}, not as a split."] if names else []
    messages += [
        f"{folder.path} is a split without an image."
        for folder in root.folders
        if not folder.total and split_of(folder.name)
    ]
    trained = {c.name for c in layout.classes if c.split == "train" and c.folder.total}
    strange: dict[str, Counter[str]] = {}  # class -> split -> images
    for c in layout.classes:
        if c.folder.total and c.name not in trained:
            strange.setdefault(c.name, Counter())[c.split] += c.folder.total
    if strange:
        names = [
            f"{name} ({', '.join(f'{n} in {split}' for split, n in counts.items())})"
            for name, counts in strange.items()
        ]
        messages.append(f"Classes without a folder of training images: {first_names(names)}.")
    return messages


def _level_messages(classes: Sequence[ClassFolder], class_level: int) -> list[str]:
    """Tell of classes whose images lie in several folders: the class folder and those below it."""
    ends = [(c.name, c.folder, c.folder) for c in classes if c.folder.total]
    while ends and all(not end.images and len(end.filled) == 1 for _, _, end in ends):
        ends = [(name, folder, end.filled[0]) for name, folder, end in ends]
        class_level += 1
    images: dict[str, Counter[str]] = {}  # class -> path below it, or '' -> images
    for class_name, folder, end in ends:
        counts = images.setdefault(class_name, Counter())
        counts[""] += len(end.images)
        for below in end.filled:
            counts[below.path[len(folder.path) + 1 :]] += below.total
    images = {name: +counts for name, counts in images.items()}
    merged = {name: counts for name, counts in images.items() if len(counts) > 1}
    if not merged:
        return []
    last = sorted({path.rpartition("/")[2] for counts in images.values() for path in counts})
    if not any("" in counts for counts in images.values()) and not are_parts_of_a_class(last):
        paths = [f"{name}/{below}" for name, counts in images.items() for below in counts]
        return [
            f"All images lie deeper, in {len(paths)} folders that are merged into "
            f"{pluralize(len(images), 'class', 'classes')} ({first_names(paths, 3)}): "
            f"--class-level {class_level + 1} makes each of these folders a class."
        ]
    names = []
    for name, counts in merged.items():
        number = pluralize(counts.total() - counts[""], "image", "images")
        names.append(f"{name} with {number} from {first_names(sorted(counts.keys() - {''}), 3)}")
    return [f"Images in folders below a class folder belong to its class: {first_names(names)}."]


def _derived_messages(classes: Sequence[ClassFolder]) -> list[str]:
    """Tell of images that are named like masks or copies of images in the same folder."""
    derived = []
    for c in classes:
        for folder in c.folder.walk():
            # each image has a suffix: what stands before it, below the folder
            names = {path: path.rpartition("/")[2].rpartition(".")[0] for path in folder.images}
            stems = set(names.values())
            derived += [path for path, name in names.items() if derived_from(name) in stems]
    if not derived:
        return []
    number = pluralize(len(derived), "image is named", "images are named")
    return [
        f"{number} like masks or copies of others, but read as images of their class: "
        f"{first_names(derived, 3)}."
    ]


def _copy_messages(classes: Sequence[ClassFolder]) -> list[str]:
    """Tell of classes that are named like copies of others: 'cat (1)', 'cat - Copy'."""
    names = dict.fromkeys(c.name for c in classes if c.folder.total)
    copies = [
        f"{name} (of {original})"
        for name in names
        if (original := _COPY.sub("", name)) != name and original in names
    ]
    if not copies:
        return []
    number = pluralize(len(copies), "class is", "classes are")
    return [f"{number} named like a copy of another, and read as a class: {first_names(copies)}."]


def _empty_messages(classes: Sequence[ClassFolder]) -> list[str]:
    empty = []
    for c in classes:
        if not (c.folder.total or any(folder.is_closed for folder in c.folder.walk())):
            others = sum((folder.kinds for folder in c.folder.walk()), Counter[str]())
            files = [_format_files(s, n) for s, n in others.most_common(3)]
            if documents := sum(len(folder.documents) for folder in c.folder.walk()):
                files.append(pluralize(documents, "text or table", "texts or tables"))
            inside = ", ".join(files)
            empty.append(f"{c.folder.path} ({inside or 'empty'})")
    if not empty:
        return []
    number = pluralize(len(empty), "folder holds no image and is", "folders hold no image and are")
    return [f"{number} left out: {first_names(empty)}."]


def _loose_messages(layout: Layout) -> list[str]:
    if not layout.loose:
        return []
    number = pluralize(len(layout.loose), "image lies", "images lie")
    names = first_names(sorted(layout.loose), 3)
    return [f"{number} in no class folder: left out: {names}."]


def _unknown_messages(root: Folder) -> list[str]:
    """Tell of files that are not known as images: how many of which suffix, and where."""
    folders: dict[str, Counter[str]] = {}  # suffix -> path of a folder -> files
    for folder in root.walk():
        for suffix, count in folder.kinds.items():
            folders.setdefault(suffix, Counter())[folder.path] += count
    if not folders:
        return []
    kinds = []
    for suffix, counts in sorted(folders.items(), key=lambda item: -item[1].total()):
        paths = [path or "the folder itself" for path in counts]
        kinds.append(f"{_format_files(suffix, counts.total())} in {first_names(paths, 3)}")
    total = sum(counts.total() for counts in folders.values())
    number = pluralize(total, "file is not taken as an image", "files are not taken as images")
    if more := kinds[MOST_KINDS:]:
        kinds[MOST_KINDS:] = [pluralize(len(more), "more kind", "more kinds")]
    way = "add the suffix" if set(folders) == {""} else "convert them to PNG or JPEG"
    return [f"{number}: {'; '.join(kinds)}. If they are images, {way}."]


def _format_files(suffix: str, count: int) -> str:
    """Format a number of files of one suffix.

    >>> _format_files(".heic", 8), _format_files("", 1)
    ('8 .heic', '1 file without a suffix')
    """
    if suffix:
        return f"{count:,} {suffix}"
    return pluralize(count, "file without a suffix", "files without a suffix")
