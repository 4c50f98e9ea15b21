"""Tags: a new one, and which ones the chosen customers get or lose."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import TagChange
from customers.models import MAX_TAG_LENGTH


class TagForm(forms.Form):
    """The name of a new tag."""

    name = forms.CharField(
        label=_("New tag"),
        max_length=MAX_TAG_LENGTH,
        help_text=_("At most 50 characters, without comma and semicolon."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AssignTagsForm(forms.Form):
    """What happens to the tags of the chosen customers."""

    change = forms.ChoiceField(label=_("What to do"), choices=TagChange.choices, widget=forms.RadioSelect)
    tags = forms.MultipleChoiceField(label=_("Tags"), required=False, widget=forms.CheckboxSelectMultiple)
    name = forms.CharField(
        label=_("Another tag"),
        required=False,
        max_length=MAX_TAG_LENGTH,
        help_text=_("It is created and counts as checked. At most 50 characters, without comma and semicolon."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, known: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].choices = [(name, name) for name in known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        takes_something = values.get("tags") or values.get("name")
        if not takes_something and values.get("change") != TagChange.SET:
            self.add_error("tags", _("Check at least one tag, or name another one."))
        return values

    def names(self) -> list[str]:
        """Return all tags of a valid form."""
        values = self.cleaned_data
        return [*values["tags"], *([values["name"]] if values["name"] else [])]
