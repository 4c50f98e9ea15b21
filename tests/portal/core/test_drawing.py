"""What is drawn once and kept is what the template would draw afresh, for everybody the own."""

import dataclasses
from datetime import UTC, datetime

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from portal.accounts.enums import Role
from portal.core import drawing
from portal.core.drawing import all_escaped, draw, draw_each, escaped, plain
from tests.factories import make_member, make_partner

SAMPLES = [
    ("breadcrumb", {}, {"content": mark_safe("<li>Here</li>")}),
    ("command_bar", {}, {"content": mark_safe("<b>x</b>"), "label": "All & more"}),
    ("command_bar", {}, {"content": "", "label": ""}),
    ("crumb", {}, {"label": "<Contoso> 100 %", "url": "/a?b=1&c=%20"}),
    ("crumb", {}, {"label": "Here", "url": ""}),
    ("detail_list", {}, {"content": mark_safe("<tr></tr>"), "caption": "Rows", "id": ""}),
    ("filter_bar", {}, {"content": "", "label": "Find", "action": "/x/", "target": "#x"}),
    ("key_value", {}, {"content": mark_safe("<i>1</i>"), "label": "Name"}),
    ("menu", {"icon_name": "export", "align": "end"}, {"content": "x", "id": "m", "label": "Export"}),
    ("message_bar", {"tone": "error", "dismissible": True, "alert": False}, {"content": "No", "id": "m"}),
    ("page_heading", {}, {"first": "One", "second": ""}),
    ("row_menu", {}, {"content": "", "id": "m", "label": "More"}),
]


@pytest.mark.parametrize(("name", "values", "texts"), SAMPLES)
def test_what_is_kept_is_what_the_template_draws(name, values, texts):
    template = f"components/{name}.html"
    afresh = render_to_string(template, {**values, **texts})

    assert draw(template, values, texts=texts) == afresh
    assert draw(template, values, texts=texts) == afresh


def test_texts_are_put_in_each_time_and_escaped():
    first = draw("components/key_value.html", {}, texts={"label": "One", "content": "<b>"})
    second = draw("components/key_value.html", {}, texts={"label": "%(label)s", "content": mark_safe("<b>")})

    assert first.count("&lt;b&gt;") == first.count("One") == 1
    assert second.count("<b>") == second.count("%(label)s") == 1
    assert "One" not in second


def test_each_row_is_what_the_template_draws_of_it():
    rows = [
        {"url": "/a?b=1&c=%20", "label": "<Contoso> 100 %"},
        {"url": "", "label": "%(url)s"},
        {"url": "/b", "label": mark_safe("<b>x</b>")},
    ]
    afresh = "".join(render_to_string("components/crumb.html", row) for row in rows)

    assert draw_each("components/crumb.html", rows, {}) == afresh
    assert draw_each("components/crumb.html", rows, {}) == afresh
    assert draw_each("components/crumb.html", [], {}) == ""
    with pytest.raises(TypeError, match="cannot be kept"):
        draw_each("components/crumb.html", rows, {"shown": object()})


def test_many_values_are_escaped_as_one_is():
    values = ["<a>", mark_safe("<b>"), "", 7, "it's", None, gettext_lazy("On"), "x & y"]

    assert all_escaped(values) == [str(escaped(value)) for value in values]
    assert all_escaped([*values, "\x00<"])[-1] == "\x00&lt;"
    assert all_escaped([]) == []


def test_markup_is_never_taken_for_text_of_the_same_letters():
    bold = mark_safe("<b>x</b>")

    assert "<b>x</b>" in draw("components/page_lead.html", {"text": bold})
    assert "&lt;b&gt;x&lt;/b&gt;" in draw("components/page_lead.html", {"text": "<b>x</b>"})
    assert "&lt;b&gt;x&lt;/b&gt;" in draw("components/tags.html", {"tags": ["<b>x</b>"], "limit": 2})
    assert "<b>x</b>" in draw("components/tags.html", {"tags": [bold], "limit": 2})


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ("1", 1), (None, ""), ([1], [1, 1]), ({"a": 1}, [])])
def test_values_that_draw_differently_are_told_apart(one, other):
    assert plain(one) != plain(other)


def test_each_language_has_its_own():
    english = draw("components/select_all.html", {})
    with override("fr"):
        assert draw("components/select_all.html", {}) == render_to_string("components/select_all.html", {})
    assert draw("components/select_all.html", {}) == english


@pytest.mark.django_db
def test_what_may_change_is_not_kept():
    member = make_member()
    with pytest.raises(TypeError, match="cannot be kept"):
        draw("components/page_lead.html", {"text": member})
    with pytest.raises(TypeError, match="cannot be kept"):
        draw("components/page_lead.html", {"text": [object()]})


def test_values_are_read_when_they_are_drawn():
    @dataclasses.dataclass
    class Row:
        label: str

    row, tags = Row("One"), ["a"]
    before = plain(row), plain(tags), plain(datetime(2026, 1, 1, tzinfo=UTC))
    row.label, tags[0] = "Two", "b"

    assert (plain(row), plain(tags)) != before[:2]


def test_no_more_is_kept_than_the_limit(monkeypatch):
    monkeypatch.setattr(drawing, "LIMIT", len(drawing._kept) + 2)
    for number in range(10):
        draw("components/page_lead.html", {"text": f"lead {number}"})

    assert len(drawing._kept) <= drawing.LIMIT


def test_a_kept_form_carries_the_token_of_its_request():
    markup = (
        "{% load components %}{% kept 'shell/_person.html' csrf_token=csrf_token menus=menus memberships=members %}"
    )
    template = Template(markup)
    values = {"menus": {"actor": {"name": "A", "initials": "A", "email": "a"}}, "members": []}

    one = template.render(Context({"csrf_token": "token-one", **values}))
    two = template.render(Context({"csrf_token": "token-two", **values}))

    assert one.count('value="token-one"') == two.count('value="token-two"') == 1
    assert one.replace("token-one", "token-two") == two


@pytest.mark.django_db
def test_the_menus_of_the_frame_follow_a_change_of_role_and_of_language_at_once(client_for):
    member = make_member(make_partner(), Role.SALES_AGENT)
    client, users = client_for(member), f'href="{reverse("accounts:users")}"'
    assert users not in client.get(reverse("accounts:settings")).content.decode()

    member.roles = [str(Role.ACCOUNT_ADMIN)]
    member.save()
    member.user.language = "fr"
    member.user.save()
    page = client.get(reverse("accounts:settings")).content.decode()

    assert users in page
    assert 'lang="fr"' in page
