"""How Django's forms look here: the renderer of ``{{ form }}`` and ``field.as_field_group``, and our widgets."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _


class PortalRenderer(TemplatesSetting):
    """Render forms and fields by our components (setting FORM_RENDERER)."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class DateInput(forms.DateInput):
    """The browser's date picker; its value is always ISO, whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class CsvField(forms.FileField):
    """A CSV file, plain or compressed, as ``portal.core.csv_files`` reads it."""

    def __init__(self, **kwargs: Any) -> None:
        file_input = forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.gz,text/csv,application/gzip"})
        super().__init__(label=_("CSV file"), widget=file_input, **kwargs)


class Toggle(forms.CheckboxInput):
    """A check box drawn as a switch, for settings that are on or off."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"role": "switch"} | (attrs or {}))
