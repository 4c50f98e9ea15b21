"""The ready message of a relationship request, in the customer's language (R1, section 4.3)."""

from django.template.loader import render_to_string
from django.utils import translation

from customers.rules import LINK_PLACEHOLDER


def default_message(
    *, partner_name: str, reseller_name: str, include_admin_rights: bool, language: str
) -> tuple[str, str]:
    """Return subject and text. The text holds LINK_PLACEHOLDER once, where the unique link goes."""
    context = {
        "partner_name": partner_name,
        "reseller_name": reseller_name,
        "include_admin_rights": include_admin_rights,
        "link": LINK_PLACEHOLDER,
    }
    with translation.override(language):
        subject = render_to_string("customers/invitation_message/subject.txt", context)
        text = render_to_string("customers/invitation_message/text.txt", context)
    return " ".join(subject.split()), text.strip() + "\n"
