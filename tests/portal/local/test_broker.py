import pytest
import redis

from portal.local import broker as broker_module
from portal.local.broker import EmbeddedBroker, GivenBroker, find_server
from portal.local.errors import LaunchError
from portal.local.folder import DataFolder
from portal.local.ports import free_port
from portal.local.processes import Supervisor


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder.open(tmp_path / 'a "quoted" folder')
    yield folder
    folder.close()


@pytest.fixture
def broker(folder):
    with Supervisor() as supervisor:
        broker = EmbeddedBroker(folder, supervisor, durable=True)
        broker.start()
        broker.finish_starting()
        yield broker


def test_it_serves_whoever_knows_the_password(broker):
    with redis.Redis.from_url(broker.url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_it_refuses_whoever_does_not(broker):
    port = broker.url.rpartition(":")[2].split("/")[0]
    with redis.Redis(port=int(port)) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_its_settings_with_the_password_are_private_and_it_never_forgets_under_pressure(broker, folder):
    assert (folder.path / "broker.conf").stat().st_mode & 0o777 == 0o600
    with redis.Redis.from_url(broker.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_the_system_server_is_taken_where_there_is_no_wheel(monkeypatch, tmp_path):
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setattr(broker_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server() == server


def test_no_server_at_all_is_told_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(broker_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LaunchError, match=r"^No Valkey or Redis here: install .*REDIS_URL\.$"):
        find_server()


def test_a_given_server_that_does_not_answer_is_told_in_one_line():
    with pytest.raises(LaunchError, match=r"^The server of REDIS_URL does not answer: .*"):
        GivenBroker(f"redis://127.0.0.1:{free_port()}/0").finish_starting()
