"""Who may buy for which customer, whatever it is, and each reason why not (M1, A1, section 7.2)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Customer, ResellerRelationship, Subscription
from customers.rules.agreements import check_agreement_signed
from customers.rules.invitations import check_reseller_named
from customers.rules.markets import check_same_market
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner, PartnerLocation
from portal.core.errors import InvalidInput, Refusal

MAX_SUBSCRIPTIONS = 300  # of one customer (section 8)
MAX_LINES = 25  # of one cart


class ResellersDoNotBuy(Refusal):
    code = "reseller-cannot-buy"
    http_status = 403


class NoRelationship(Refusal):
    code = "no-reseller-relationship"


class PartnerAgreementNotSigned(Refusal):
    code = "partner-agreement-not-signed"
    http_status = 403


class PriceChanged(Refusal):
    code = "price-changed"


class TooManySubscriptions(Refusal):
    code = "too-many-subscriptions"


class AttestationMissing(InvalidInput):
    code = "attestation-missing"


class AzurePlanMissing(Refusal):
    code = "azure-plan-missing"


class CartEmpty(Refusal):
    code = "cart-empty"


@dataclass(frozen=True)
class Buyer:
    """For whom something is bought, by whom, on which day."""

    partner: Partner
    customer: Customer
    today: datetime.date

    @property
    def country(self) -> str:
        return self.customer.organization.country


def check_may_buy(buyer: Buyer) -> None:
    """All that must hold between a partner and a customer before anything is bought, whatever it is.

    Source: requirements M1, R7, R8, T6; portal reference, sections 5.3 and 7.2.
    Raises: ResellersDoNotBuy, NoRelationship, PartnerAgreementNotSigned, OutsideMarket, AgreementNotSigned.
    """
    partner, customer = buyer.partner, buyer.customer
    if partner.organization.kind == OrganizationKind.INDIRECT_RESELLER:
        raise ResellersDoNotBuy(
            _("An indirect reseller does not buy for a customer itself."),
            who=_("your indirect provider"),
            next_step=_("Ask your provider to buy; it names you as the reseller."),
        )
    active = ResellerRelationship.objects.active().filter(partner=partner, customer=customer)
    if not active.exists():
        raise NoRelationship(
            _("You have no active reseller relationship with this customer."),
            who=_("the customer, by accepting your request"),
            next_step=_("Request a reseller relationship."),
            next_url=reverse("customers:new_relationship"),
        )
    check_partner_agreement(partner)
    check_same_market(partner, buyer.country, on=buyer.today)
    check_agreement_signed(partner_id=partner.pk, customer_id=customer.pk)


def check_partner_agreement(partner: Partner) -> None:
    """Only partners who signed the partner agreement in force buy (T6). Raises: PartnerAgreementNotSigned."""
    if partner.agreement_version != settings.PARTNER_AGREEMENT_VERSION:
        raise PartnerAgreementNotSigned(
            _("Your company has not signed the partner agreement in force."),
            who=_("a global admin of your company"),
            next_step=_("Sign the partner agreement in the company profile."),
            next_url=reverse("accounts:organization"),
        )


def check_room(buyer: Buyer, wanted: int) -> None:
    """A customer has at most 300 running subscriptions (section 8). Raises: TooManySubscriptions."""
    running = (SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)
    have = Subscription.objects.filter(customer=buyer.customer, status__in=running).count()
    if have + wanted > MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions(
            _("A customer can have %(limit)d subscriptions; this one has %(have)d.")
            % {"limit": MAX_SUBSCRIPTIONS, "have": have},
            next_step=_("Cancel what is not used, or raise the quantity of what there is."),
        )


def check_not_empty(count: int) -> None:
    """Raises: CartEmpty."""
    if not count:
        raise CartEmpty(_("The cart is empty."), next_step=_("Put an offer into the cart first."))


def check_line_count(count: int) -> None:
    """Raises: InvalidInput."""
    if count > MAX_LINES:
        raise InvalidInput(
            ngettext("A cart holds %(count)d line.", "A cart holds at most %(count)d lines.", MAX_LINES)
            % {"count": MAX_LINES},
            next_step=_("Buy what is in the cart, then go on."),
        )


def check_attested(is_attested: bool) -> None:
    """Whoever buys says in which role its company does so (section 7.2). Raises: AttestationMissing."""
    if not is_attested:
        raise AttestationMissing(_("Confirm the role in which your company buys."), field="attested")


def check_total(*, seen: Decimal | None, total: Decimal) -> None:
    """Nobody pays another total than the one that was shown; ``seen`` None: none was. Raises: PriceChanged."""
    if seen is not None and seen != total:
        raise PriceChanged(
            _("The price has changed since you looked at it."), next_step=_("Read the new total, then buy.")
        )


def partner_on_record(buyer: Buyer, *, reseller_id: UUID | None, number: str) -> str:
    """Return the PartnerID that is credited: the chosen location's, else that of the headquarters.

    A provider names one of its resellers, whose location it is; a direct bill partner is credited itself.
    Raises: ResellerNotYours, InvalidInput.
    """
    check_reseller_named(buyer.partner, reseller_id)
    locations = PartnerLocation.objects.filter(partner_id=reseller_id or buyer.partner.pk)
    wanted = locations.filter(partner_id_number=number) if number else locations.filter(is_headquarters=True)
    found = wanted.values_list("partner_id_number", flat=True).first()
    if found is None:
        raise InvalidInput(_("This PartnerID does not belong to the company that is credited."), field="partner_id")
    return found


def azure_plan_of(buyer: Buyer, *, reseller_id: UUID | None = None) -> Subscription | None:
    """Return the customer's active Azure plan that is billed to the partner: the reseller's own, else the oldest."""
    plans = Subscription.objects.filter(
        customer=buyer.customer,
        billing_owner=buyer.partner,
        product_family=ProductFamily.AZURE_PLAN,
        status=SubscriptionStatus.ACTIVE,
    )
    found = plans.order_by("created_at", "pk")
    return found.filter(reseller_id=reseller_id).first() or found.first()
