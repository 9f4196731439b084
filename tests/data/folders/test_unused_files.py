"""Each file of a folder is an image of a class, or has a row with the reason why it is not."""

from benchmark.data.folders.image_folder import image_folder
from tests.data.trees import make_files


def test_every_file_is_accounted_for(tmp_path):
    folders = {"cat": 2, "dog/deep": 1, "cat/@eaDir": 3, ".git/objects": 0, "dog/.old": 1}
    root = make_files(tmp_path, folders)
    (root / "groups.csv").write_text("path,group\ncat/000.jpg,a\ncat/001.jpg,a\ndog/000.jpg,b\n")
    reasons = {
        "top.jpg": "it lies in no class folder",
        "cat/x.heic": ".heic is no suffix of an image",
        "cat/README": "it has no suffix",
        "notes.txt": "a text or a table",
        "cat/list.csv": "a text or a table",
        "dog/groups.csv": "a text or a table",
        "cat/Thumbs.db": "a system or a program made it",
        "cat/._000.jpg": "a system or a program made it",
        "dog/~$a.xlsx": "a system or a program made it",
        ".gitignore": "its name begins with a dot",
        "cat/.x.jpg": "its name begins with a dot",
    }
    for name in reasons:
        (root / name).write_bytes(b"x")
    images = image_folder(str(root))
    assert images.left_out == {
        **reasons,
        "cat/@eaDir": "a system or a program made it, with 3 images in it",
        ".git": "a system or a program made it",
        "dog/.old": "its name begins with a dot, with 1 image in it",
    }
    assert images.files == ("cat/000.jpg", "cat/001.jpg", "dog/deep/000.jpg")


def test_images_beside_given_splits_have_a_row(tmp_path):
    counts = {"train/cat": 1, "train/dog": 1, "val": 2, ".": 1}
    images = image_folder(str(make_files(tmp_path, counts)))
    why = "it lies in no class folder"
    assert images.left_out == dict.fromkeys(("000.jpg", "val/000.jpg", "val/001.jpg"), why)
