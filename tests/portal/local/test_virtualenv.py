import os
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.local import virtualenv

PROJECT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_locks_hold_hashes_and_no_address(lock):
    text = (PROJECT / lock).read_text()

    assert "://" not in text
    assert "file:" not in text
    packages = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(packages) > 50
    assert all(line.endswith("\\") and "==" in line for line in packages)
    assert text.count("--hash=sha256:") > len(packages)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with locks and an environment that was installed from them."""
    monkeypatch.setattr(virtualenv, "PROJECT", tmp_path)
    monkeypatch.setattr(virtualenv, "ENVIRONMENT", tmp_path / ".venv")
    (tmp_path / ".venv").mkdir()
    (tmp_path / "requirements.txt").write_text("one==1")
    (tmp_path / "requirements-dev.txt").write_text("two==2")
    for kind in ("run", "dev"):
        virtualenv._marker(kind).write_text(virtualenv._fingerprint(kind))
    return tmp_path


def test_an_environment_made_from_the_locks_is_up_to_date(project):
    assert virtualenv.is_up_to_date("run")
    assert virtualenv.is_up_to_date("dev")


def test_a_changed_lock_makes_it_out_of_date(project):
    (project / "requirements-dev.txt").write_text("two==2.1")
    assert virtualenv.is_up_to_date("run")
    assert not virtualenv.is_up_to_date("dev")

    (project / "requirements.txt").write_text("one==1.1")
    assert not virtualenv.is_up_to_date("run")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device\n", "the disk is full"),
        (
            "Looking\nERROR: No matching distribution found for x\nnotice: upgrade\n",
            "No matching distribution found for x",
        ),
        ("", "no reason given"),
    ],
)
def test_the_reason_of_a_failed_installation_is_found(tmp_path, said, told):
    (tmp_path / "log").write_text(said)

    assert virtualenv._reason(tmp_path / "log").startswith(told)


def script_with(tmp_path, **variables):
    """Run the set-up script in an empty project."""
    target = tmp_path / "portal" / "local"
    target.mkdir(parents=True)
    for name in ("virtualenv.sh", "virtualenv.py"):
        shutil.copy(PROJECT / "portal" / "local" / name, target)
    return subprocess.run(
        ["/bin/sh", "portal/local/virtualenv.sh", "run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(folder, answer):
    folder.mkdir(exist_ok=True)
    python = folder / "python3"
    python.write_text(f"#!/bin/sh\n{answer}\n")
    python.chmod(0o755)
    return python


def test_a_python_that_is_too_old_is_refused_in_one_line(tmp_path):
    old = fake_python(tmp_path / "an old one", "exit 1")

    done = script_with(tmp_path, PY=str(old))

    assert (done.returncode, done.stderr) == (1, f"PY={old} is no Python 3.11 or newer.\n")


def test_no_python_at_all_is_refused_in_one_line(tmp_path):
    done = script_with(tmp_path, PATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed: install it")
    assert done.stderr.count("\n") == 1


def test_a_python_without_its_venv_module_is_refused_in_one_line(tmp_path):
    half = fake_python(tmp_path / "bin", 'case "$3" in *ensurepip*) exit 1;; esac')

    done = script_with(tmp_path, PATH=str(half.parent))

    assert done.returncode == 1
    assert done.stderr == (
        "python3 comes without its venv module: install it (apt-get install python3-venv), then try again.\n"
    )
