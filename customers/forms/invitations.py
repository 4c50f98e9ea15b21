"""A relationship request: whom, for what, in which words."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.fields import DOMAIN
from portal.accounts.enums import Cloud
from portal.accounts.models import Partner


class RequestForm(forms.Form):
    """The terms of a request. The cloud is the partner's own; US Government always includes the rights (R6)."""

    customer_label = forms.CharField(
        label=_("Customer"),
        max_length=200,
        help_text=_("How this request is called in your list until the customer answers."),
    )
    counterpart = forms.ChoiceField(label=_("Indirect reseller"))
    language = forms.ChoiceField(label=_("Language of the message"), choices=settings.LANGUAGES)
    recipient_email = forms.EmailField(
        label=_("E-mail address of the customer"),
        required=False,
        help_text=_("Needed to send the message from here. Leave it empty to copy the message into your own mail."),
    )
    expected_tenant_id = forms.UUIDField(
        label=_("Microsoft ID of the customer"),
        required=False,
        help_text=_("If you know it: then no other organization can answer."),
        error_messages={"invalid": _("A Microsoft ID looks like 00000000-0000-0000-0000-000000000000.")},
    )
    expected_domain = forms.CharField(
        label=_("Domain of the customer"),
        required=False,
        max_length=253,
        validators=[DOMAIN],
        help_text=_("Instead of the Microsoft ID."),
    )
    include_admin_rights = forms.BooleanField(
        label=_("Ask for administration rights as well"),
        required=False,
        help_text=_("Not needed to manage only the Azure subscriptions that you provision yourself."),
    )

    def __init__(self, *args: Any, cloud: str, counterparts: list[Partner], label: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if counterparts:
            names = [(str(partner.pk), partner.organization.name) for partner in counterparts]
            self.fields["counterpart"].choices = names if len(names) == 1 else [("", str(_("Choose one"))), *names]  # type: ignore[attr-defined]
            self.fields["counterpart"].label = label
        else:
            del self.fields["counterpart"]
        self.cloud = cloud
        if cloud == Cloud.US_GOVERNMENT:  # leaving the rights out is not offered there
            del self.fields["include_admin_rights"]

    def clean_expected_domain(self) -> str:
        domain: str = self.cleaned_data["expected_domain"]
        return domain.strip().lower()

    @property
    def includes_admin_rights(self) -> bool:
        return self.cloud == Cloud.US_GOVERNMENT or bool(self.cleaned_data["include_admin_rights"])

    @property
    def counterpart_id(self) -> UUID | None:
        chosen = self.cleaned_data.get("counterpart")
        return UUID(chosen) if chosen else None


class MessageForm(forms.Form):
    """The words of a request, with the unique link in its place."""

    recipient_email = forms.EmailField(label=_("To"))
    subject = forms.CharField(label=_("Subject"), max_length=300)
    text = forms.CharField(
        label=_("Message"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("Change the words as you like; the unique link must stay in."),
    )
