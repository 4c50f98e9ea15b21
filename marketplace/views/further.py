"""Further resellers: a typed PartnerID is verified first, then added (M3, section 7.2)."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.questions import show_its_customer
from marketplace import queries, rules
from marketplace.models import MAX_FURTHER
from marketplace.queries.credited import named, named_resellers
from marketplace.views.details import can_ask, role_reason
from marketplace.workflow import resellers
from portal.accounts.access import requires
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to

VERIFY, ADD, DROP = "verify", "add", "drop"


@dataclass
class Further:
    """What a form says of further resellers: those named, what was typed, and what a click asks for."""

    numbers: list[str] = field(default_factory=list)
    typed: str = ""
    step: str = ""  # VERIFY, ADD, or DROP and a PartnerID; empty: the form as a whole was sent
    found: str = ""  # whose the typed PartnerID is
    wrong: str = ""  # why it cannot be named

    @classmethod
    def read(cls, request: PortalRequest) -> "Further":
        sent = request.POST
        numbers = list(dict.fromkeys(sent.getlist("further")))[:MAX_FURTHER]
        return cls(numbers, sent.get("further_typed", "").strip()[:20], sent.get("further_step", ""))

    @property
    def dropped(self) -> str:
        step, _colon, number = self.step.partition(":")
        return number if step == DROP else ""

    def verify(self, partner: Partner, *, first: str) -> None:
        """Note whose the typed PartnerID is, or why it cannot be named."""
        try:
            self.found = named(rules.further_location(partner, self.typed, first=first, others=self.numbers))
        except InvalidInput as invalid:
            self.wrong = str(invalid)

    def apply(self, partner: Partner, *, first: str) -> None:
        """Do what a click asks for, in the form alone: nothing is ordered or saved yet."""
        if self.dropped:
            self.numbers = [number for number in self.numbers if number != self.dropped]
            return
        self.verify(partner, first=first)
        if self.step == ADD and self.found:
            self.numbers, self.typed, self.found = [*self.numbers, self.typed], "", ""

    def context(self) -> dict[str, Any]:
        """Return what marketplace/_further_resellers.html needs."""
        return {
            "further": named_resellers(self.numbers),
            "typed": self.typed,
            "found": self.found,
            "wrong": self.wrong,
            "has_room": len(self.numbers) < MAX_FURTHER,
            "limit": MAX_FURTHER,
        }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def further_resellers(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show, verify, add and remove the further resellers of a subscription."""
    detail = queries.subscription_detail(request.actor, subscription_id, now=timezone.now())
    saas, refusal = detail.saas, detail.refusals["further_resellers"]
    given = Further.read(request)
    given.numbers = saas.further_partner_ids
    if request.method == "POST":
        says_nothing = not (given.typed or given.dropped)
        if says_nothing or (refusal is None and given.step == VERIFY):
            given.verify(saas.subscription.billing_owner, first=saas.subscription.partner_on_record)
        else:
            try:
                _save(request, subscription_id, given)
            except InvalidInput as invalid:
                given.wrong = str(invalid)
            except Refusal as refused:
                refusal = refused
            else:
                return redirect_to(request, reverse("marketplace:subscription", args=[saas.pk]))
    return _page(request, detail, given, refusal)


def _save(request: PortalRequest, subscription_id: UUID, given: Further) -> None:
    """Add or remove what was clicked. Raises: Refusal."""
    now = timezone.now()
    if given.dropped:
        resellers.remove_further_reseller(
            subscription_id=subscription_id, number=given.dropped, actor=request.actor, now=now
        )
        messages.success(request, _("The reseller is credited no more."))
        return
    resellers.add_further_reseller(subscription_id=subscription_id, number=given.typed, actor=request.actor, now=now)
    messages.success(request, _("The reseller is credited from today on."))


def _page(request: PortalRequest, detail: queries.Detail, given: Further, refusal: Refusal | None) -> HttpResponse:
    saas = detail.saas
    show_its_customer(request, saas.subscription.customer_id)
    context = {
        **given.context(),
        "customer_name": saas.subscription.customer.organization.name,
        "name": saas.subscription.friendly_name,
        "refusal": refusal,
        "can_ask": can_ask(request, detail, role_reason(request, timezone.now())),
        "ask_url": reverse("marketplace:ask", args=[saas.pk]),
        "action_url": reverse("marketplace:further_resellers", args=[saas.pk]),
        "detail_url": reverse("marketplace:subscription", args=[saas.pk]),
    }
    is_sent = request.method == "POST"
    status = 422 if given.wrong else refusal.http_status if is_sent and refusal else 200
    return page_or_fragment(
        request,
        page="marketplace/further_resellers.html",
        fragment="marketplace/_further_dialog.html",
        context=context,
        status=status,
    )
