"""What a row of a file to import must say, and the sentence for each way in which it does not (R12, decision 0021).

A reason is a code, because a row is judged once and read by people of several languages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.enums import ProductFamily, RelationshipKind, SubscriptionStatus
from customers.markets import MARKETS
from customers.models import MAX_TAGS
from customers.rules.notes import TAG_SEPARATORS, clean_tag
from portal.accounts.enums import OrganizationKind
from portal.core.countries import country_name
from portal.core.csv_files import EXTRA, in_every_language, words
from portal.core.errors import InvalidInput

LONGEST_NAME = 200
MOST_LICENSES = 2_147_483_647
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
_QUANTITY = re.compile(r"([0-9]{1,3}(?:[ .,'\u00a0\u202f][0-9]{3})+|[0-9]+)(?:\s+\D*)?")
_PARTNER_ID = re.compile(r"[0-9]{5,12}")
SHOWN = 80  # letters of a wrong cell that a sentence repeats

# The kind of relationship each kind of partner has with its customers. A reseller imports nothing.
KINDS = {
    OrganizationKind.DIRECT_BILL: RelationshipKind.DIRECT,
    OrganizationKind.INDIRECT_PROVIDER: RelationshipKind.PROVIDER,
}
_EXPORT_AGAIN = _("Export the list again, or fill the cell.")
_REQUEST = _("Request a relationship: the customer accepts it, and then stands in your list.")

# Code of a reason -> what is wrong, and what to do next.
REASONS: dict[str, tuple[str | Promise, str | Promise]] = {
    "torn": (
        _("The row has more cells than the first line has columns; left over: “%(text)s”."),
        _("Put a cell that holds the separator into quotation marks."),
    ),
    "id-missing": (_("The cell for the ID is empty."), _EXPORT_AGAIN),
    "id-invalid": (_("“%(text)s” is no ID."), _("An ID has 32 digits and letters from a to f, in five groups.")),
    "name-missing": (_("There is no name."), _EXPORT_AGAIN),
    "name-too-long": (_("The name has more than 200 characters: “%(text)s…”"), _("Shorten it.")),
    "domain-missing": (_("There is no domain."), _EXPORT_AGAIN),
    "domain-invalid": (_("“%(text)s” is no domain."), _("A domain looks like contoso.example.")),
    "relationship-unknown": (
        _("“%(text)s” is no relationship that can be imported."),
        _("Import customers whose relationship is Cloud Reseller; advisors have no customers here."),
    ),
    "relationship-other": (
        _("“%(text)s” is not what your company is to its customers."),
        _("Import this row as the partner that it belongs to."),
    ),
    "tag-invalid": (_("“%(text)s” cannot be a tag."), _("A tag has at most 50 characters.")),
    "tags-of-customer": (_("The customer would have more than 150 tags."), _("Leave some of them out.")),
    "tags-of-partner": (
        _("Your company would have more than 500 tags, with “%(text)s” as a new one."),
        _("Leave some of them out, or delete tags that no customer has."),
    ),
    "country-unknown": (_("“%(text)s” is no country."), _("Write its name or its code of two letters, such as FR.")),
    "country-outside": (
        _("“%(text)s” is outside the market of your company."),
        _("A partner located in that market can sell there. Check the country of the customer's tenant."),
    ),
    "reseller-missing": (
        _("No indirect reseller is named."),
        _("Choose one for the whole file, or add a column Reseller ID."),
    ),
    "reseller-parted": (
        _("The partnership with the indirect reseller chosen for the file has ended."),
        _("Choose another reseller, or add a column Reseller ID."),
    ),
    "reseller-unknown": (
        _("“%(text)s” is not the PartnerID of a reseller with which your company has an active partnership."),
        _("Check the number, or request the partnership first."),
    ),
    "own-organization": (_("This is the Microsoft ID of your own company."), _("Leave the row out.")),
    "duplicate": (_("Row %(row)s has the same ID."), _("Keep one of the two rows.")),
    "domain-in-file": (
        _("Row %(row)s has the same domain."),
        _("A domain belongs to one tenant. Correct one of the two."),
    ),
    "known-elsewhere": (
        _("An organization with this Microsoft ID is here already and is not your customer."),
        _REQUEST,
    ),
    "domain-taken": (
        _("The domain %(text)s belongs to an organization that is here already under another Microsoft ID."),
        _REQUEST,
    ),
    "quantity-invalid": (_("“%(text)s” is no quantity."), _("Write a whole number, at least 1.")),
    "status-unknown": (
        _("“%(text)s” is no state of a subscription."),
        _("Write Active, Suspended, Expired or the like."),
    ),
    "status-transferred": (
        _("This subscription was transferred, and goes on under another ID."),
        _("Leave the row out."),
    ),
    "family-unknown": (_("“%(text)s” is no product family."), _("Write License-based, Azure plan or the like.")),
    "other-customer": (
        _("The row names another customer than the one for which you import."),
        _("Import it on the pages of that customer."),
    ),
    "not-your-customer": (_("None of your customers has the Microsoft ID %(text)s."), _REQUEST),
    "subscription-elsewhere": (
        _("This subscription is here already and is not billed to your company for this customer."),
        _("If it is to be billed to you, request a transfer."),
    ),
    "subscription-managed": (
        _("This subscription was bought or transferred here; a file cannot change it."),
        _("Change it on the customer's Subscriptions page."),
    ),
    "not-stored": (
        _("This row could not be stored: something else changed at the same moment."),
        _("Import it again."),
    ),
    # Of rows that are not wrong.
    "keeps-name": (_("Here it is called %(text)s: an import does not rename an organization."), ""),
}  # fmt: skip


class WrongRow(ValueError):
    """The row cannot be imported. ``reason`` is one of REASONS."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = {name: str(value)[:SHOWN] for name, value in facts.items()}


def sentences(reason: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """Return what is wrong with a row and what to do next, in the reader's language."""
    what, next_step = REASONS.get(reason, ("", ""))
    return str(what) % facts if "%(" in str(what) else str(what), str(next_step)


@dataclass(frozen=True)
class CustomerRow:
    """A customer as a file tells it; an empty country or reseller is that of the whole file."""

    tenant_id: UUID
    name: str
    domain: str
    tags: tuple[str, ...]
    country: str
    reseller_number: str


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription as a file tells it."""

    subscription_id: UUID
    tenant_id: UUID | None
    name: str
    quantity: int
    is_usage_based: bool
    status: SubscriptionStatus
    renews: bool
    family: ProductFamily | None
    reseller_number: str


def read_customer(values: Mapping[str, str], *, kind: RelationshipKind) -> CustomerRow:
    """Read a row of customers for a partner of this kind. Raises: WrongRow."""
    _check_whole(values)
    row = CustomerRow(
        tenant_id=_id(values.get("tenant_id", "")),
        name=_name(values.get("name", "")),
        domain=_domain(values.get("domain", "")),
        tags=_tags(values.get("tags", "")),
        country=_country(values.get("country", "")),
        reseller_number=_partner_id(values.get("reseller", "")) if kind == RelationshipKind.PROVIDER else "",
    )
    _check_relationship(values.get("relationship", ""), kind)
    return row


def read_subscription(values: Mapping[str, str]) -> SubscriptionRow:
    """Read a row of subscriptions. Raises: WrongRow."""
    _check_whole(values)
    quantity = values.get("quantity", "")
    is_usage_based = words(quantity) in _usage_words()
    status, renews = _status(values.get("status", ""))
    return SubscriptionRow(
        subscription_id=_id(values.get("subscription_id", "")),
        tenant_id=_id(values["tenant_id"]) if values.get("tenant_id") else None,
        name=_name(values.get("name", "")),
        quantity=1 if is_usage_based else _quantity(quantity),
        is_usage_based=is_usage_based,
        status=status,
        renews=renews,
        family=_family(values.get("family", "")),
        reseller_number=_partner_id(values.get("reseller", "")),
    )


def as_key(text: str) -> UUID | None:
    """Return the ID in a cell, or ``None`` if there is no usable one."""
    try:
        return _id(text)
    except WrongRow:
        return None


def as_domain(text: str) -> str:
    """Return the domain in a cell as it is stored, or nothing if there is no usable one."""
    try:
        return _domain(text)
    except WrongRow:
        return ""


# --- one cell --------------------------------------------------------------------------------------------------------
def _check_whole(values: Mapping[str, str]) -> None:
    if values.get(EXTRA):
        raise WrongRow("torn", text=values[EXTRA])


def _id(text: str) -> UUID:
    if not text:
        raise WrongRow("id-missing")
    try:
        return UUID(text)
    except ValueError as error:
        raise WrongRow("id-invalid", text=text) from error


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise WrongRow("name-missing")
    if len(name) > LONGEST_NAME:
        raise WrongRow("name-too-long", text=name)
    return name


def _domain(text: str) -> str:
    if not text:
        raise WrongRow("domain-missing")
    domain = text.lower().rstrip(".")
    if not domain.isascii():
        try:
            domain = domain[:253].encode("idna").decode()
        except UnicodeError as error:
            raise WrongRow("domain-invalid", text=text) from error
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        raise WrongRow("domain-invalid", text=text)
    return domain


def _tags(text: str) -> tuple[str, ...]:
    """Return the words between the separators, each once whatever its case, as the first is spelled."""
    found: dict[str, str] = {}
    for part in re.split(f"[{re.escape(''.join(TAG_SEPARATORS))}]", text):
        if not part.strip():
            continue
        try:
            tag = clean_tag(part)
        except InvalidInput as error:
            raise WrongRow("tag-invalid", text=part.strip()) from error
        found.setdefault(tag.lower(), tag)
    if len(found) > MAX_TAGS:
        raise WrongRow("tags-of-customer")
    return tuple(found.values())


def _check_relationship(text: str, own: RelationshipKind) -> None:
    """The original writes "Cloud Reseller" for every kind; our export names the kind. An empty cell says nothing."""
    if not text:
        return
    told = _relationship_words().get(words(text))
    if told is None:
        raise WrongRow("relationship-unknown", text=text)
    if told not in (own, RelationshipKind.DIRECT):
        raise WrongRow("relationship-other", text=text)


def _country(text: str) -> str:
    if not text:
        return ""
    code = _countries().get(words(text))
    if code is None:
        raise WrongRow("country-unknown", text=text)
    return code


def _partner_id(text: str) -> str:
    if text and not _PARTNER_ID.fullmatch(text):
        raise WrongRow("reseller-unknown", text=text)
    return text


def _quantity(text: str) -> int:
    """Read "25", "1,250" and "25 Licenses"."""
    found = _QUANTITY.fullmatch(text)
    number = int(re.sub(r"\D", "", found[1])) if found else 0
    if not 1 <= number <= MOST_LICENSES:
        raise WrongRow("quantity-invalid", text=text)
    return number


def _status(text: str) -> tuple[SubscriptionStatus, bool]:
    """Read a state, also as the original words an active one: "Auto renews on {date}", "Expires on {date}"."""
    told = words(text)
    status = _status_words().get(told)
    if status is None:
        renews = any(told.startswith(start) for start in _beginnings("Auto renews on %(date)s"))
        if not renews and not any(told.startswith(start) for start in _beginnings("Expires on %(date)s")):
            raise WrongRow("status-unknown", text=text)
        return SubscriptionStatus.ACTIVE, renews
    return status, False


def _family(text: str) -> ProductFamily | None:
    if not text:
        return None
    family = _words_of(ProductFamily).get(words(text))
    if family is None:
        raise WrongRow("family-unknown", text=text)
    return ProductFamily(family)


# --- words that files use, in each language of the portal ------------------------------------------------------------
@cache
def _words_of(choices: type[RelationshipKind] | type[SubscriptionStatus] | type[ProductFamily]) -> dict[str, str]:
    found = {words(choice.value): choice.value for choice in choices}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            found |= {words(str(choice.label)): choice.value for choice in choices}
    return found


@cache
def _relationship_words() -> dict[str, RelationshipKind]:
    synonyms = dict.fromkeys(("reseller", "cspreseller", "csp"), RelationshipKind.DIRECT)
    return {word: RelationshipKind(kind) for word, kind in (_words_of(RelationshipKind) | synonyms).items()}


@cache
def _status_words() -> dict[str, SubscriptionStatus]:
    synonyms = {
        "cancelled": SubscriptionStatus.DELETED,
        "canceled": SubscriptionStatus.DELETED,
    }
    return {word: SubscriptionStatus(status) for word, status in (_words_of(SubscriptionStatus) | synonyms).items()}


@cache
def _usage_words() -> set[str]:
    return {"", *in_every_language("Usage-based"), "usage"}


@cache
def _beginnings(text: str) -> set[str]:
    """Return what comes before the value in a text of ours, in each language."""
    found = set()
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            found.add(words(translation.gettext(text).partition("%(")[0]))
    return found - {""}


@cache
def _countries() -> dict[str, str]:
    codes = {code for _market, _currency, codes in MARKETS.values() for code in codes.split()}
    found = {words(code): code for code in codes}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            found |= {words(country_name(code)): code for code in codes}
    return found
