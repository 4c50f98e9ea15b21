"""A new customer that its partner writes down: who may, and with which data (R5, section 10)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.models import ResellerRelationship
from customers.rules.becoming_reseller import check_sells_directly
from customers.rules.invitations import check_reseller_named
from customers.rules.markets import check_same_market
from customers.rules.registration import check_registration_data
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner, User
from portal.core.errors import InvalidInput, Refusal


class ResellersDoNotAdd(Refusal):
    code = "reseller-cannot-add-customers"


class DomainTaken(InvalidInput):
    code = "domain-taken"


@dataclass(frozen=True)
class NewCustomer:
    """The organization, its first administrator and the terms, as the partner writes them."""

    company_name: str
    domain: str
    country: str
    address: str
    registration_number: str
    phone: str
    first_name: str
    last_name: str
    email: str
    language: str
    include_admin_rights: bool
    reseller_id: UUID | None

    @property
    def contact_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def check_may_add(*, kind: str) -> None:
    """Who bills the customer adds it: a direct bill partner or an indirect provider. Raises: ResellersDoNotAdd."""
    if kind == OrganizationKind.INDIRECT_RESELLER:
        raise ResellersDoNotAdd(
            _("An indirect reseller cannot add a customer itself."),
            who=_("your indirect provider"),
            next_step=_("Request a relationship through your provider instead."),
            next_url=reverse("customers:new_relationship"),
        )


def check_new_customer(partner: Partner, new: NewCustomer, *, today: datetime.date) -> None:
    """All that can be said before anything is written; the page asks the same at its first step.

    Raises: SellsThroughProvider, OutsideMarket, ResellerNotYours, DomainTaken, InvalidInput.
    """
    check_sells_directly(partner)
    check_same_market(partner, new.country, on=today)
    check_reseller_named(partner, new.reseller_id)
    check_registration_data(new.country, new.registration_number, new.phone)
    _check_contact(partner, new.email)
    _check_domain_free(partner, new.domain)


def _check_contact(partner: Partner, email: str) -> None:
    """The administrator is the customer's own, not the partner's (section 10), and new here."""
    host, own = email.strip().lower().rpartition("@")[2], partner.organization.domain.lower()
    if host == own or host.endswith(f".{own}"):
        raise InvalidInput(_("Use an address of the customer, not one of your own company."), field="email")
    if User.objects.filter(email=email.strip().lower()).exists():
        raise InvalidInput(
            _("This address cannot be used: somebody signs in with it already. Use another one."), field="email"
        )


def _check_domain_free(partner: Partner, domain: str) -> None:
    """A domain belongs to one tenant. The partner's own customer is named, another's is not."""
    taken = Organization.objects.filter(domain__iexact=domain).first()
    if taken is None:
        return
    own = ResellerRelationship.objects.active().filter(partner=partner, customer_id=taken.pk).exists()
    if own:
        raise DomainTaken(
            _("%(domain)s is the domain of your customer %(name)s.") % {"domain": taken.domain, "name": taken.name},
            field="domain",
            next_step=_("Open this customer"),
            next_url=reverse("customers:customer", args=[taken.pk]),
        )
    raise domain_taken(domain)


def domain_taken(domain: str) -> DomainTaken:
    """Return the refusal of a domain that another organization has."""
    return DomainTaken(
        _("The domain %(domain)s belongs to an organization already.") % {"domain": domain},
        field="domain",
        next_step=_("Request a relationship with this organization instead"),
        next_url=reverse("customers:new_relationship"),
    )
