"""The filters of the activity log, as they stand in its address."""

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.audit import catalogue
from portal.audit.models import Outcome
from portal.audit.queries import LogFilter

DEFAULT_DAYS = 30
LONGEST_TEXT = 200


class ActivityLogForm(forms.Form):
    """Read the filters. Unless a first day is given, or the whole history is asked for, the last 30 days are shown."""

    to = forms.DateField(required=False, label=_("To"))
    action = forms.ChoiceField(required=False, label=_("Action"))
    customer = forms.CharField(required=False, label=_("Customer"), max_length=LONGEST_TEXT)
    person = forms.CharField(required=False, label=_("Performed by"), max_length=LONGEST_TEXT)
    outcome = forms.ChoiceField(required=False, label=_("Outcome"), choices=Outcome.choices)
    id = forms.CharField(required=False, label=_("Any ID"), max_length=LONGEST_TEXT)
    history = forms.ChoiceField(required=False, choices=[("all", "all")])

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["from"] = forms.DateField(required=False, label=_("From"))  # no name for a class attribute
        self.fields["action"].choices = catalogue.choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("from") and values.get("to") and values["from"] > values["to"]:
            self.add_error("to", _("This day lies before the first day."))
        return values

    def wanted(self) -> LogFilter:
        """Return the filters of a valid form. An id is looked for in the whole history, whatever the days say."""
        values = self.cleaned_data
        first_day, last_day = (None, None) if values["id"] else (self._first_day(), values["to"])
        return LogFilter(
            first_day=first_day,
            last_day=last_day,
            action=values["action"],
            customer=values["customer"],
            person=values["person"],
            outcome=values["outcome"],
            reference=values["id"],
        )

    def _first_day(self) -> datetime.date | None:
        """Return the first day asked for; a field sent empty is a wish as well: no first day."""
        asked = "from" in self.data or self.cleaned_data["history"]
        day: datetime.date | None = self.cleaned_data["from"]
        return day if asked else self.today - datetime.timedelta(days=DEFAULT_DAYS)
