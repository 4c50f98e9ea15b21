import fcntl
import os
import subprocess
import sys
import threading
import time

import pytest

from portal.local import folder as folder_module
from portal.local.errors import LaunchError
from portal.local.folder import DataFolder, write_private


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_second_launcher_on_the_same_folder_is_refused_and_told_who_holds_it(tmp_path):
    first = DataFolder.open(tmp_path)

    with pytest.raises(LaunchError) as refused:
        DataFolder.open(tmp_path)

    assert str(tmp_path) in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    assert "\n" not in str(refused.value)
    first.close()


def test_the_folder_is_free_again_after_closing(tmp_path):
    DataFolder.open(tmp_path).close()

    DataFolder.open(tmp_path).close()


def test_a_start_waits_while_the_watchdog_of_a_dead_launcher_still_holds_the_lock(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "lock").write_text(str(ended.pid))
    watchdogs = (tmp_path / "lock").open()
    fcntl.flock(watchdogs, fcntl.LOCK_EX)
    began = time.monotonic()
    threading.Timer(0.3, watchdogs.close).start()

    DataFolder.open(tmp_path).close()

    assert time.monotonic() - began >= 0.3


def test_the_wait_for_a_dead_launcher_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "LEFTOVER_WAIT_SECONDS", 0.1)
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(LaunchError, match="another process"):
            DataFolder.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path):
    (tmp_path / "a file").write_text("")

    with pytest.raises(LaunchError, match=r"^Cannot write to the data folder .*a file/data: Not a directory\.$"):
        DataFolder.open(tmp_path / "a file" / "data")


def test_a_folder_and_its_secrets_are_for_their_owner_only(tmp_path):
    folder = DataFolder.open(tmp_path / "data")

    secret = folder.secret("some.secret")

    assert len(secret) >= 50
    assert mode(folder.path) == 0o700
    assert mode(folder.path / "some.secret") == 0o600
    assert mode(folder.path / "lock") == 0o600
    assert mode(folder.subfolder("mailbox")) == 0o700
    folder.close()


def test_a_secret_is_made_once_and_then_kept(tmp_path):
    folder = DataFolder.open(tmp_path)

    assert folder.secret("one") == folder.secret("one")
    assert folder.secret("one") != folder.secret("two")
    folder.close()


def test_a_secret_that_was_cut_off_by_a_full_disk_is_made_anew(tmp_path):
    folder = DataFolder.open(tmp_path)
    (tmp_path / "cut").write_text("")

    assert len(folder.secret("cut")) >= 50
    folder.close()


def test_a_secret_that_others_could_read_is_closed_to_them(tmp_path):
    folder = DataFolder.open(tmp_path)
    (tmp_path / "old").write_text("kept")
    (tmp_path / "old").chmod(0o644)

    assert folder.secret("old") == "kept"
    assert mode(tmp_path / "old") == 0o600
    folder.close()


def test_a_private_file_is_replaced_whole_and_leaves_no_draft(tmp_path):
    write_private(tmp_path / "file", "first")
    write_private(tmp_path / "file", "second")

    assert (tmp_path / "file").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_log_that_has_grown_long_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "LOG_KEEP_BYTES", 10)
    folder = DataFolder.open(tmp_path)
    folder.log("web").write_text("more than ten bytes")

    assert not folder.log("web").exists()
    assert (tmp_path / "logs" / "web.log.1").read_text() == "more than ten bytes"
    folder.close()
