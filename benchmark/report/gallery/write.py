"""Writes the page of a run's images, unless the one that is there is still that of the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.gallery import choose_images, shown_seed
from benchmark.analysis.shown_images import Gallery
from benchmark.execution.run_folder import RunFolder
from benchmark.report.gallery.page import build_page
from benchmark.report.gallery.thumbnails import Thumbnails
from benchmark.report.render import html
from benchmark.report.render.blocks import as_code, without_ticks
from benchmark.storage.atomic import digest, write_text
from benchmark.storage.stored_file import DamagedFileError
from benchmark.strategy.fingerprint import package_hash
from benchmark.system.text import join_names

if TYPE_CHECKING:  # it looks through networks, for which torch is needed
    from benchmark.execution.run_images import RunImages

MOST_BYTES = 5_000_000
SIDES = (200, 168, 140, 112, 84, 56)  # pixels, the largest first: as fits into so many bytes
LAST_BYTES = 200  # of a page, in which its fingerprint is

Maps = dict[int, Mapping[str, NDArray[np.float32]]]  # strategy -> file -> (h, w)


def write_gallery(comparison: Comparison, images: RunImages) -> Path | None:
    """Write gallery.html to the folder of a run; return its path, None if nothing finished.

    One that shows the same images, predictions and networks stays as it is.
    """
    seed = shown_seed(comparison)
    folder = RunFolder(comparison.folder)
    path = folder.gallery_file
    if seed is None:
        path.unlink(missing_ok=True)
        return None
    split = folder.read_split(seed)
    gallery = choose_images(comparison, seed, split)
    kept = images.kept([strategy.network for strategy in gallery.strategies])
    fingerprint = digest(
        [repr(gallery), images.pixels.key, sorted(kept), package_hash("report/gallery")]
    )
    if _fingerprint_of(path) == fingerprint:
        return path
    maps, where, is_final = _look(comparison, gallery, images, kept)
    fingerprint = fingerprint if is_final else ""
    write_text(path, f"{_render(comparison, gallery, images, maps, where)}<!-- {fingerprint} -->\n")
    return path


def _render(
    comparison: Comparison,
    gallery: Gallery,
    images: RunImages,
    maps: Maps,
    where: tuple[str, ...],
) -> str:
    """Return the page with the largest pictures that fit."""
    name, seeds = comparison.manifest.name, len(comparison.seeds)
    text = ""
    for side in SIDES:
        thumbnails = Thumbnails(gallery, images.pixels, images.rows, maps, side)
        text = html.render(build_page(gallery, name, seeds, thumbnails, where))
        if len(text.encode()) <= MOST_BYTES - LAST_BYTES:
            break
    return text


def _look(
    comparison: Comparison, gallery: Gallery, images: RunImages, kept: set[str]
) -> tuple[Maps, tuple[str, ...], bool]:
    """Return where the networks look, by strategy, sentences on what that is, and if it is all.

    It is not where a network can't be looked at now, for a reason that may pass.
    """
    index = {name: k for k, name in enumerate(comparison.manifest.data.classes)}
    tested = [image for image in gallery.tested().values() if image.file in images.rows]
    of_network: dict[str, list[int]] = {}  # key -> strategies
    for k, strategy in enumerate(gallery.strategies):
        of_network.setdefault(strategy.network, []).append(k)
    maps, blocks, means = Maps(), list[str](), list[str]()
    lacking, errors = list[str](), list[str]()
    is_final = True
    for key, strategies in of_network.items():
        names = join_names([as_code(gallery.strategies[k].name) for k in strategies])
        if key not in kept:
            lacking.append(names)
            continue
        # each once: decisions on one network mostly agree
        pairs = {(image.file, image.predictions[k].label) for image in tested for k in strategies}
        looks = sorted((file, index[label]) for file, label in pairs)
        try:
            attention = images.attention(key, [f for f, _ in looks], [c for _, c in looks])
        except Exception as error:  # of a plug-in's network, of a file: the rest can be shown
            errors.append(f"{names} ({without_ticks(str(error))})")
            lasts = isinstance(error, ValueError) and not isinstance(error, DamagedFileError)
            is_final = is_final and lasts
            continue
        of_look = dict(zip(looks, attention.maps, strict=True))
        for k in strategies:
            calls = {image.file: index[image.predictions[k].label] for image in tested}
            maps[k] = {file: of_look[file, label] for file, label in calls.items()}
        size = " × ".join(map(str, attention.maps.shape[1:]))
        blocks.append(f"{size} positions after its block {attention.block}")
        if attention.networks > 1:
            means.append(f"That of {names} is the mean of {attention.networks} networks.")
    sentences = _sentences(list(dict.fromkeys(blocks)), means, lacking, errors)
    return maps, tuple(sentences), is_final


def _sentences(
    blocks: list[str], means: list[str], lacking: list[str], errors: list[str]
) -> list[str]:
    sentences = []
    if blocks:
        sentences.append(
            "Bright is what speaks for the class below the picture in the network's eyes: Grad-CAM "
            f"(Selvaraju et al. 2017), on {join_names(blocks)}. It is a hint, no proof: a network "
            "that looks beside the object may have learnt the surroundings."
        )
    sentences += means
    if lacking:
        which = (
            ("network", "looks", "it was")
            if len(lacking) == 1
            else ("networks", "look", "they were")
        )
        sentences.append(
            f"Where the {which[0]} of {join_names(lacking)} {which[1]} can't be shown: {which[2]} "
            "not kept, see --keep."
        )
    if errors:
        sentences.append(f"Where these networks look can't be shown: {join_names(errors)}.")
    return sentences


def _fingerprint_of(path: Path) -> str:
    """Return the fingerprint of the page that is there; "" without one."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - LAST_BYTES, 0))
            end = file.read().decode(errors="replace")
    except OSError:
        return ""
    return end.rpartition("<!-- ")[2].removesuffix(" -->\n")
