"""Agreements between the launcher, the Makefile and the Procfile."""

import re
from pathlib import Path

import pytest

from portal.local import commands
from portal.local.place import Place

PROJECT = Path(__file__).resolve().parents[3]


def test_production_starts_the_processes_as_the_embedded_run_does():
    procfile = (PROJECT / "Procfile").read_text()

    for option in re.findall(r"--[a-z-]+", f"{commands.WEB} {commands.WORKER} {commands.BEAT}"):
        assert option in procfile


def test_the_makefile_starts_no_script_of_the_environment_for_a_path_with_a_space_would_stop_it():
    makefile = (PROJECT / "Makefile").read_text()

    assert set(re.findall(r"\.venv/bin/(\w+)", makefile)) == {"python"}


def test_help_lists_every_command():
    makefile = (PROJECT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    described = re.findall(r"^([a-z]+):[^#\n]*## ", makefile, re.MULTILINE)

    assert set(phony) - set(described) == {"ready", "ready-to-test"}


def test_continuous_integration_calls_what_a_person_calls():
    lines = (PROJECT / ".ci" / "run").read_text().splitlines()

    assert [line for line in lines if line.startswith("make ")] == ["make check </dev/null", "make test </dev/null"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("portal.test", "http://portal.test:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host, address):
    assert Place(host, 8000).address == address


def test_a_web_server_that_does_not_answer_is_not_ready():
    assert Place("127.0.0.1", 1).missing() == {"web": "no answer"}
