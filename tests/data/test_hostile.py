"""A folder of hostile images: each file is accounted for, and none of them starts a program."""

import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from benchmark.data.decoding.decode import FORMATS, decode
from benchmark.data.sources import open_data
from benchmark.data.summary import summarise_data
from tests.data.hostile import POSTSCRIPT, broken, honest, make_hostile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes and devices by name")


def test_every_file_is_read_or_has_its_reason(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("gs", "gswin64c", "gswin32c"):  # what Pillow would start
        (programs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    fates = make_hostile(tmp_path / "set")
    summary = summarise_data(open_data(str(tmp_path / "set")))
    unreadable = set(summary.unreadable["file"])
    by_fate = {
        fate: {path for path, its in fates.items() if its == fate} for fate in fates.values()
    }
    assert unreadable == by_fate["rejected"]
    assert set(summary.images.files) == by_fate["read"] | by_fate["rejected"]
    assert set(summary.images.left_out) == by_fate["left out"]
    assert set(summary.left_out) == by_fate["rejected"] | by_fate["left out"]
    assert not any("Error: [Errno" in reason for reason in summary.left_out.values())
    assert not (tmp_path / "started").exists()


def test_no_decoder_starts_a_program(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_: pytest.fail("a program is started"))
    refused = set()
    for name, content in (honest() | broken()).items():
        try:
            decode(content)
        except Exception:
            refused.add(name)
    assert refused == set(broken())


@pytest.mark.parametrize("name", [name for name in broken() if name.startswith("postscript")])
def test_postscript_is_said_whatever_it_is_called(name):
    with pytest.raises(OSError, match="a PostScript drawing"):
        decode(broken()[name])


def test_only_formats_that_pillow_decodes_itself_are_opened():
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    assert not {"EPS", "WMF", "HDF5", "GRIB", "BUFR", "MPEG", "FPX", "MIC", "IPTC"} & set(FORMATS)
    assert Image.open(BytesIO(POSTSCRIPT)).format == "EPS"  # without the list
