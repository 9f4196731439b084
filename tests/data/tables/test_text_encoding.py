import pytest

from benchmark.data.tables.text_encoding import read_text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_spreadsheets_write_is_read(tmp_path, encoding, end):
    file = tmp_path / "list.csv"
    file.write_bytes(f"path,label{end}1.png,café 猫{end}".encode(encoding))
    assert read_text(file) == "path,label\n1.png,café 猫\n"


def test_an_older_encoding_is_shown_and_not_guessed(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("path,label\r\n1.png,oak\r\n2.png,中文\r\n".encode("gbk"))
    with pytest.raises(ValueError, match=r"line 3 is not in UTF-8 \(byte 0xd6\)") as error:
        read_text(file)
    assert "CSV UTF-8" in str(error.value)
    assert "- as GB 18030 (Chinese): '2.png,中文'" in str(error.value).splitlines()


def test_an_encoding_that_the_file_can_not_be_in_is_not_shown(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes("1.png,café".encode("cp1252"))
    with pytest.raises(ValueError, match=r"Windows-1252 .*'1.png,café'") as error:
        read_text(file)
    assert "Chinese" not in str(error.value)


@pytest.mark.parametrize("content", [b"a\0\0\0", b"\xff\xfe\x00path"])
def test_a_binary_file_is_no_text(tmp_path, content):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(ValueError, match="Save the table as CSV UTF-8"):
        read_text(tmp_path / "list.csv")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\0\0\0", "is a spreadsheet or an archive, not CSV: open it, and save"),
        (b"\xd0\xcf\x11\xe0\0", "is an old Excel file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer.*git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "is a web page or XML, not CSV: the download failed"),
        (b"\x1f\x8b\x08\0", "is a file packed by gzip: unpack it"),
        (b"%PDF-1.7", "is a PDF file"),
    ],
)
def test_other_files_that_are_called_csv_are_called_by_name(tmp_path, content, kind):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(ValueError, match=rf"list\.csv: {kind}"):
        read_text(tmp_path / "list.csv")


def test_what_is_no_file_is_named(tmp_path):
    (tmp_path / "list.csv").mkdir()
    with pytest.raises(ValueError, match=r"list\.csv: is a folder, not a file\. Give a table"):
        read_text(tmp_path / "list.csv")
