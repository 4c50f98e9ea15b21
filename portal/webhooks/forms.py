"""Forms of webhooks: the address with its events, and the filters of its deliveries."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.webhooks import catalogue
from portal.webhooks.models import DeliveryStatus
from portal.webhooks.queries import DeliveryFilter

LONGEST_ADDRESS = 500
LONGEST_TEXT = 200


class WebhookForm(forms.Form):
    """Where notifications go, of which events, and in which header the original's signature stands."""

    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_ADDRESS,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "https://"}),
        help_text=_("A public https address of your program that takes POST requests with JSON."),
    )
    events = forms.MultipleChoiceField(label=_("Events"), error_messages={"required": _("Choose at least one event.")})
    uses_ms_signature_header = forms.BooleanField(
        label=_("Send the certificate signature as x-ms-signature"),
        required=False,
        help_text=_("Instead of Authorization, for receivers behind a gateway that uses that header itself."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["events"].choices = [(name, name) for name in catalogue.event_names()]  # type: ignore[attr-defined]


class DeliveryFilterForm(forms.Form):
    """The filters of the list of deliveries, as its address says them."""

    q = forms.CharField(required=False, label=_("ID"), max_length=LONGEST_TEXT)
    event = forms.CharField(required=False, label=_("Event"), max_length=60)
    state = forms.ChoiceField(required=False, label=_("State"), choices=DeliveryStatus.choices)
    to = forms.DateField(required=False, label=_("To"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.DateField(required=False, label=_("From"))  # no name for a class attribute

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("from") and values.get("to") and values["from"] > values["to"]:
            self.add_error("to", _("This day lies before the first day."))
        return values

    def wanted(self) -> DeliveryFilter:
        """Return the filters of a valid form."""
        values = self.cleaned_data
        first_day: datetime.date | None = values["from"]
        return DeliveryFilter(
            event_type=values["event"],
            status=values["state"],
            first_day=first_day,
            last_day=values["to"],
            text=values["q"].strip(),
        )
