"""The gallery in a real browser: accessible, without sideways scrolling, in both themes at every width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from portal.core import gallery

WIDTHS = [320, 375, 768, 1024, 1280, 1920, 2560]
# Half as long again: Swedish and French need some thirty percent more room than English.
LENGTHEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    text.data = text.data.replace(/\\p{L}{5,}/gu, (word) => word + word.slice(0, Math.ceil(word.length / 2)));
  }
}"""


def sideways(page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def violations(page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def test_the_gallery_shows_every_section_in_both_themes():
    html = Client().get("/gallery/").content.decode()

    for key, label in gallery.SECTIONS:
        assert f'id="{key}-light"' in html
        assert f'id="{key}-dark"' in html
        assert label in html


@pytest.mark.browser
@pytest.mark.parametrize(
    ("path", "theme"),
    [("/gallery/", "light"), ("/sample/", "light"), ("/sample/", "dark"), ("/no-such-page/", "dark")],
)
def test_axe_finds_nothing(look_at, path, theme):
    for width in (375, 1280):
        assert violations(look_at(path, width=width, theme=theme)) == []


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("button", ["Account of Elin Berg", "Panel"])
def test_axe_finds_nothing_in_what_opens(look_at, button, theme):
    page = look_at("/sample/", theme=theme)

    page.get_by_role("button", name=button).click()
    expect(page.locator(":popover-open, dialog[open]")).to_be_visible()
    assert violations(page) == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/gallery/", "/sample/", "/no-such-page/"])
def test_no_width_scrolls_sideways_not_even_with_longer_words(look_at, path):
    page = look_at(path)

    for lengthen in (False, True):
        if lengthen:
            page.evaluate(LENGTHEN)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert sideways(page) <= 0, (width, lengthen)


@pytest.mark.browser
def test_a_theme_can_be_forced_on_a_part_of_the_page(look_at):
    page = look_at("/gallery/", theme="light")
    backs = [
        page.locator(f"[data-theme={theme}]").first.evaluate("part => getComputedStyle(part).backgroundColor")
        for theme in ("light", "dark")
    ]

    assert backs == ["rgb(255, 255, 255)", "rgb(27, 26, 25)"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == backs[0]
