"""The reader of files, their stamps and short names."""

from PIL import Image

from benchmark.data.files.image_files import FileReader, short_name, stamp


def test_a_reader_finds_files_below_its_root(tmp_path):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "a/1.png")
    reader = FileReader(str(tmp_path), ("a/1.png",))
    assert reader.content(0) == (tmp_path / "a/1.png").read_bytes()
    assert reader.image(0).getpixel((0, 0)) == (1, 2, 3)


def test_a_stamp_changes_with_the_name_and_the_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    before = stamp("a.png", path.stat())
    assert stamp("b.png", path.stat()) != before
    path.write_bytes(b"xy")
    assert stamp("a.png", path.stat()) != before


def test_short_names_fit_a_folder(tmp_path):
    assert short_name(tmp_path / "my images (2)") == "my_images_2"
    assert short_name(tmp_path / "(-)") == "data"
    assert short_name(tmp_path / "図 鑑") == "図_鑑"
