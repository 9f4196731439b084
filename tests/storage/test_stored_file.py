"""What is stored is read only where it is what was written; what fails is set aside."""

import os
import pickle

import pytest

from benchmark.storage.stored_file import (
    DamagedFileError,
    hash_of,
    is_there,
    open_plain,
    read_text,
    set_aside,
    with_hash,
    write_unfollowed,
)

TEXT = '{\n "a": 1,\n "b": "two"\n}\n'


def test_a_text_carries_the_hash_of_the_rest_of_it():
    text = with_hash(TEXT)
    assert text.startswith('{\n "sha256": "')
    assert hash_of(text) == text[14:78]
    assert hash_of(TEXT) is None
    for position in range(len(text)):
        assert hash_of(text[:position] + "~" + text[position + 1 :]) is None
        assert hash_of(text[:position]) is None


def test_a_text_is_the_same_with_other_ends_of_lines(tmp_path):
    file = tmp_path / "a"
    for end in ("\n", "\r\n", "\r"):
        file.write_bytes(with_hash(TEXT).replace("\n", end).encode())
        assert read_text(file) == with_hash(TEXT)


def test_what_is_no_text_is_told(tmp_path):
    (tmp_path / "a").write_bytes(b"caf\xe9")
    with pytest.raises(DamagedFileError, match=r"a is damaged: it is no UTF-8 text \(byte 3\)"):
        read_text(tmp_path / "a")


def test_a_file_of_any_size_is_not_read(tmp_path):
    (tmp_path / "a").touch()
    os.truncate(tmp_path / "a", 20 * 10**9)
    with pytest.raises(DamagedFileError, match=r"a is damaged: it has more than 1.0 GB"):
        read_text(tmp_path / "a")


def test_an_error_says_what_to_do_also_from_another_process(tmp_path):
    error = DamagedFileError(tmp_path / "a", "it is empty", "Do this")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == f"{tmp_path / 'a'} is damaged: it is empty. Do this"
    assert again.file == tmp_path / "a"


def test_no_link_is_followed(tmp_path):
    kept, link = tmp_path / "kept", tmp_path / "link"
    kept.write_text("kept")
    link.symlink_to(kept)
    with pytest.raises(DamagedFileError, match="it is a link"):
        open_plain(link)
    with pytest.raises(OSError, match="symbolic"):
        write_unfollowed(link, "1")
    assert set_aside(link).readlink() == kept
    assert not is_there(link)
    assert kept.read_text() == "kept"
    link.symlink_to(tmp_path / "nowhere")
    assert is_there(link)
    with pytest.raises(DamagedFileError, match="it is a link"):
        open_plain(link)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_no_device_is_read(path, tmp_path):
    with pytest.raises(DamagedFileError, match="it is no plain file"):
        open_plain(tmp_path / path)


@pytest.mark.parametrize("second", ["file", "folder", "link", "pipe"])
@pytest.mark.parametrize("first", ["file", "folder", "link"])
def test_what_was_set_aside_earlier_is_replaced(tmp_path, first, second):
    make = {
        "file": lambda path: path.write_text("x"),
        "folder": lambda path: (path / "inner").mkdir(parents=True),
        "link": lambda path: path.symlink_to(tmp_path),
        "pipe": os.mkfifo,
    }
    path = tmp_path / "a.json"
    for kind in (first, second):
        make[kind](path)
        aside = set_aside(path)
        assert [file.name for file in tmp_path.iterdir()] == ["a.json.damaged"]
    assert aside.is_symlink() == (second == "link")
    assert aside.is_fifo() == (second == "pipe")


def test_a_short_text_is_written_over_another(tmp_path):
    for text in ("100", "7"):
        write_unfollowed(tmp_path / "steps", text)
        assert read_text(tmp_path / "steps") == text
