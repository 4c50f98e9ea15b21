"""What a row of a file of many transfers asks for, and what is wrong with its cells (X2).

Only what a form would check stands here. Whether the request may be sent is said by ``prerequisites``, as of any other.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation

from customers.models import ResellerRelationship
from customers.queries import as_uuid
from portal.accounts.models import Partner
from portal.core.csv_files import LONGEST_CELL, words
from portal.core.fields import name_key
from transfers.enums import ProductType
from transfers.models import MAX_WISHES
from transfers.reasons import Finding
from transfers.rules.facts import Wanted

LONGEST_WISH, LONGEST_NOTE = 200, 2000
_SEVERAL = re.compile(r"[;\n|]+")  # between several values in one cell
Values = Mapping[str, str]


@dataclass(frozen=True)
class Directory:
    """What the cells of some rows name: customers of the partner, and partners by their PartnerIDs."""

    by_id: Mapping[uuid.UUID, ResellerRelationship] = field(default_factory=dict)
    by_domain: Mapping[str, ResellerRelationship] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[ResellerRelationship]] = field(default_factory=dict)
    partners: Mapping[str, uuid.UUID] = field(default_factory=dict)
    headquarters: Mapping[uuid.UUID, str] = field(default_factory=dict)  # reseller -> its PartnerID


@dataclass(frozen=True)
class Reading:
    """A row as it was understood. ``plan``: the fields of a request, as JSON has them."""

    relationship: ResellerRelationship | None
    plan: Mapping[str, Any]
    findings: Sequence[Finding]

    def wanted(self, target: Partner) -> Wanted | None:
        """Return the request for the checklist; ``None`` as long as it is not known for which customer it is."""
        if self.relationship is None:
            return None
        return Wanted(
            customer=self.relationship.customer,
            target=target,
            source_tenant_id=as_uuid(self.plan["source_tenant_id"]),
            partner_on_record=self.plan["partner_on_record"],
            product_types=frozenset(self.plan["product_types"]),
            wishes=tuple(self.plan["wishes"]),
        )


def read_request(values: Values, directory: Directory, *, names_reseller: bool) -> Reading:
    """Understand a row that asks for a new request; what is left empty is what the form of one request starts with."""
    relationship, findings = _customer(values, directory)
    source_id, wrong_source = _source(values.get("source", ""), directory)
    wishes, note = _list_of(values.get("items", "")), values.get("note", "")
    kinds, wrong_kinds = _kinds(values.get("product_types", ""))
    number = values.get("partner_on_record", "").strip()
    if not number and names_reseller and relationship is not None and relationship.counterpart_id:
        number = directory.headquarters.get(relationship.counterpart_id, "")
    plan = {
        "customer_id": str(relationship.customer_id) if relationship else "",
        "customer_name": relationship.customer_name if relationship else "",
        "customer_email": values.get("email", "") or _known_email(relationship),
        "customer_language": _language(values.get("language", ""), relationship),
        "source_tenant_id": str(source_id or ""),
        "partner_on_record": number[:12],
        "product_types": kinds,
        "wishes": wishes,
        "note": note,
    }
    found = [*findings, *wrong_source, *_texts(plan, values, relationship), *wrong_kinds]
    return Reading(relationship, plan, found)


def _customer(values: Values, directory: Directory) -> tuple[ResellerRelationship | None, list[Finding]]:
    """Find the customer: by Microsoft ID and domain, which must not differ, or by its name alone."""
    number, domain = values.get("customer_id", ""), values.get("customer_domain", "").lower()
    by_id = directory.by_id.get(as_uuid(number) or uuid.UUID(int=0)) if number else None
    by_domain = directory.by_domain.get(domain) if domain else None
    if (number and by_id is None) or (domain and by_domain is None):
        return None, [Finding("bulk-customer-unknown", {"value": (domain if by_id or not number else number)[:100]})]
    if by_id and by_domain and by_id.customer_id != by_domain.customer_id:
        return None, [Finding("bulk-customer-differs", {"id": by_id.customer_name, "domain": by_domain.customer_name})]
    found, name = by_id or by_domain, values.get("customer_name", "")
    if found is not None:
        return found, []
    if not name:
        return None, [Finding("bulk-customer-missing")]
    named = directory.by_name.get(name_key(name), ())
    if len(named) == 1:
        return named[0], []
    return None, [Finding("bulk-customer-ambiguous" if named else "bulk-customer-unknown", {"value": name[:100]})]


def _source(text: str, directory: Directory) -> tuple[uuid.UUID | None, list[Finding]]:
    """Find the partner that is asked: by Microsoft ID, which the checklist looks up, or by PartnerID."""
    if not text:
        return None, []
    found = as_uuid(text) or directory.partners.get(text)
    return found, [] if found else [Finding("bulk-source-unknown", {"value": text[:100]})]


def _known_email(relationship: ResellerRelationship | None) -> str:
    if relationship is None:
        return ""
    profile = getattr(relationship, "profile", None)
    return (profile.bill_to_email if profile else "") or relationship.customer.organization.contact_email


def _language(text: str, relationship: ResellerRelationship | None) -> str:
    if text:
        return text.strip().lower()
    return relationship.customer.organization.language if relationship else ""


def _texts(plan: Mapping[str, Any], values: Values, relationship: ResellerRelationship | None) -> Iterator[Finding]:
    """Yield what the form of one request would say of e-mail address, language, items and note."""
    email = plan["customer_email"]
    if not email and relationship is not None:
        yield Finding("bulk-email-missing")
    elif email and not _is_email(email):
        yield Finding("bulk-email-wrong", {"value": email[:100]})
    if plan["customer_language"] not in ("", *dict(settings.LANGUAGES)):
        languages = ", ".join(dict(settings.LANGUAGES))
        yield Finding("bulk-language-unknown", {"value": plan["customer_language"][:20], "languages": languages})
    if len(values.get("partner_on_record", "").strip()) > 12:
        yield Finding("partner-on-record-unknown", {"partner_id": values["partner_on_record"].strip()[:40]})
    is_cut = len(values.get("items", "")) >= LONGEST_CELL
    if is_cut or len(plan["wishes"]) > MAX_WISHES or any(len(one) > LONGEST_WISH for one in plan["wishes"]):
        yield Finding("bulk-items-too-long", {"limit": MAX_WISHES, "letters": LONGEST_WISH})
    if len(plan["note"]) > LONGEST_NOTE:
        yield Finding("bulk-note-too-long", {"limit": LONGEST_NOTE})


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def _kinds(text: str) -> tuple[list[str], list[Finding]]:
    """Read kinds of items: by their names in any language of the portal, or by the words of the API."""
    kinds = []
    for part in _list_of(text):
        kind = _names_of_kinds().get(words(part))
        if kind is None:
            return [], [Finding("bulk-kind-unknown", {"value": part[:100]})]
        kinds.append(kind.value)
    return sorted(set(kinds)), []


@cache
def _names_of_kinds() -> dict[str, ProductType]:
    names = {words(kind.value): kind for kind in ProductType}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names |= {words(str(kind.label)): kind for kind in ProductType}
    return names


def _list_of(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in _SEVERAL.split(text) if part.strip()))
