"""A real Chromium on the sample pages and the gallery. No database is needed, and none is allowed."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page

from portal.core.icons import build_sprite
from tests.browser import PATIENCE


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a server with the sample pages beside the portal's own."""
    build_sprite()
    with override_settings(ROOT_URLCONF="tests.portal.core.sample_pages"):
        server = LiveServerThread("127.0.0.1", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        if server.error:
            raise server.error
        yield f"http://127.0.0.1:{server.port}"
        server.terminate()


@pytest.fixture
def look_at(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page; a script error or a blocked file fails the test."""
    contexts, faults = [], []

    def open_page(path: str, *, width: int = 1280, theme: str = "light", **options: object) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(site + path)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
