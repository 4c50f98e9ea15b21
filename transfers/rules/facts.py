"""A request as it is meant, and what the database says about it: read for any number of requests at once (T6, X2).

The checklist of one request and the dry run of thousands ask the same facts, so that neither can promise what the other
does not keep. Each kind of fact is one query, whatever the number of requests.
"""

import datetime
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from django.db.models import QuerySet

from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Customer, ResellerRelationship, Subscription
from customers.rules.agreements import signed_agreements
from portal.accounts.enums import PartnershipStatus
from portal.accounts.models import Partner, PartnerLocation, Partnership
from transfers.enums import OPEN_STATUSES
from transfers.models import Transfer

Pair = tuple[uuid.UUID, uuid.UUID]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Facts:
    """What holds for some requests. Pairs are of partner and customer, those of ``partnerships`` of two partners."""

    partners: Mapping[uuid.UUID, Partner]  # that requests name as their source
    resellers: Mapping[str, Partner]  # by the PartnerIDs that requests name
    relationships: frozenset[Pair]
    agreements: frozenset[Pair]
    azure_plans: frozenset[Pair]
    partnerships: frozenset[Pair]
    open_requests: Mapping[tuple[uuid.UUID, uuid.UUID, uuid.UUID], frozenset[uuid.UUID]]  # source, target, customer
    answers: dict[tuple[object, ...], object] = field(default_factory=dict)

    def once(self, question: Callable[..., Answer], subject: object, *, on: datetime.date) -> Answer:
        """Ask another app about a country or a partner, once for all requests."""
        key = (question, subject, on)
        if key not in self.answers:
            self.answers[key] = question(subject, on=on)
        return self.answers[key]  # type: ignore[return-value]


@dataclass(frozen=True)
class Wanted:
    """A request as the target means to send it. ``source_tenant_id`` None: not entered yet."""

    customer: Customer
    target: Partner
    source_tenant_id: uuid.UUID | None
    partner_on_record: str = ""
    product_types: frozenset[str] = frozenset()
    wishes: tuple[str, ...] = ()
    own_id: uuid.UUID | None = None  # of the request itself once it exists
    shared: Facts | None = field(default=None, repr=False, compare=False)  # read together with those of others

    @cached_property
    def facts(self) -> Facts:
        """What the database says; of a request that stands alone it is read when it is first asked for."""
        return self.shared or read_facts([self])

    @property
    def source(self) -> Partner | None:
        """The partner with that Microsoft ID; one of the other world (sandbox or not) does not exist for the target."""
        found = self.facts.partners.get(self.source_tenant_id) if self.source_tenant_id else None
        is_sandbox = self.target.organization.is_sandbox
        return found if found is not None and found.organization.is_sandbox == is_sandbox else None

    @property
    def reseller(self) -> Partner | None:
        """The partner whose location has the PartnerID on record."""
        return self.facts.resellers.get(self.partner_on_record) if self.partner_on_record else None

    @property
    def others_open(self) -> frozenset[uuid.UUID]:
        """Other open requests for the customer between the two partners."""
        if self.source is None:
            return frozenset()
        found = self.facts.open_requests.get((self.source.pk, self.target.pk, self.customer.pk), frozenset())
        return frozenset(one for one in found if one != self.own_id)


def with_facts(wanted: Iterable[Wanted]) -> list[Wanted]:
    """Return the requests with what the database says about them, read once for all: the same few queries always."""
    requests = list(wanted)
    facts = read_facts(requests)
    return [replace(one, shared=facts) for one in requests]


def read_facts(wanted: Sequence[Wanted]) -> Facts:
    """Return what the checklist of these requests asks."""
    customer_ids = {one.customer.pk for one in wanted}
    target_ids = {one.target.pk for one in wanted}
    source_ids = {one.source_tenant_id for one in wanted if one.source_tenant_id}
    resellers = _resellers({one.partner_on_record for one in wanted if one.partner_on_record})
    reseller_ids = {one.pk for one in resellers.values()}
    relationships = ResellerRelationship.objects.active().filter(
        partner_id__in=target_ids | source_ids, customer_id__in=customer_ids
    )
    return Facts(
        partners=Partner.objects.select_related("organization").in_bulk(source_ids),
        resellers=resellers,
        relationships=frozenset(relationships.values_list("partner_id", "customer_id")),
        agreements=signed_agreements(partner_ids=target_ids, customer_ids=customer_ids),
        azure_plans=frozenset(azure_plans(target_ids, customer_ids).values_list("billing_owner_id", "customer_id")),
        partnerships=_partnerships(target_ids, reseller_ids),
        open_requests=_open_requests(source_ids, target_ids, customer_ids),
    )


def azure_plans(partner_ids: Iterable[uuid.UUID], customer_ids: Iterable[uuid.UUID]) -> QuerySet[Subscription]:
    """The active Azure plans that these partners have for these customers."""
    plans = Subscription.objects.filter(product_family=ProductFamily.AZURE_PLAN, status=SubscriptionStatus.ACTIVE)
    return plans.filter(customer_id__in=customer_ids, billing_owner_id__in=partner_ids)


def _resellers(numbers: Iterable[str]) -> dict[str, Partner]:
    wanted = sorted(numbers)
    if not wanted:
        return {}
    found = PartnerLocation.objects.select_related("partner__organization").filter(partner_id_number__in=wanted)
    return {one.partner_id_number: one.partner for one in found}


def _partnerships(provider_ids: Iterable[uuid.UUID], reseller_ids: Iterable[uuid.UUID]) -> frozenset[Pair]:
    if not reseller_ids:
        return frozenset()
    active = Partnership.objects.filter(status=PartnershipStatus.ACTIVE)
    found = active.filter(provider_id__in=provider_ids, reseller_id__in=reseller_ids)
    return frozenset(found.values_list("provider_id", "reseller_id"))


def _open_requests(
    source_ids: Iterable[uuid.UUID], target_ids: Iterable[uuid.UUID], customer_ids: Iterable[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], frozenset[uuid.UUID]]:
    rows = Transfer.objects.filter(
        status__in=OPEN_STATUSES,
        source_partner_id__in=source_ids,
        target_partner_id__in=target_ids,
        customer_id__in=customer_ids,
    )
    found: dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], frozenset[uuid.UUID]] = {}
    for pk, *key in rows.values_list("pk", "source_partner_id", "target_partner_id", "customer_id"):
        source_id, target_id, customer_id = key
        place = (source_id, target_id, customer_id)
        found[place] = found.get(place, frozenset()) | {pk}
    return found
