"""How the fields and subjects of events read: the log keeps language-free names, its readers have languages (P9).

A name that is missing here is shown as it stands in the log; ``tests/portal/audit/test_field_names.py`` finds it.
"""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Cloud, Role
from portal.core.countries import country_name

FIELD_NAMES = {
    # subjects
    "customer": _("Customer"),
    "customer-agreement": _("Customer agreement"),
    "customer-tag": _("Tag"),
    "customer-view": _("View of the customer list"),
    "e-mail": _("E-mail"),
    "import": _("Import"),
    "marketplace-offer": _("Marketplace offer"),
    "marketplace-publisher-call": _("Call to a publisher"),
    "marketplace-subscription": _("Marketplace subscription"),
    "organization": _("Organization"),
    "partner-agreement": _("Partner agreement"),
    "partnership": _("Partnership"),
    "relationship-request": _("Relationship request"),
    "subscription": _("Subscription"),
    "reseller-relationship": _("Reseller relationship"),
    "undelivered-mails": _("Undelivered mails"),
    "user": _("User"),
    "user-invitation": _("User invitation"),
    # fields
    "address": _("Address"),
    "administration rights": _("Administration rights"),
    "administrator": _("Administrator"),
    "agreed on": _("Agreed on"),
    "already here": _("Already here"),
    "agreement_signed_by": _("Agreement signed by"),
    "agreement_version": _("Agreement version"),
    "answer": _("Answer"),
    "auto-renew": _("Auto-renew"),
    "bill_to_address": _("Bill-to address"),
    "bill_to_email": _("Bill-to e-mail address"),
    "bill_to_first_name": _("Bill-to first name"),
    "bill_to_last_name": _("Bill-to last name"),
    "bill_to_name": _("Bill-to name"),
    "billing frequency": _("Billing frequency"),
    "browser": _("Browser"),
    "by": _("By"),
    "change": _("Change"),
    "changed": _("Changed"),
    "cloud": _("Cloud"),
    "contact": _("Contact"),
    "contact_email": _("Contact e-mail"),
    "contact_phone": _("Contact phone"),
    "count": _("Number"),
    "country": _("Country"),
    "domain": _("Domain"),
    "email": _("E-mail address"),
    "event_id": _("Event ID"),
    "event_type": _("Event type"),
    "expires": _("Expires"),
    "from": _("From"),
    "invitation_id": _("Invitation ID"),
    "items": _("Items"),
    "kind": _("Kind"),
    "kinds": _("Kinds"),
    "language": _("Language"),
    "mailbox": _("E-mail address"),
    "may_buy_reservations": _("May buy Azure reservations"),
    "may_buy_savings_plans": _("May buy Azure savings plans"),
    "method": _("Method"),
    "methods": _("Methods"),
    "name": _("Name"),
    "new": _("New"),
    "not imported": _("Not imported"),
    "note": _("Note"),
    "partner on record": _("Partner on record"),
    "partner ID": _("PartnerID"),
    "plan": _("Plan"),
    "product": _("Product"),
    "provider": _("Provider"),
    "quantity": _("Quantity"),
    "refund": _("Refund"),
    "term": _("Term"),
    "wish": _("Asked"),
    "qualification": _("Qualification"),
    "quantity": _("Quantity"),
    "reason": _("Reason"),
    "recipient": _("Recipient"),
    "recovery_codes_made": _("Recovery codes made"),
    "reseller": _("Reseller"),
    "roles": _("Roles"),
    "rows": _("Rows"),
    "sessions_ended": _("Sessions ended"),
    "shortcuts_enabled": _("Single-key shortcuts"),
    "status": _("Status"),
    "subject": _("Subject"),
    "switched_off": _("Switched off"),
    "system": _("Operating system"),
    "tags": _("Tags"),
    "version": _("Version"),
}


# Values that are codes, by the name of their field: how each reads. ValueError: not known, so it stands as it is.
VALUE_NAMES: dict[str, Callable[[str], str]] = {
    "cloud": lambda code: str(Cloud(code).label),
    "country": country_name,
    "language": lambda code: str(dict(settings.LANGUAGES).get(code, code)),
    "roles": lambda code: str(Role(code).label),
}
