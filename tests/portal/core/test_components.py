"""What each component shows for the values it is given, and that leaving the optional ones out breaks nothing."""

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client
from django.utils.safestring import mark_safe

from portal.core import icons
from tests.explained import unexplained

TEMPLATES = settings.BASE_DIR / "templates"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HEAVIEST_FIRST_LOAD_KB = 45  # compressed, htmx and a full page included; quality row 33 allows 100

# The least each component can be given; everything else is optional.
LEAST = {
    "avatar": {"initials": "EB"},
    "breadcrumb": {"crumbs": [{"label": "Customers"}]},
    "command": {"label": "Add", "icon_name": "add"},
    "consequences": {"consequences": ["It is gone."]},
    "copy_id": {"value": "8c1f", "label": "Copy ID"},
    "empty_state": {"title": "Nothing yet"},
    "filter_chips": {"chips": [{"label": "Status: Open", "url": "?"}], "clear_url": "?"},
    "filter_field": {"id": "f", "name": "f", "label": "F", "options": [{"value": "a", "label": "A"}]},
    "key_values": {"items": [{"label": "Name", "value": "Contoso"}]},
    "list_search": {"id": "q", "label": "Name"},
    "message_bar": {"tone": "info", "text": "Hello."},
    "messages": {"messages": [SimpleNamespace(level_tag="success")]},
    "object_link": {"label": "Contoso"},
    "page_heading": {"first": "Home"},
    "page_lead": {"text": "All of it."},
    "pager": {"range": "1–50"},
    "progress": {"id": "p", "label": "Moving", "value": 1, "max": 2, "text": "1 of 2"},
    "select_all": {},
    "select_row": {"value": "1", "label": "Select Contoso"},
    "skeleton": {"text": "Loading"},
    "sort_header": {"label": "Name", "url": "?"},
    "stat_tile": {"label": "Open", "value": 3},
    "status": {"tone": "success", "label": "Active"},
    "tabs": {"label": "Parts", "tabs": [{"label": "One", "url": "?"}]},
    "tags": {"tags": ["a"], "limit": 2},
    "timeline": {"entries": [{"title": "Sent", "at": NOON, "tone": "info"}]},
    "timestamp": {"at": NOON},
    "tooltip": {"id": "t", "label": "About", "text": "It renews."},
    "uploads": {
        "title": "Files so far",
        "about_label": "Content",
        "files": [
            {"url": "/", "file_name": "a.csv", "tone": "info", "status": "Read", "about": "Prices", "second": ""}
            | {"rows": "2", "started_by": "Kim", "created_at": NOON}
        ],
        "pager": {"previous_url": "", "next_url": ""},
    },
    "wizard_steps": {"steps": [{"label": "Review", "state": "current"}]},
    "work_progress": {
        "progress": {"label": "Reading", "value": 1, "max": 2, "text": "1 of 2"},
        "progress_url": "/progress/",
        "run_url": "/",
    },
    "workspace_card": {"label": "Customers", "url": "/", "icon_name": "customers", "description": "All."},
}
# Drawn by a tag or by Django, and tested through it.
FRAMES = {
    "collapsible",
    "command_bar",
    "crumb",
    "detail_list",
    "filter_bar",
    "key_value",
    "menu",
    "overlay",
    "row_menu",
}
BY_FORMS = {"error_summary", "field", "form"}


@pytest.fixture(autouse=True)
def undefined_variables_show(monkeypatch):
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "UNDEFINED(%s)")


def draw(name: str, /, **values: object) -> str:
    return " ".join(render_to_string(f"components/{name}.html", values).split())


def write(source: str, /, **values: object) -> str:
    return " ".join(engines["django"].from_string("{% load components %}" + source).render(values).split())


def test_every_component_is_covered_here():
    on_disk = {file.stem for file in (TEMPLATES / "components").glob("*.html") if not file.stem.startswith("_")}

    assert on_disk == LEAST.keys() | FRAMES | BY_FORMS


@pytest.mark.parametrize("name", sorted(LEAST))
def test_a_component_needs_no_more_than_it_says(name):
    drawn = draw(name, **LEAST[name])

    assert "<" in drawn
    assert "UNDEFINED" not in drawn


@pytest.mark.parametrize("name", sorted(LEAST))
def test_a_component_says_what_it_needs(name):
    source = (TEMPLATES / "components" / f"{name}.html").read_text()

    assert source.startswith(("{#", "{% comment %}"))
    assert "Needs" in source or not LEAST[name]


def test_values_are_escaped_in_includes_and_frames():
    assert "<script>" not in draw("status", tone="info", label="<script>")
    assert "<script>" not in write('{% dialog title id="d" %}x{% enddialog %}', title="<script>")
    assert "<b>kept</b>" in write('{% dialog "T" id="d" %}<b>kept</b>{% enddialog %}')


def test_the_last_crumb_is_the_place_itself_and_no_link():
    way = write('{% breadcrumb %}{% crumb "Customers" url="/customers/" %}{% crumb "Contoso" %}{% endbreadcrumb %}')

    assert '<a href="/">Home</a>' in way
    assert '<a href="/customers/">Customers</a>' in way
    assert '<span aria-current="page">Contoso</span>' in way


def test_a_crumb_finds_its_address_by_name():
    assert '<a href="/gallery/">Gallery</a>' in write('{% crumb "Gallery" "gallery" %}')


def test_a_disabled_command_explains_itself_to_everybody():
    drawn = draw("command", label="Order", icon_name="cart", id="order", url="/order/", reason="No agreement yet.")

    assert 'href="/order/"' not in drawn
    assert 'aria-disabled="true"' in drawn
    assert 'aria-describedby="order-reason"' in drawn
    assert 'popovertarget="order-reason"' in drawn
    assert re.search(r'id="order-reason" popover>No agreement yet\.<', drawn)


def test_a_command_is_a_link_or_a_button_and_htmx_only_adds_to_it():
    link = draw("command", label="Add", icon_name="add", url="/add/", overlay=True)
    button = draw("command", label="Tag", icon_name="tags", id="tag", name="do", value="tag", needs="one")

    assert 'href="/add/"' in link
    assert 'hx-target="#overlay"' in link
    assert 'type="submit"' in button
    assert 'data-needs="one" aria-describedby="tag-needs"' in button
    assert 'id="tag-needs" popover' in button
    assert "First choose one row of the list." in button


def test_what_is_disabled_without_a_reason_is_found():
    explained = '<button disabled aria-describedby="why">A</button><p class="x" id="why"><b>Too late.</b></p>'
    assert not unexplained(explained)
    assert not unexplained('<input name="disabled" class="is disabled" aria-disabled="false">')
    for wrong in ("<button disabled>", '<select disabled="">', '<a aria-disabled="true">', '<button data-needs="one">'):
        assert unexplained(f"{wrong}</p>")
    assert unexplained(explained.replace('id="why"', 'id="other"'))
    assert unexplained('<button disabled aria-describedby="why">A</button><p id="why"></p>')


@pytest.mark.parametrize(
    ("tone", "word"), [("success", "Done"), ("info", "Note"), ("warning", "Warning"), ("error", "Error")]
)
def test_a_message_says_its_tone_in_words(tone, word):
    assert f'aria-label="{word}"' in draw("message_bar", tone=tone, text="x")


def test_only_a_dismissible_message_has_a_cross():
    assert "data-dismiss" in draw("message_bar", tone="info", text="x", dismissible=True)
    assert "data-dismiss" not in draw("message_bar", tone="info", text="x")


def test_messages_replace_the_region_out_of_band_only_when_asked():
    assert 'hx-swap-oob="true"' in draw("messages", messages=[], oob=True)
    assert "hx-swap-oob" not in draw("messages", messages=[])


def test_a_sorted_header_says_its_direction_and_keeps_its_address():
    sorted_header = draw("sort_header", label="Name", url="?sort=-name", direction="descending", target="#list")

    assert 'aria-sort="descending"' in sorted_header
    assert "#sort-descending" in sorted_header
    assert 'href="?sort=-name"' in sorted_header
    assert 'hx-push-url="true"' in sorted_header
    assert "aria-sort" not in draw("sort_header", label="Name", url="?sort=name")


def test_a_pager_shows_only_the_ways_that_lead_somewhere():
    first = draw("pager", previous_url="", next_url="?cursor=n", range="1–50 of 10,000+")

    assert 'rel="next"' in first
    assert 'rel="prev"' not in first
    assert "1–50 of 10,000+" in first


def test_more_tags_than_the_limit_are_counted():
    drawn = draw("tags", tags=["a", "b", "c", "d"], limit=2)

    assert drawn.count('class="tag"') == 3
    assert "+2" in drawn
    assert "and 2 more" in drawn
    assert "+" not in draw("tags", tags=["a", "b"], limit=2)


def test_tabs_show_counts_also_of_nothing():
    tabs = [{"label": "Open", "url": "?", "count": 0, "selected": True}, {"label": "All", "url": "?all", "count": None}]
    drawn = draw("tabs", label="Parts", tabs=tabs)

    assert "(0)" in drawn
    assert drawn.count("tabs__count") == 1
    assert drawn.count('aria-current="page"') == 1


def test_a_moment_tells_its_zone_on_hover_and_in_the_long_form():
    assert 'datetime="2026-11-21T12:00:00+00:00"' in draw("timestamp", at=NOON)
    assert re.search(r'title="Nov\. 21, 2026, noon UTC">\s*11/21/2026 noon', draw("timestamp", at=NOON))
    assert re.search(r">\s*Nov\. 21, 2026, noon UTC\s*<", draw("timestamp", at=NOON, long=True))
    assert re.search(r">\s*11/21/2026\s*<", draw("timestamp", at=NOON, day=True))


def test_the_current_step_is_marked_and_done_ones_say_so():
    steps = [{"label": "Select", "state": "done", "url": "?"}, {"label": "Review", "state": "current"}]
    drawn = draw("wizard_steps", steps=steps)

    assert drawn.count('aria-current="step"') == 1
    assert 'aria-label="Done"' in drawn
    assert '<a href="?">Select</a>' in drawn


def test_a_row_can_be_chosen_alone_or_with_others():
    assert 'type="radio"' in draw("select_row", value="1", label="x", single=True)
    assert 'name="customer"' in draw("select_row", value="1", label="x", name="customer")


def test_an_overlay_names_itself_closes_without_script_and_opens_only_when_sent():
    sent = write('{% panel "Manage tags" id="tags" wide=True %}x{% endpanel %}')
    standing = write('{% dialog "Sure?" id="sure" opened=False %}x{% enddialog %}')

    assert 'aria-labelledby="tags-title"' in sent
    assert 'id="tags-title"' in sent
    assert "data-open" in sent
    assert "panel--wide" in sent
    assert '<form method="dialog">' in sent
    assert "data-open" not in standing


def test_a_list_frame_has_a_caption_and_a_filter_bar_works_without_script():
    frame = write('{% detail_list "Customers" id="customers" %}<tbody></tbody>{% enddetail_list %}')
    bar = write('{% filter_bar "Filter" action="/x/" target="#list" %}x{% endfilter_bar %}')

    assert ">Customers</caption>" in frame
    assert 'id="customers"' in frame
    assert "detail-list--short" not in frame
    assert 'class="detail-list detail-list--short"' in write('{% detail_list "Sums" short=True %}x{% enddetail_list %}')
    assert 'method="get"' in bar
    assert 'action="/x/"' in bar
    assert 'hx-get="/x/"' in bar


def test_menus_open_without_script():
    for source in (
        '{% menu "m" "New order" %}x{% endmenu %}',
        '{% row_menu "m" "More" %}x{% endrow_menu %}',
        '{% command_bar %}{% collapsible "m" "More" %}x{% endcollapsible %}{% endcommand_bar %}',
    ):
        drawn = write(source)
        assert 'popovertarget="m"' in drawn
        assert re.search(r'id="m"[^>]* popover', drawn)
        assert "UNDEFINED" not in drawn


@pytest.mark.parametrize("page", ["500", "503"])
def test_a_fault_page_needs_neither_request_nor_database(page):
    html = render_to_string(f"errors/{page}.html")

    assert "Partner Portal" in html
    assert "UNDEFINED" not in html
    assert "<script" not in html


def test_the_error_page_names_the_request():
    assert "3f2a" in render_to_string("errors/500.html", {"request_id": "3f2a"})


def test_a_refusal_tells_who_can_and_what_comes_next():
    refusal = SimpleNamespace(message="Not yours.", who="An admin agent can.", next_step="Ask", next_url="/ask/")
    drawn = " ".join(render_to_string("errors/_refusal.html", {"refusal": refusal}).split())

    assert 'role="alert"' in drawn
    assert "An admin agent can." in drawn
    assert '<a href="/ask/">Ask</a>' in drawn


def test_no_template_holds_inline_script_or_style():
    for file in TEMPLATES.rglob("*.html"):
        if "emails" in file.parts:  # mail programs know no style sheet
            continue
        source = file.read_text()
        assert not re.search(r"<script(?![^>]*(\bsrc=|type=\"application/json\"))", source), file
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", source), file


def test_colors_stand_only_in_tokens():
    sheet = Path(finders.find("css/portal.css")).read_text()
    rules = sheet.split("@layer base {")[1]

    named = re.findall(r"#[0-9a-f]{3,8}\b|\brgb\(", re.sub(r'url\("[^"]*"\)', "", rules))
    assert named == []


def test_every_token_used_is_defined():
    sheets = "".join(Path(finders.find(name)).read_text() for name in ("css/portal.css", "css/gallery.css"))

    used, defined = set(re.findall(r"var\((--[a-z0-9-]+)", sheets)), set(re.findall(r"(--[a-z0-9-]+):", sheets))
    assert used - defined == set()


def test_the_first_load_stays_light(tmp_path):
    names = ("css/portal.css", "js/portal.js", "img/mark.svg", "django_htmx/htmx-2.min.js")
    loaded = [Path(finders.find(name)).read_bytes() for name in names]
    loaded += [icons.build_sprite(tmp_path).read_bytes(), Client().get("/no-such-page/").content]

    assert sum(len(gzip.compress(part)) for part in loaded) < HEAVIEST_FIRST_LOAD_KB * 1024


def test_rows_are_escaped_but_for_their_markup_and_percent_signs_stay():
    markup = (
        "{% load components %}{% each_row rows %}<td title='100%' data-name='{name}'>{tags}%s</td>{% endeach_row %}"
    )
    rows = [{"name": "<Contoso> 5 %", "tags": mark_safe("<i>a</i>")}, {"name": 7, "tags": ""}]

    drawn = engines["django"].from_string("{% load components %}" + markup).render({"rows": rows})

    assert drawn == (
        "<td title='100%' data-name='&lt;Contoso&gt; 5 %'><i>a</i>%s</td><td title='100%' data-name='7'>%s</td>"
    )


CELL = re.compile(r"<td\b[^>]*data-label[^>]*>(.*?)</td>", re.DOTALL)
TEMPLATE_TAG = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)


def test_a_cell_of_two_lines_is_one_element_so_that_both_stand_in_its_column_of_a_card():
    loose = [
        f"{path.relative_to(TEMPLATES)}: {' '.join(cell.split())[:80]}"
        for path in TEMPLATES.rglob("*.html")
        for cell in CELL.findall(path.read_text())
        if "detail-list__second" in cell and not TEMPLATE_TAG.sub("", cell).strip().startswith("<div")
    ]
    assert not loose, "Put these into a <div>:\n" + "\n".join(loose)
