import datetime
from html.parser import HTMLParser

import pytest
from django import forms

from portal.core.forms import DateInput, PortalRenderer, Toggle


class SampleForm(forms.Form):
    name = forms.CharField(label="Company name", help_text="As it stands on the invoice.")
    kind = forms.ChoiceField(choices=[("direct", "Direct"), ("provider", "Provider")], widget=forms.RadioSelect)
    starts_on = forms.DateField(widget=DateInput, required=False)
    mails = forms.BooleanField(widget=Toggle, required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        if self.cleaned_data.get("name") == "Contoso":
            raise forms.ValidationError("Contoso is taken.")


class Page(HTMLParser):
    """The elements of a page, with what a test asks about them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append({"tag": tag, **{name: value or "" for name, value in attrs}})

    def where(self, **wanted: str) -> list[dict[str, str]]:
        return [one for one in self.elements if all(one.get(name) == value for name, value in wanted.items())]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.elements if "id" in one]


@pytest.fixture(autouse=True)
def portal_renderer(settings):
    assert settings.FORM_RENDERER == "portal.core.forms.PortalRenderer"


def test_a_form_shows_labels_help_and_the_required_mark():
    page = Page(str(SampleForm()))

    assert page.where(tag="label", **{"for": "id_name"})
    assert page.where(tag="input", id="id_name")[0]["aria-describedby"] == "id_name_helptext"
    assert "id_name_helptext" in page.ids
    assert str(SampleForm()).count('class="field__required"') == 2  # name and kind


def test_errors_stand_at_their_field_and_the_summary_leads_there():
    page = Page(str(SampleForm({"name": "", "kind": "nobody"})))

    field = page.where(tag="input", id="id_name")[0]
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "id_name_helptext id_name_error"
    summary = page.where(role="alert")[0]
    assert summary["tabindex"] == "-1"
    assert "autofocus" in summary
    targets = [one["href"].lstrip("#") for one in page.where(tag="a")]
    assert targets == ["id_name", "id_kind_0"]
    assert set(targets) <= set(page.ids)


def test_an_error_of_the_whole_form_stands_in_the_summary():
    html = str(SampleForm({"name": "Contoso", "kind": "direct"}))

    assert "Contoso is taken." in html
    assert "One entry needs your attention" in html


def test_a_valid_or_untouched_form_has_no_summary():
    assert "error-summary" not in str(SampleForm())
    assert "error-summary" not in str(SampleForm({"name": "Fabrikam", "kind": "direct"}))


def test_ids_are_unique_and_input_is_kept():
    page = Page(str(SampleForm({"name": "", "kind": "provider", "mails": "on", "token": "x"})))

    assert len(page.ids) == len(set(page.ids))
    assert "checked" in page.where(value="provider")[0]
    assert page.where(type="hidden")[0]["value"] == "x"


def test_choices_form_one_group_with_a_legend():
    page = Page(str(SampleForm()))

    assert len(page.where(tag="fieldset")) == 1
    assert len(page.where(tag="legend")) == 1
    assert len(page.where(type="radio")) == 2


def test_a_date_is_written_as_the_browser_reads_it_in_every_language():
    field = Page(str(SampleForm(initial={"starts_on": datetime.date(2026, 11, 30)}))).where(id="id_starts_on")[0]

    assert field["type"] == "date"
    assert field["value"] == "2026-11-30"


def test_a_toggle_is_a_switch_and_keeps_its_own_attributes():
    assert 'role="switch"' in str(SampleForm()["mails"])
    assert 'data-x="1"' in Toggle(attrs={"data-x": "1"}).render("mails", True)


def test_the_renderer_finds_the_widgets_of_django():
    assert PortalRenderer().get_template("django/forms/widgets/input.html")
