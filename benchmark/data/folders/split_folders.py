"""The folders of a given split: `train/<class>/`, `val/<class>/`, `test/<class>/`."""

from dataclasses import dataclass, field

from benchmark.data.files.folder_tree import Folder
from benchmark.data.folders.ambiguity import AmbiguityError, end_of_chain
from benchmark.data.split_names import split_of, splits_of
from benchmark.system.text import first_names, join_names

# names that classes have too, of vehicles or of tickets, beside so many classes or more
_ALSO_CLASSES = {"train": 2, "valid": 1}
_ORDER = ("train", "val", "test", "evaluation")  # in sentences


@dataclass
class SplitFolders:
    """The split that folders give, if any."""

    folders: dict[str, Folder] = field(default_factory=dict)  # split -> folder of class folders
    unclassed: list[Folder] = field(default_factory=list)  # folders of images without a class
    messages: list[str] = field(default_factory=list)


def find_split_folders(root: Folder) -> SplitFolders:
    """Return the split that the folders in `root` give; an empty one if they are classes.

    Raises
    ------
    AmbiguityError
        If they may be either, or if it is not certain which folder is which split.
    """
    named = splits_of([folder.name for folder in root.filled])
    named = dict(sorted(named.items(), key=lambda item: _ORDER.index(item[1])))
    splits = {folder.name: _descend(folder) for folder in root.filled if folder.name in named}
    splits = {name: splits[name] for name in named}
    others = [_descend(folder) for folder in root.filled if folder.name not in named]
    _refuse_splits_below(named, others)
    if not any(folder.filled for folder in splits.values()):
        _refuse_flat(named, others)
        return SplitFolders()
    _refuse_beside(list(splits), others)
    by_split: dict[str, list[str]] = {}
    for name, split in named.items():
        by_split.setdefault(split, []).append(name)
    messages = _read_evaluation(by_split)
    if not any(splits[name].filled for name in by_split.get("train", ())):
        raise AmbiguityError(
            f"beside {join_names(list(splits))} lies no train folder with class folders",
            "add a folder train with a folder for each class",
            deeper=next(folder.path for folder in splits.values() if folder.filled),
        )
    for split, names in by_split.items():
        if len(names) > 1:
            raise AmbiguityError(
                f"{join_names(names)} have names of one split, {split}",
                "put their class folders into one of them, or rename one",
            )
    folders = {split: splits[name] for split, (name,) in by_split.items()}
    classes = {folder.name for folder in folders["train"].filled}
    unclassed = {split: f for split, f in folders.items() if not _has_classes(f, classes)}
    return SplitFolders(
        folders={split: folder for split, folder in folders.items() if split not in unclassed},
        unclassed=[*unclassed.values(), *others],
        messages=messages,
    )


def _refuse_splits_below(named: dict[str, str], others: list[Folder]) -> None:
    """Refuse a folder with splits in it beside other folders of images: a copy, or the data."""
    ends = {folder.name: end_of_chain(folder) for folder in others}
    below = {name: splits_of([f.name for f in end.filled]) for name, end in ends.items()}
    deep = [name for name, splits in below.items() if len(splits) > (0 if named else 1)]
    if deep and (named or len(deep) < len(others)):
        name = deep[0]
        beside = [*named, *(other for other in ends if other != name)]
        are = "is named like a split" if len(below[name]) == 1 else "are named like splits"
        raise AmbiguityError(
            f"{join_names(list(below[name]))} in {ends[name].path} {are}, and "
            f"other images lie in {first_names(beside)}",
            f"move {name} away, if it is a copy",
            deeper=ends[name].path,
        )


def _refuse_flat(named: dict[str, str], others: list[Folder]) -> None:
    """Refuse folders without folders that are named like splits, unless they are likely classes."""
    if not named or len(named) + len(others) == 1:
        return  # a single folder is no set of classes, which is said elsewhere
    name = next(iter(named))
    if len(named) == 1 and len(others) >= _ALSO_CLASSES.get(name.lower(), len(others) + 1):
        return
    names = join_names(list(named))
    how = "is named like a split and holds" if len(named) == 1 else "are named like splits and hold"
    raise AmbiguityError(
        f"{names} {how} images directly, so that no folder tells their class",
        f"move {names} away, if these images have no class" if len(others) > 1 else "",
        f"put the images into class folders, as {name}/CLASS/001.jpg",
    )


def _refuse_beside(splits: list[str], others: list[Folder]) -> None:
    """Refuse folders beside those of splits, unless they are only images without a class."""
    deep = [folder.name for folder in others if folder.filled]
    flat_classes = [folder.name for folder in others] if len(splits) == 1 < len(others) else []
    if beside := deep or flat_classes:
        are = "is {} a split or a class" if len(splits) == 1 else "are {} splits or classes"
        lie = (
            f"folder {beside[0]} lies" if len(beside) == 1 else f"folders {first_names(beside)} lie"
        )
        raise AmbiguityError(
            f"{are.format(join_names(splits))}? The {lie} beside",
            f"move {first_names(beside)} away, if {join_names(splits)} "
            f"{'is a split' if len(splits) == 1 else 'are splits'}",
            f"rename {beside[0]} to train, val or test, if it is a split" if len(deep) == 1 else "",
            deeper=splits[0] if len(splits) == 1 else "",
        )


def _read_evaluation(by_split: dict[str, list[str]]) -> list[str]:
    """Make 'evaluation' the test split, or beside one the validation split; return messages."""
    names = by_split.pop("evaluation", [])
    if not names:
        return []
    if {"val", "test"} <= by_split.keys():
        raise AmbiguityError(
            f"{join_names(names)} lies beside folders of the validation and of the test split",
            f"move {join_names(names)} away, or into one of them",
        )
    split = "val" if "test" in by_split else "test"
    by_split[split] = names
    return [f"{join_names(names)} is taken as the {split} split."]


def _has_classes(folder: Folder, classes: set[str]) -> bool:
    """Tell whether a split folder has class folders: not if all it has is one of another name."""
    only = folder.filled[0] if len(folder.filled) == 1 else None
    return bool(folder.filled) and (only is None or only.name in classes)


def _descend(folder: Folder) -> Folder:
    """Return the folder where a chain of folders of one split ends, as in train/train/<class>/."""
    while not folder.images and len(folder.filled) == 1:
        below = folder.filled[0]
        if below.name != folder.name and split_of(below.name) != (split_of(folder.name) or ""):
            break
        folder = below
    return folder
