import pytest

from portal.local import logs


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("one\nlast words\n\n", "last words"),
        ("2026-11-21 06:05:01.652 UTC [12] FATAL:  lock file exists\nHINT: look\n", "FATAL:  lock file exists"),
        ("x\nERROR: cannot extend file: No space left on device\nmore\n", "the disk is full (no space left on device)"),
        ("initdb: error: directory exists\nbye\n", "initdb: error: directory exists"),
        ("", ""),
    ],
)
def test_the_most_telling_line_of_a_log_is_found(tmp_path, content, told):
    log = tmp_path / "log"
    log.write_text(content)

    assert logs.reason(log) == told


def test_what_an_earlier_run_wrote_does_not_count(tmp_path):
    log = tmp_path / "log"
    log.write_text("FATAL: of yesterday\n")
    began = logs.size(log)
    with log.open("a") as file:
        file.write("of today\n")

    assert logs.reason(log, began) == "of today"


def test_a_log_that_is_no_text_does_not_stop_the_search(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"\xff\xfe\n\x00 could not start \xe9\n")

    assert "could not start" in logs.reason(log)


def test_no_log_gives_no_reason(tmp_path):
    assert logs.reason(None) == logs.reason(tmp_path / "absent") == ""
