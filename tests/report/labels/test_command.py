"""What trains with corrected labels reads the images as the audit has read them."""

from dataclasses import replace

from benchmark.report.labels.command import run_call, run_command
from tests.analysis.label_audits import make_audit

READ_BY = {"class_level": 2, "merge_classes": True}


def test_the_command_has_the_settings_by_which_images_were_read():
    audit = make_audit([0, 1, 2])
    assert run_command(audit, "a b.csv", ["bench"]) == "bench run --data pets/ --labels 'a b.csv'"
    assert run_command(replace(audit, read_by=READ_BY), "f.csv", ["bench"]) == (
        "bench run --data pets/ --class-level 2 --merge-classes --labels f.csv"
    )


def test_so_has_the_call():
    audit = make_audit([0, 1, 2])
    assert run_call(audit, "f.csv") == 'benchmark.run(data, labels="f.csv")'
    assert run_call(replace(audit, read_by=READ_BY), 'ü".csv') == (
        r'benchmark.run(data, class_level=2, merge_classes=True, labels="ü\".csv")'
    )
