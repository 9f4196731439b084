"""The text of a file that a spreadsheet, a database or a script wrote."""

import codecs
from pathlib import Path

from benchmark.storage.plain_file import NotPlainError, read_plain
from benchmark.system.text import list_below

_MOST = 500_000_000  # bytes of a table: millions of rows

# UTF-32 before UTF-16: the byte order mark of one begins with that of the other
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# of other files that are called .csv; in lower case
_OTHER_KINDS = {
    b"version https://git-lfs": "a Git LFS pointer, not the table: run `git lfs pull`",
    b"pk\x03\x04": "a spreadsheet or an archive, not CSV: open it, and save the table as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel file, not CSV: open it, and save the table as CSV UTF-8",
    b"\x1f\x8b": "a file packed by gzip: unpack it",
    b"%pdf": "a PDF file, not CSV: copy the table into a spreadsheet, and save it as CSV UTF-8",
    b"<": "a web page or XML, not CSV: the download failed; get it again",
}
# shown to the user, who can tell which is right; a guess would rename classes in silence
_OLDER = {
    "cp1252": "Windows-1252 (western European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "gb18030": "GB 18030 (Chinese)",
    "shift_jis": "Shift JIS (Japanese)",
}


def read_text(path: Path) -> str:
    r"""Return the text of a file in UTF-8, UTF-16 or UTF-32, with line ends as '\n'.

    Raises
    ------
    ValueError
        If it is in another encoding, with the line shown in those that it could be in; or no text;
        or no plain file.
    """
    try:
        content = read_plain(path, _MOST)
    except NotPlainError as error:
        raise ValueError(f"{path}: is {error}. Give a table as CSV UTF-8.") from None
    for begin, kind in _OTHER_KINDS.items():
        if content[:100].lstrip().lower().startswith(begin):
            raise ValueError(f"{path}: is {kind}.")
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    encoding = encoding or _encoding_by_nulls(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ValueError(
                f"{path}: begins like text in {encoding.upper()} and is not (byte {error.start}). "
                "Save the table as CSV UTF-8."
            ) from None
        raise ValueError(_not_utf8(path, content, error.start)) from None
    if "\0" in text:
        raise ValueError(f"{path}: is no text: it holds null bytes. Save the table as CSV UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding_by_nulls(content: bytes) -> str:
    """Return UTF-16 of the byte order in which all zero bytes are the upper ones, else UTF-8."""
    if len(content) % 2 == 0 and b"\0" in content:
        if b"\0" not in content[::2]:
            return "utf-16-le"
        if b"\0" not in content[1::2]:
            return "utf-16-be"
    return "utf-8"


def _not_utf8(path: Path, content: bytes, start: int) -> str:
    number = len(content[: start + 1].splitlines())  # of bytes: splits at line feed and return only
    line = content.splitlines()[number - 1]
    lines = []
    for encoding, name in _OLDER.items():
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        lines.append(f"as {name}: {line.decode(encoding).strip()!r}")
    return list_below(
        f"{path}: line {number} is not in UTF-8 (byte 0x{content[start]:02x}). In a spreadsheet, "
        "choose Save as, CSV UTF-8; in an editor, save with encoding UTF-8."
        f"{' The line reads' if lines else ''}",
        lines,
    )
