"""Names on the disk that are made from names of the user's: no two of these share a file."""

import hashlib
import re

# no letter that a file system may take for another, and nothing that a folder of results has
_PLAIN = re.compile(r"(?!(figures|con|nul|aux|prn)$)[a-z0-9]+([-_=][a-z0-9]+|\.[0-9]+)*")
MOST_CHARACTERS = 60  # of the name itself, so that a file can be found by eye
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


def _digest(name: str) -> str:
    """Return the beginning of a name's sha256, in hex; of any text, also of undecodable bytes."""
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
