"""Forms of the source's answer: why it declines, and what the sandbox is to do with an item."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from transfers.enums import FaultMode

LONGEST_REASON = 1000
OWN_WORDS = "own-words"
# Common reasons, so that a word or two need not be typed; the target reads the sentence.
COMMON_REASONS = {
    "not-agreed": gettext_lazy("The customer has not told us that it wants to change its partner."),
    "open-invoices": gettext_lazy("Invoices of the customer are still open."),
    "other-items": gettext_lazy("We agreed on other items: please send a request that lists them."),
    "wrong-time": gettext_lazy("Not at this time: please ask again after the renewal of the subscriptions."),
    "unknown-partner": gettext_lazy("The customer does not know your company."),
}


class DeclineForm(forms.Form):
    """A common reason, own words, or both."""

    common = forms.ChoiceField(label=gettext_lazy("Reason"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("In your own words"),
        required=False,
        max_length=LONGEST_REASON - 200,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("The new partner reads this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["common"].choices = [*COMMON_REASONS.items(), (OWN_WORDS, _("Another reason"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("common") == OWN_WORDS and not data.get("text"):
            self.add_error("text", _("Say in a few words why you decline."))
        return data

    @property
    def reason(self) -> str:
        """What the target reads, in the words of who declines."""
        common = COMMON_REASONS.get(self.cleaned_data["common"], "")
        return " ".join(part for part in (str(common), self.cleaned_data["text"]) if part)


class FaultForm(forms.Form):
    """What the sandbox is to do with one of the items of a review."""

    subscription = forms.TypedChoiceField(label=gettext_lazy("Item"))
    mode = forms.ChoiceField(label=gettext_lazy("When it moves"), required=False)
    amount = forms.IntegerField(
        label=gettext_lazy("Times or seconds"), min_value=1, max_value=259_200, initial=1, required=False
    )

    def __init__(self, *args: Any, items: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subscription"].choices = items  # type: ignore[attr-defined]
        self.fields["mode"].choices = [*FaultMode.choices, ("", _("Move it as usual"))]  # type: ignore[attr-defined]
