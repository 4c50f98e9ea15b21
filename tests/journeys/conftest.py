"""The stage of whole journeys: the portal as people meet it, and browsers to meet it with."""

import contextlib
import subprocess
import sys
import uuid

import pytest
from django.db import connections
from playwright.sync_api import Page

from portal.local.ports import free_port
from tests import live
from tests.browser import PATIENCE, running_chromium


@contextlib.contextmanager
def mail_server(port, folder):
    command = [sys.executable, "-m", "portal.local.mail_server", "--port", str(port), "--folder", str(folder)]
    process = subprocess.Popen(command, cwd=live.PROJECT)
    try:
        yield
    finally:
        live.end(process)


@pytest.fixture
def site(tmp_path):
    """The portal as people meet it: granian, a Celery worker, and a mail server whose mails the mailbox shows."""
    port, mails = free_port(), tmp_path / "mails"
    variables = live.environment(
        DJANGO_SETTINGS_MODULE="tests.journeys.live_settings",
        EMAIL_URL=f"smtp://127.0.0.1:{port}",
        MAILBOX_DIR=str(mails),
        TEST_QUEUE=f"test-{uuid.uuid4()}",
    )
    with mail_server(port, mails), live.worker(tmp_path, variables), live.Site(tmp_path, variables) as running:
        yield running


@pytest.fixture
def open_browser(site):
    """Return a function that opens a browser of its own; a fault or a refused script fails the test."""
    complaints = []

    def watch(page):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)

    with running_chromium() as browser:

        def open_page(**options) -> Page:
            context = browser.new_context(base_url=f"http://127.0.0.1:{site.port}", **options)
            context.on("page", watch)
            context.set_default_timeout(PATIENCE)
            return context.new_page()

        yield open_page
        connections.close_all()  # those of the test: beside Playwright's loop Django keeps them apart
    assert complaints == []
