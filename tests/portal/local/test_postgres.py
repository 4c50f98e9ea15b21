import os
import shutil
import subprocess

import psycopg
import pytest

from portal.local import unprivileged
from portal.local.errors import LaunchError
from portal.local.folder import DataFolder
from portal.local.ports import answers, free_port
from portal.local.postgres import EmbeddedDatabase, GivenDatabase, find_binaries
from portal.local.processes import Supervisor
from portal.local.watchdog import is_running

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a way around PostgreSQL's refusal")


def start(folder, supervisor):
    database = EmbeddedDatabase(folder, supervisor, durable=False, binaries=find_binaries())
    database.start()
    database.finish_starting()
    return database


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = DataFolder.open(tmp_path_factory.mktemp("a data folder"))
    yield folder
    folder.close()


@pytest.fixture(scope="module")
def database(folder):
    with Supervisor() as supervisor:
        yield start(folder, supervisor)


@pytest.fixture
def owner(database):
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def application(database):
    with psycopg.connect(database.application_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def table(owner):
    owner.execute("CREATE TABLE things (id bigserial PRIMARY KEY, name text)")
    yield
    owner.execute("DROP TABLE things")


@pytest.mark.usefixtures("table")
def test_the_application_reads_and_changes_rows(application):
    application.execute("INSERT INTO things (name) VALUES ('one')")
    application.execute("UPDATE things SET name = 'two'")
    assert application.execute("SELECT id, name FROM things").fetchall() == [(1, "two")]
    application.execute("DELETE FROM things")
    application.execute("CREATE TEMPORARY TABLE mine (id int) ON COMMIT DROP")  # what a file is read into


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "TRUNCATE things",
        "DROP TABLE things",
        "ALTER TABLE things ADD COLUMN more text",
        "CREATE INDEX ON things (name)",
        "CREATE TRIGGER t BEFORE INSERT ON things EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE things DISABLE TRIGGER ALL",
        "SET ROLE portal_owner",
        "SET session_replication_role = replica",
        "COPY things FROM PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_application_has_no_further_rights(application, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(statement)


def test_the_owner_is_no_superuser_and_makes_test_databases_in_which_the_application_has_its_rights(owner, database):
    assert owner.execute(
        "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = user"
    ).fetchone() == (
        False,
        False,
        False,
    )
    owner.execute("CREATE DATABASE test_portal")
    try:
        test_url = database.owner_url.rpartition("/")[0] + "/test_portal"
        with psycopg.connect(test_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE things (id bigserial PRIMARY KEY)")
            connection.execute("SET ROLE portal_app")
            connection.execute("INSERT INTO things DEFAULT VALUES")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("TRUNCATE things")
    finally:
        owner.execute("DROP DATABASE test_portal")


@pytest.mark.parametrize("extension", ["pg_trgm", "btree_gin", "citext", "unaccent"])
def test_the_owner_can_add_the_extensions_that_migrations_use(owner, extension):
    owner.execute(f"CREATE EXTENSION {extension}")
    owner.execute(f"DROP EXTENSION {extension}")


def test_statement_statistics_are_there(owner):
    assert owner.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements'").fetchone()


def test_passwords_are_private_and_no_password_enters(database, folder):
    for name in ("portal-admin.secret", "portal-owner.secret", "portal-app.secret"):
        assert (folder.path / name).stat().st_mode & 0o777 == 0o600
    host = database.application_url.rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://portal_app@{host}")


@pytest.mark.usefixtures("database")
def test_it_listens_on_the_loopback_address_only(folder):
    port = (folder.path / "postgres" / "postmaster.pid").read_text().splitlines()[3]
    address, socket_folder = (folder.path / "postgres" / "postmaster.pid").read_text().splitlines()[5:3:-1]

    assert (address, socket_folder) == ("127.0.0.1", "")
    assert not answers(int(port), "127.0.0.2")


def test_a_second_start_keeps_the_data_and_a_stale_pid_file_of_another_process_is_no_obstacle(tmp_path):
    folder = DataFolder.open(tmp_path)
    with (
        Supervisor() as supervisor,
        psycopg.connect(start(folder, supervisor).owner_url, autocommit=True) as connection,
    ):
        connection.execute("CREATE TABLE kept (id int)")
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getppid()}\n{tmp_path / 'postgres'}\n")

    with Supervisor() as supervisor, psycopg.connect(start(folder, supervisor).owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    folder.close()


def test_a_server_that_outlived_launcher_and_watchdog_is_ended_first(tmp_path):
    folder = DataFolder.open(tmp_path)
    with Supervisor() as supervisor:
        start(folder, supervisor)
    abandoned = unprivileged.wrapper_for(tmp_path, find_binaries().folder / "postgres")
    command = [*abandoned.command, find_binaries().folder / "postgres", "-D", tmp_path / "postgres"]
    options = ["-c", f"port={free_port()}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    server = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    while not (tmp_path / "postgres" / "postmaster.pid").exists():
        assert server.poll() is None

    with Supervisor() as supervisor:
        start(folder, supervisor)
        assert not is_running(server.pid)

    server.wait()
    folder.close()


def test_data_of_another_version_is_refused_in_one_line(tmp_path):
    folder = DataFolder.open(tmp_path)
    (folder.subfolder("postgres") / "PG_VERSION").write_text("9\n")

    with Supervisor() as supervisor, pytest.raises(LaunchError, match=r"^\S+ was made by PostgreSQL 9, and here is"):
        start(folder, supervisor)
    folder.close()


def test_an_initdb_that_fails_is_told_in_one_line_and_leaves_nothing(tmp_path):
    folder = DataFolder.open(tmp_path)
    (tmp_path / "portal-admin.secret").write_text("\n")

    with Supervisor() as supervisor:
        database = EmbeddedDatabase(folder, supervisor, durable=False, binaries=find_binaries())
        (tmp_path / "portal-admin.secret").unlink()
        with pytest.raises(LaunchError, match=r"^PostgreSQL's data could not be made: initdb ended with exit code 1: "):
            database.start()

    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "postgres.new").exists()
    folder.close()


@as_root
@pytest.mark.parametrize("wrapper", [unprivileged.NAMESPACE, unprivileged.AS_NOBODY], ids=["namespace", "nobody"])
def test_root_starts_it_in_either_way_also_on_data_of_the_other(wrapper, tmp_path, monkeypatch):
    folder = DataFolder.open(tmp_path / "private")
    monkeypatch.setattr(unprivileged, "CHOICES", (wrapper,))
    with Supervisor() as supervisor:
        start(folder, supervisor)
        uid = (folder.path / "postgres").stat().st_uid

    other = unprivileged.AS_NOBODY if wrapper is unprivileged.NAMESPACE else unprivileged.NAMESPACE
    monkeypatch.setattr(unprivileged, "CHOICES", (other,))
    with Supervisor() as supervisor:
        start(folder, supervisor)
        assert (folder.path / "postgres").stat().st_uid == other.user

    assert uid == wrapper.user
    folder.close()


@as_root
def test_nobody_may_start_what_lies_in_a_private_folder_of_root(tmp_path):
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    program = shutil.copy("/bin/true", folder)

    asked = subprocess.run([*unprivileged.AS_NOBODY.command, "/usr/bin/test", "-x", program], check=False)

    assert asked.returncode == 0


@as_root
def test_root_without_any_way_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(unprivileged, "CHOICES", (unprivileged.Wrapper(("false",), 0),))

    with pytest.raises(
        LaunchError, match=r"^PostgreSQL refuses to run as root, .* ordinary user, or set DATABASE_URL\.$"
    ):
        unprivileged.wrapper_for(tmp_path, tmp_path)


def fake_binaries(folder, version):
    folder.mkdir()
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_first_folder_that_is_new_enough_is_taken(tmp_path):
    old, new = fake_binaries(tmp_path / "old", "14.9"), fake_binaries(tmp_path / "new", "15.18")

    found = find_binaries([tmp_path / "absent", old, new])

    assert (found.folder, found.version) == (new, 15)


def test_no_postgresql_at_all_is_told_in_one_line(tmp_path):
    with pytest.raises(LaunchError, match=r"^No PostgreSQL 15 or newer here: install .*, or set DATABASE_URL\.$"):
        find_binaries([fake_binaries(tmp_path / "old", "14.9")])


def test_a_given_database_that_does_not_answer_is_told_in_one_line():
    url = f"postgresql://x@127.0.0.1:{free_port()}/x"

    with pytest.raises(LaunchError, match=r"^The database of DATABASE_URL does not answer: .*") as refused:
        GivenDatabase(url, url).finish_starting()

    assert "\n" not in str(refused.value)
