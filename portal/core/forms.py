"""How Django's forms look here: the renderer of ``{{ form }}`` and ``field.as_field_group``, and our widgets."""

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Render forms and fields by our components (setting FORM_RENDERER)."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class DateInput(forms.DateInput):
    """The browser's date picker; its value is always ISO, whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class Toggle(forms.CheckboxInput):
    """A check box drawn as a switch, for settings that are on or off."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"role": "switch"} | (attrs or {}))
