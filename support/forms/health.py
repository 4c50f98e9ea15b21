"""What the operator writes about the health of a service."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from support.enums import IncidentKind, IncidentStatus, ServiceProduct
from support.workflow import NewIncident

LONGEST_TEXT = 4_000


class MomentInput(forms.DateTimeInput):
    """The browser's picker of a day and a time, in the time of the server (UTC)."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class IncidentForm(forms.Form):
    """Something that is wrong, or work that is planned."""

    incident_id = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Kind"), choices=IncidentKind.choices, widget=forms.RadioSelect)
    product = forms.ChoiceField(label=_("Product"), choices=ServiceProduct.choices)
    title = forms.CharField(label=_("Title"), max_length=200)
    starts_at = forms.DateTimeField(label=_("Begins at (UTC)"), widget=MomentInput())
    text = forms.CharField(
        label=_("What partners should know"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Whom it hinders, what works all the same, and when you write again."),
    )

    def new_incident(self) -> NewIncident:
        """Return it as the workflow takes it."""
        values: dict[str, Any] = self.cleaned_data
        starts_at: datetime.datetime = values["starts_at"]
        return NewIncident(
            kind=IncidentKind(values["kind"]),
            product=values["product"],
            title=values["title"],
            text=values["text"],
            starts_at=starts_at,
        )


class UpdateForm(forms.Form):
    """What is known now."""

    status = forms.ChoiceField(label=_("Status"))
    text = forms.CharField(
        label=_("What partners should know"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6})
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_other = IncidentStatus.ANNOUNCED if kind == IncidentKind.INCIDENT else IncidentStatus.INVESTIGATING
        choices = [choice for choice in IncidentStatus.choices if choice[0] != of_other]
        self.fields["status"].choices = choices  # type: ignore[attr-defined]
