"""The file of a backup, and what is refused in words."""

import dataclasses
import json
import stat
import zipfile

import pytest
from django.core.management import CommandError, call_command

from portal.backup.archive import DATABASE, MANIFEST, add_manifest, adding_database, created, opened
from portal.backup.errors import BackupError
from tests.portal.backup.helpers import manifest

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path):
    return tmp_path / "portal.zip"


def write(path, **fields):
    with created(path) as file:
        add_manifest(file, manifest(**fields))
        with adding_database(file) as database:
            database.write(b"SELECT 1;\n" * 1000)


def write_zip(path, **members):
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("_", "."), text)


def refusal(path):
    with pytest.raises(CommandError) as refused:
        call_command("restore", str(path))
    return str(refused.value)


def test_a_backup_is_read_as_it_was_written_and_by_its_owner_only(path):
    write(path, log_head="3:" + "a" * 32)

    with opened(path) as (file, read):
        assert read == manifest(log_head="3:" + "a" * 32, made_at=read.made_at, key_proofs=read.key_proofs)
        assert file.read(DATABASE) == b"SELECT 1;\n" * 1000
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_there_is_not_overwritten(path):
    path.write_text("another")

    with pytest.raises(BackupError, match="is there already"), created(path):
        pass
    assert path.read_text() == "another"


def test_a_backup_that_fails_leaves_no_file(path):
    with pytest.raises(BackupError, match="pg_dump failed"), created(path):
        raise BackupError("pg_dump failed: why")
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("backup", str(path.parent / "no" / "portal.zip"))
    assert list(path.parent.iterdir()) == []


def test_what_is_no_backup_is_refused(path):
    assert refusal(path) == f"{path} is not there."
    path.write_text("hello")
    assert refusal(path) == f"{path} is no backup of the portal, or its end is missing."
    write_zip(path, a_txt="hello")
    assert refusal(path) == f"{path} is no backup of the portal."
    for text in ("[]", "{", '{"format": 1}'):
        write_zip(path, manifest_json=text, database_sql="")
        assert f"{path} is " in refusal(path)
    assert "cannot be read: Is a directory" in refusal(path.parent)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_refused(path, kept):
    write(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])

    assert "its end is missing" in refusal(path)


def test_a_byte_that_changed_is_noticed(path):
    write(path)
    with zipfile.ZipFile(path) as file:
        info = file.getinfo(DATABASE)
    content = bytearray(path.read_bytes())
    content[info.header_offset + 60 + info.compress_size // 2] ^= 0xFF
    path.write_bytes(content)

    assert refusal(path) == f"{path} is damaged ({DATABASE}): nothing was restored. Take another copy of it."


def test_what_a_newer_portal_or_a_newer_postgresql_made_is_refused(path):
    newer = dataclasses.asdict(manifest()) | {"format": 2}
    write_zip(path, **{MANIFEST.replace(".", "_"): json.dumps(newer), "database_sql": ""})
    assert "made by a newer portal (format 2; this one reads 1)" in refusal(path)
    path.unlink()

    write(path, migrations=["accounts.0001_initial", "accounts.9999_later"])
    assert "made by a newer portal, whose migration accounts.9999_later is unknown here" in refusal(path)
    path.unlink()

    write(path, postgresql=99)
    assert "made on PostgreSQL 99" in refusal(path)
