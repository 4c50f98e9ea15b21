"""An included component is what the template draws, whatever it is given, and its own for everybody."""

import datetime
import uuid

import pytest
from django.template import Context, Engine, Template
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from portal.core import drawing
from portal.core.templatetags.includes import TEXTS

MOMENT = datetime.datetime(2026, 11, 21, 9, 30, tzinfo=datetime.UTC)
OPTIONS = [{"value": "", "label": gettext_lazy("All")}, {"value": "a&b", "label": "A & B"}]
SAMPLES = {
    "command": [
        {"label": "<Add> 5 %", "icon_name": "add", "url": "/x/?a=1&b=2", "overlay": True},
        {"label": gettext_lazy("Export"), "icon_name": "export", "id": "export", "reason": "Your role <no>", "url": ""},
        {
            "label": mark_safe("<b>Go</b>"),
            "icon_name": "send",
            "name": "to",
            "value": "on",
            "form": "f",
            "needs": "some",
        },
        {"label": "Save", "icon_name": "send", "formaction": "/save/"},
    ],
    "copy_id": [{"value": uuid.UUID(int=7), "label": "Copy"}, {"value": "<id>", "label": ""}],
    "empty_state": [
        {"title": "Nothing", "text": "", "icon_name": "filter", "action_label": "Go", "action_url": "/"},
        {},
    ],
    "filter_field": [{"id": "f", "name": "f", "label": "State", "options": OPTIONS, "value": "a&b"}],
    "list_search": [{"id": "q", "label": "Find", "value": 'a"b', "placeholder": "Name"}, {"id": "q", "name": "text"}],
    "page_heading": [{"first": "Contoso & Co", "second": ""}, {"first": "A", "second": gettext_lazy("Account")}],
    "page_lead": [{"text": "Lead", "learn_more_url": "/help/"}, {"text": "{name} %(x)s"}],
    "pager": [
        {"previous_url": "", "next_url": "/?cursor=a&b=c", "range": "1–50", "target": "#list"},
        {"label": "Pages"},
    ],
    "sort_header": [{"label": "Name", "url": "/?sort=-name", "direction": "descending", "target": "#list"}],
    "status": [{"tone": "success", "label": "Active"}, {"tone": "neutral", "label": "Ended", "icon_name": "pause"}],
    "timestamp": [{"at": MOMENT}, {"at": MOMENT, "day": True}, {"at": MOMENT, "long": True}, {"at": None}],
}


def included(name, values):
    given = " ".join(f"{key}={key}" for key in values)
    tag = f'{{% include "components/{name}.html" {"with " + given if given else ""} only %}}'
    return Template(tag).render(Context({**values, "label_of_the_page": "not given"}))


@pytest.mark.parametrize("name", [path.removeprefix("components/").removesuffix(".html") for path in TEXTS])
def test_an_included_component_is_what_its_template_draws(name):
    for values in SAMPLES[name]:
        afresh = render_to_string(f"components/{name}.html", values)
        assert included(name, values) == included(name, values) == afresh
        with override("fr"):
            assert included(name, values) == render_to_string(f"components/{name}.html", values)


@pytest.mark.parametrize("label", [None, 0, 7, 1234.5, "", object()])
def test_what_is_no_text_is_included_as_django_does(label):
    values = {"tone": "success", "label": label}
    assert included("status", values) == render_to_string("components/status.html", values)


def test_what_may_change_is_included_as_django_does():
    class Option:
        value, label = "a", "One"

    option = Option()
    values = {"id": "f", "name": "f", "label": "State", "options": [option], "value": "a"}
    assert "One" in included("filter_field", values)
    option.label = "Two"
    assert "Two" in included("filter_field", values)


def test_a_component_is_drawn_once_for_all_its_texts():
    included("status", {"tone": "warning", "label": "First"})
    before = len(drawing._kept)
    assert "Second" in included("status", {"tone": "warning", "label": "Second"})
    assert len(drawing._kept) == before


FRAME = "<p>{% block one %}1{% block two %}2{% endblock %}{% endblock %}{% block three %}3{% endblock %}</p>"
MIDDLE = '{% extends "frame" %}{% block one %}[{{ block.super }}]{% endblock %}{% block three %}{% endblock %}'
PAGE = '{% extends "middle" %}{% block two %}<{{ block.super }}>{% endblock %}{% block three %}c{% endblock %}'


def test_a_page_extends_as_django_does_each_time_it_is_drawn():
    loaders = [("django.template.loaders.locmem.Loader", {"frame": FRAME, "middle": MIDDLE, "page": PAGE})]
    ours = Engine(loaders=loaders, builtins=["portal.core.templatetags.includes"])

    for name in ("page", "middle", "frame", "page"):
        expected = Engine(loaders=loaders).get_template(name).render(Context())
        template = ours.get_template(name)
        assert template.render(Context()) == template.render(Context()) == expected


def test_a_page_may_be_told_what_it_extends():
    loaders = [("django.template.loaders.locmem.Loader", {"frame": FRAME})]
    engine = Engine(loaders=loaders, builtins=["portal.core.templatetags.includes"])
    template = engine.from_string("{% extends frame %}{% block three %}{{ name }}{% endblock %}")

    drawn = [template.render(Context({"frame": engine.from_string(text), "name": text[0]})) for text in (FRAME, "x")]

    assert drawn == ["<p>12&lt;</p>", "x"]
