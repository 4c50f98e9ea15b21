import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template import engines

from portal.core import icons

NAMED_IN_TEMPLATES = re.compile(r"""\{% icon "([^"]+)"|icon_name="([^"]+)\"""")


def symbols(sprite: Path) -> list[str]:
    return [symbol.attrib["id"] for symbol in ElementTree.parse(sprite).getroot()]


def render(source: str, **values: str) -> str:
    return engines["django"].from_string("{% load components %}" + source).render(values)


def test_the_sprite_holds_exactly_the_icons_in_use(tmp_path):
    sprite = icons.build_sprite(tmp_path)

    assert sprite == tmp_path / "img" / "icons.svg"
    assert symbols(sprite) == sorted(icons.ICONS)


def test_every_symbol_can_be_drawn_in_the_color_of_its_text(tmp_path):
    for symbol in ElementTree.parse(icons.build_sprite(tmp_path)).getroot():
        assert symbol.attrib["viewBox"] == "0 0 24 24"
        assert len(symbol) > 0
        paint = {part.attrib.get(name, "currentColor") for part in symbol.iter() for name in ("stroke", "fill")}
        assert paint == {"currentColor"}


def test_an_icon_the_package_does_not_have_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setitem(icons.ICONS, "door", "no-such-drawing")

    with pytest.raises(icons.UnknownIcon, match="no-such-drawing"):
        icons.build_sprite(tmp_path)


def test_an_unknown_icon_raises():
    with pytest.raises(icons.UnknownIcon, match="no-such-icon"):
        render('{% icon "no-such-icon" %}')


def test_every_icon_named_in_a_template_exists():
    named = {
        name
        for template in (settings.BASE_DIR / "templates").rglob("*.html")
        for match in NAMED_IN_TEMPLATES.findall(template.read_text())
        for name in match
        if name
    }

    assert len(named) > 20
    assert named <= set(icons.ICONS)


def test_an_icon_is_silent_unless_it_has_a_label():
    assert 'aria-hidden="true"' in render('{% icon "bell" %}')
    assert 'role="img" aria-label="Alarm &lt;now&gt;"' in render('{% icon "bell" label=label %}', label="Alarm <now>")


def test_an_icon_refers_to_the_sprite_and_takes_tone_and_size():
    drawn = render('{% icon "warning" tone="warning" size="small" %}')

    assert 'class="icon icon--warning icon--small"' in drawn
    assert f'href="{settings.STATIC_URL}img/icons.svg#warning"' in drawn
