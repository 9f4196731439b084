"""Folders and files in a data set that are not the owner's: a system or a program made them."""

import re

# in lower case: thumbnails, bins and settings of network storage, of desktops, of tools
_FOLDER_NAMES = """
@eadir @tmp @recycle @recently-snapshot #recycle #snapshot .@__thumb .@upload_cache
__macosx .appledouble .spotlight-v100 .fseventsd .temporaryitems .trashes .documentrevisions-v100
$recycle.bin recycler lost+found .thumbnails .picasaoriginals
.ipynb_checkpoints __pycache__ .git .svn .hg .dvc .cache .idea .vscode .stversions
thumbnails thumbnail
"""
_FOLDERS = frozenset({*_FOLDER_NAMES.split(), "system volume information", "ipod photo cache"})
_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", "picasa.ini", ".picasa.ini"}
# below a class folder; elsewhere they may be classes, of gestures or of prints
_COPIES = {"thumbs", "thumb", "preview", "previews"}


def is_junk_folder(name: str, *, below_class: bool = False) -> bool:
    """Tell whether a folder of that name is not the owner's, anywhere or below a class folder.

    >>> [is_junk_folder(name) for name in ("@eaDir", ".Trash-1000", "__MACOSX 2", "thumbs", "cat")]
    [True, True, True, False, False]
    >>> is_junk_folder("thumbs", below_class=True)
    True
    """
    plain = re.sub(r"[ _]?\(?\d+\)?$", "", name.lower())  # a copy that an unpacker numbered
    return (
        name.lower() in _FOLDERS
        or plain in _FOLDERS
        or plain.startswith(".trash")
        or plain.endswith((".lrdata", ".photoslibrary"))
        or (below_class and plain.strip("_.") in _COPIES)
    )


def is_junk_file(name: str) -> bool:
    """Tell whether a file is a system's or a program's: `._001.jpg`, Thumbs.db, `~$a.xlsx`."""
    return name.startswith(("._", "~$")) or name.lower() in _FILES
