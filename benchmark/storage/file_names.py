"""Names on the disk that are made from names of the user's: no two of these share a file."""

import hashlib
import os
import re

from benchmark.storage.atomic import digest

# no letter that a file system may take for another, and nothing that a folder of results has
_PLAIN = re.compile(r"(?!(figures|con|nul|aux|prn)$)[a-z0-9]+([-_=,][a-z0-9]+|\.[0-9]+)*")
MOST_CHARACTERS = 60  # of the name itself, so that a file can be found by eye
LONGEST_FOLDER = 100  # characters
MOST_BYTES = 200  # file systems take 255; a letter may have four, and -2 or .lock may follow
DIGITS = 12  # of its digest


def file_stem(name: str) -> str:
    """Return a name for a file: what file systems take of a name, and a digest of all of it.

    Names that differ in a character that is left out, in upper and lower case, or after many equal
    characters have other digests, which are lower-case as case counts in few file systems.

    >>> file_stem("focal_loss:gamma=1"), file_stem("Focal_loss:gamma=1")
    ('focal_loss-gamma=1-be9eee42de67', 'Focal_loss-gamma=1-0bb270275e79')
    """
    plain = re.sub(r"[^A-Za-z0-9_.=,]+", "-", name)[:MOST_CHARACTERS].strip("-.")
    return f"{plain}-{_digest(name)}".lstrip("-")


def folder_stem(name: str) -> str:
    """Return `file_stem`, or the name itself where it is plain and short: for a user to type.

    >>> folder_stem("strong"), folder_stem("0.001"), folder_stem("Strong")
    ('strong', '0.001', 'Strong-30a04fdcb6bb')
    """
    return name if len(name) <= MOST_CHARACTERS and _PLAIN.fullmatch(name) else file_stem(name)


def slug(text: str) -> str:
    """Return a text with letters of any script, digits, dots and dashes, for a folder's name.

    >>> slug("my images (2)/forum")
    'my-images-2-forum'
    """
    return re.sub(r"[^\w.]+", "-", text).strip("-.")


def shortened(name: str) -> str:
    """Return a name that fits in a file system: one that is cut has a digest at its end."""
    if len(name) > LONGEST_FOLDER or len(os.fsencode(name)) > MOST_BYTES:
        begin = os.fsencode(name[: LONGEST_FOLDER - 9])[: MOST_BYTES - 9]
        name = f"{begin.decode(errors='ignore')}-{digest(name)[:8]}"
    return name


def _digest(name: str) -> str:
    """Return the beginning of a name's sha256, in hex; of any text, also of undecodable bytes."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
