"""A batch of customers from a file: what each row would do, and doing it with a few statements for all (R12)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from customers import queries
from customers.enums import CustomerEvent, ImportStatus, RelationshipKind, RowResult
from customers.import_announcements import announce_rows
from customers.models import MAX_TAGS, Customer, ImportRow, ImportRun, ResellerRelationship, Tag
from customers.models.relationships import ResellerRelationshipQuerySet
from customers.processing.import_lookups import earlier_rows, resellers_by_number
from customers.rules import PARTNER_TAGS
from customers.rules.imports import KINDS, CustomerRow, WrongRow, read_customer
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Organization, Partnership
from portal.audit.log import Subject


@dataclass(frozen=True)
class NewCustomer:
    """A row that makes an organization, with what the whole file adds to it."""

    row: CustomerRow
    country: str
    reseller_id: UUID | None
    tags: list[str]

    @property
    def id(self) -> UUID:
        return self.row.tenant_id


class CustomerBatch:
    """Some hundred rows of a file of customers, judged against what is here and against the rows before them."""

    def __init__(self, run: ImportRun, rows: Sequence[ImportRow], *, actor: Actor, now: datetime.datetime) -> None:
        self.run, self.rows, self.actor, self.now = run, rows, actor, now
        self.partner = run.partner
        self.kind = KINDS[actor.organization_kind]
        self.keys = [row.key for row in rows if row.key]
        self.domains = [row.domain for row in rows if row.domain]
        self.new: list[NewCustomer] = []
        self.tagged: list[tuple[ResellerRelationship, list[str]]] = []
        self.new_tags: list[str] = []

    def lock(self) -> None:
        """Lock what the batch rests on and may change; the partner is locked already."""
        for reseller_id in sorted(
            {*self.resellers.values(), *([self.run.reseller_id] if self.run.reseller_id else [])}
        ):
            Partnership.objects.hold(provider_id=self.partner.pk, reseller_id=reseller_id)
        del self.resellers  # as it is from now on
        self.own = {row.customer_id: row for row in self._own_rows().locked_all()}

    # --- what is here already ----------------------------------------------------------------------------------------
    def _own_rows(self) -> ResellerRelationshipQuerySet:
        return ResellerRelationship.objects.active().filter(partner=self.partner, customer_id__in=self.keys)

    @cached_property
    def own(self) -> dict[UUID, ResellerRelationship]:
        return {row.customer_id: row for row in self._own_rows()}

    @cached_property
    def known(self) -> set[UUID]:
        return set(Organization.objects.filter(pk__in=self.keys).values_list("pk", flat=True))

    @cached_property
    def taken_domains(self) -> set[str]:
        found = Organization.objects.annotate(key=Lower("domain")).filter(key__in=self.domains)
        return set(found.values_list("key", flat=True))

    @cached_property
    def countries(self) -> set[str]:
        return set(queries.countries_of_market(self.partner.market, on=self.now.date()))

    @cached_property
    def resellers(self) -> dict[str, UUID]:
        return resellers_by_number(self.partner, (row.values.get("reseller", "") for row in self.rows))

    @cached_property
    def is_reseller_of_file_active(self) -> bool:
        active = Partnership.objects.filter(provider=self.partner, status=PartnershipStatus.ACTIVE)
        return active.filter(reseller_id=self.run.reseller_id).exists()

    @cached_property
    def tags(self) -> dict[str, str]:
        """The partner's words by their lower case; while a file is checked, those foreseen for earlier rows too."""
        names = [*self.run.new_tags, *self.partner.tags.values_list("name", flat=True)]
        return {name.lower(): name for name in names}

    @cached_property
    def ids_before(self) -> dict[UUID, int]:
        return earlier_rows(self.run, "key", self.keys, before=self.rows[0].number, result=~Q(result=RowResult.WRONG))

    @cached_property
    def domains_before(self) -> dict[str, int]:
        return earlier_rows(
            self.run, "domain", self.domains, before=self.rows[0].number, result=Q(result=RowResult.NEW)
        )

    # --- what each row would do --------------------------------------------------------------------------------------
    def judge(self) -> None:
        """Say of each row what becomes of it, and note what is to be written."""
        for row in self.rows:
            try:
                customer = read_customer(row.values, kind=self.kind)
                row.result, row.reason, row.facts = self._judge(customer)
            except WrongRow as wrong:
                row.result, row.reason, row.facts = RowResult.WRONG, wrong.reason, wrong.facts
            else:
                self.ids_before[customer.tenant_id] = row.number
                if row.result == RowResult.NEW:
                    self.domains_before[customer.domain] = row.number
        if self.run.status == ImportStatus.READ:
            self.run.new_tags += self.new_tags

    def _judge(self, customer: CustomerRow) -> tuple[RowResult, str, dict[str, str]]:
        """Raises: WrongRow."""
        if customer.tenant_id in self.ids_before:
            raise WrongRow("duplicate", row=self.ids_before[customer.tenant_id])
        if customer.tenant_id == self.partner.pk:
            raise WrongRow("own-organization")
        if customer.tenant_id in self.own:
            return self._judge_own(self.own[customer.tenant_id], customer)
        if customer.tenant_id in self.known:
            raise WrongRow("known-elsewhere")
        if customer.domain in self.domains_before:
            raise WrongRow("domain-in-file", row=self.domains_before[customer.domain])
        if customer.domain in self.taken_domains:
            raise WrongRow("domain-taken", text=customer.domain)
        country = customer.country or self.run.country
        if country not in self.countries:
            raise WrongRow("country-outside", text=country)
        reseller_id = self._reseller_of(customer)
        self.new.append(NewCustomer(customer, country, reseller_id, self._tags_of(customer)))
        return RowResult.NEW, "", {}

    def _judge_own(
        self, relationship: ResellerRelationship, customer: CustomerRow
    ) -> tuple[RowResult, str, dict[str, str]]:
        """A customer that is here keeps its name and domain, which are its own, and gains tags. Raises: WrongRow."""
        name = relationship.customer_name
        hint = ("", {}) if name == customer.name else ("keeps-name", {"text": name})
        missing = [tag for tag in self._tags_of(customer) if tag not in relationship.tags]
        if not missing:
            return RowResult.SAME, *hint
        if len(relationship.tags) + len(missing) > MAX_TAGS:
            raise WrongRow("tags-of-customer")
        self.tagged.append((relationship, missing))
        return RowResult.CHANGED, *hint

    def _reseller_of(self, customer: CustomerRow) -> UUID | None:
        if self.kind != RelationshipKind.PROVIDER:
            return None
        if customer.reseller_number:
            if customer.reseller_number not in self.resellers:
                raise WrongRow("reseller-unknown", text=customer.reseller_number)
            return self.resellers[customer.reseller_number]
        reseller_id: UUID | None = self.run.reseller_id
        if reseller_id is None:
            raise WrongRow("reseller-missing")
        if not self.is_reseller_of_file_active:
            raise WrongRow("reseller-parted")
        return reseller_id

    def _tags_of(self, customer: CustomerRow) -> list[str]:
        """Return the row's tags as the partner spells them; words it does not have yet are made. Raises: WrongRow."""
        if not self.run.takes_tags:
            return []
        missing = [tag for tag in customer.tags if tag.lower() not in self.tags]
        if missing and len(self.tags) + len(missing) > PARTNER_TAGS:
            raise WrongRow("tags-of-partner", text=missing[-1])
        self.new_tags += missing
        self.tags.update({tag.lower(): tag for tag in missing})
        return sorted({self.tags[tag.lower()] for tag in customer.tags}, key=str.lower)

    # --- doing it ----------------------------------------------------------------------------------------------------
    def write(self) -> None:
        """Make what the rows ask for and tell it. Raises: IntegrityError where somebody else was faster."""
        self._write_tags()
        if self.new:
            self._write_customers(sorted(self.new, key=lambda customer: customer.id))
        if self.tagged:
            self._write_tagged()

    def _write_tags(self) -> None:
        tags = Tag.objects.bulk_create(
            Tag(partner=self.partner, name=name, created_at=self.now) for name in self.new_tags
        )
        subjects = [Subject(id=tag.pk, name=tag.name, organization_ids=[self.partner.pk]) for tag in tags]
        announce_rows(CustomerEvent.TAG_CREATED, "customer-tag", subjects, actor=self.actor, now=self.now)

    def _write_customers(self, new: Sequence[NewCustomer]) -> None:
        """Make organizations without people, and the relationships; rights and agreement are the customer's to give."""
        own = self.partner.organization
        Organization.objects.bulk_create(
            Organization(
                pk=customer.id,
                kind=OrganizationKind.CUSTOMER,
                name=customer.row.name,
                domain=customer.row.domain,
                country=customer.country,
                cloud=own.cloud,
                language=own.language,
                is_sandbox=own.is_sandbox,
                created_at=self.now,
            )
            for customer in new
        )
        Customer.objects.bulk_create(Customer(organization_id=customer.id) for customer in new)
        ResellerRelationship.objects.bulk_create(row for customer in new for row in self._relationships(customer))
        subjects = [
            Subject(
                id=customer.id,
                name=customer.row.name,
                organization_ids=[
                    self.partner.pk,
                    customer.id,
                    *([customer.reseller_id] if customer.reseller_id else []),
                ],
                customer_id=customer.id,
                customer_name=customer.row.name,
                after={"name": customer.row.name, "domain": customer.row.domain, "country": customer.country},
            )
            for customer in new
        ]
        announce_rows(CustomerEvent.CUSTOMER_IMPORTED, "customer", subjects, actor=self.actor, now=self.now)

    def _relationships(self, customer: NewCustomer) -> list[ResellerRelationship]:
        """Return the partner's relationship, and its reseller's."""
        shared = {
            "customer_id": customer.id,
            "customer_name": customer.row.name,
            "customer_domain": customer.row.domain,
            "customer_country": customer.country,
            "created_at": self.now,
        }
        reseller_id = customer.reseller_id
        rows = [
            ResellerRelationship(
                partner=self.partner, kind=self.kind, counterpart_id=reseller_id, tags=customer.tags, **shared
            )
        ]
        if reseller_id:
            rows.append(
                ResellerRelationship(
                    partner_id=reseller_id, kind=RelationshipKind.RESELLER, counterpart=self.partner, **shared
                )
            )
        return rows

    def _write_tagged(self) -> None:
        subjects = []
        for relationship, missing in self.tagged:
            before = relationship.tags
            after = sorted([*before, *missing], key=str.lower)
            relationship.tags = after
            subjects.append(
                Subject(
                    id=relationship.customer_id,
                    name=relationship.customer_name,
                    organization_ids=[self.partner.pk],
                    customer_id=relationship.customer_id,
                    customer_name=relationship.customer_name,
                    before={"tags": before},
                    after={"tags": after},
                )
            )
        ResellerRelationship.objects.bulk_update([row for row, _tags in self.tagged], ["tags"])
        announce_rows(CustomerEvent.CUSTOMER_TAGGED, "customer", subjects, actor=self.actor, now=self.now)
