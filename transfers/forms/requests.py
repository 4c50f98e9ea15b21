"""A new request, as the target writes it (reference 6.4.2)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import PartnerLocation
from transfers import rules
from transfers.enums import ProductType
from transfers.models import MAX_WISHES
from transfers.queries.requests import PARTNER_IDS_OFFERED, Sender
from transfers.workflow import Request

LONGEST_WISH = 200


class RequestForm(forms.Form):
    """Whom is asked, for which customer, for what. The list of agreed items is one text, an item per line."""

    customer_name = forms.CharField(label=_("Customer name"), max_length=200)
    customer_email = forms.EmailField(
        label=_("E-mail address of the customer"), help_text=_("The mails about this transfer to the customer go here.")
    )
    customer_language = forms.ChoiceField(label=_("Language of these mails"), choices=settings.LANGUAGES)
    source_partner_name = forms.CharField(label=_("Name of the current partner"), max_length=200)
    source_tenant_id = forms.UUIDField(
        label=_("Microsoft ID of the current partner"),
        help_text=_("Also called tenant ID. The current partner finds it under Settings, Identifiers."),
        error_messages={"invalid": _("A Microsoft ID looks like 00000000-0000-0000-0000-000000000000.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    partner_on_record = forms.CharField(
        label=_("PartnerID of the reseller"),
        max_length=12,
        help_text=_("It becomes the partner on record of everything that moves."),
    )
    product_types = forms.MultipleChoiceField(
        label=_("Kinds of items"),
        choices=ProductType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen asks for all kinds."),
    )
    wishes = forms.CharField(
        label=_("Agreed items"),
        required=False,
        max_length=MAX_WISHES * (LONGEST_WISH + 2),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One item per line. The current partner sees the list beside its own choice."),
    )
    note = forms.CharField(
        label=_("Note to the current partner"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, sender: Sender, partner_ids: Sequence[PartnerLocation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender = sender
        if not sender.names_reseller:
            del self.fields["partner_on_record"]
        elif len(partner_ids) <= PARTNER_IDS_OFFERED:
            names = [(one.partner_id_number, f"{one.partner.organization.name} – {one}") for one in partner_ids]
            choices = names if len(names) == 1 else [("", str(_("Choose one"))), *names]
            self.fields["partner_on_record"].widget = forms.Select(choices=choices)
            self.fields["partner_on_record"].widget.is_required = True

    def clean_wishes(self) -> list[str]:
        """Return the lines that say something, each short enough to be kept."""
        lines = [line.strip() for line in self.cleaned_data["wishes"].splitlines()]
        wishes = [line for line in lines if line]
        if len(wishes) > MAX_WISHES:
            count = {"count": len(wishes), "limit": MAX_WISHES}
            raise forms.ValidationError(_now("These are %(count)s lines; at most %(limit)s are possible.") % count)
        for number, line in enumerate(lines, start=1):
            if len(line) > LONGEST_WISH:
                facts = {"number": number, "limit": LONGEST_WISH}
                raise forms.ValidationError(_now("Line %(number)s has more than %(limit)s characters.") % facts)
        return wishes

    def wanted(self) -> rules.Wanted:
        """Return what is filled in so far as the checklist reads it; call it on a form that was validated."""
        values = self.cleaned_data if self.is_bound else self.initial
        wishes = values.get("wishes") or ()
        return rules.Wanted(
            customer=self.sender.relationship.customer,
            target=self.sender.target,
            source_tenant_id=values.get("source_tenant_id"),
            partner_on_record=values.get("partner_on_record", ""),
            product_types=frozenset(values.get("product_types", ())),
            wishes=tuple(wishes.splitlines() if isinstance(wishes, str) else wishes),
        )

    def request(self) -> Request:
        """Return what a valid form asks for."""
        return Request(customer_id=self.sender.relationship.customer_id, **self.cleaned_data)


class ConfirmForm(forms.Form):
    """The answer to the question before sending: ``token`` is the id of the request to be, so it is made once."""

    token = forms.UUIDField()

    @property
    def transfer_id(self) -> UUID:
        token: UUID = self.cleaned_data["token"]
        return token
