"""One marketplace subscription: what it is, whose turn it is, what happens next, what may be changed (7.6, M5, M7)."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from billing.presentation import charge_row
from customers.enums import BillingFrequency, ProductFamily, ProductTab, Term
from customers.models import Subscription
from customers.presentation import day, moment, unit_price_text
from customers.questions import show_its_customer
from marketplace import queries, rules
from marketplace.announcements import SUBJECT
from marketplace.enums import EndReason, FulfillmentStatus, OperationAction, Refund, Turn
from marketplace.presentation import quantity_of, quantity_text, status_of
from marketplace.queries import Detail
from marketplace.workflow import activation
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit import timeline
from portal.core.errors import Refusal, refusal_of
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.money import money_text

CHARGES_SHOWN = 12
STEP_LABELS = {
    "purchased": gettext_lazy("Bought"),
    "link-opened": gettext_lazy("Publisher's site opened"),
    "resolved": gettext_lazy("Set up at the publisher"),
    "activated": gettext_lazy("Activated: billing starts"),
    "ended": gettext_lazy("Ended"),
}


@dataclass(frozen=True)
class Field:
    """A line of the details: its value, and the way to change it or why there is none (X5)."""

    name: str
    label: str
    value: str
    hint: str = ""
    button: str = ""
    url: str = ""
    reason: str = ""

    @property
    def tip_id(self) -> str:
        return f"reason-{self.name}"


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def subscription(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show one subscription with everything that can be done with it."""
    now = timezone.now()
    try:
        detail = queries.subscription_detail(request.actor, subscription_id, now=now)
    except Http404:
        return _without_publisher(request, subscription_id)
    saas, row = detail.saas, detail.saas.subscription
    relationship = show_its_customer(request, row.customer_id)
    role_refusal = role_reason(request, now)
    pays = row.billing_owner_id == request.actor.organization_id  # a reseller learns nothing of its provider's money
    context = {
        "saas": saas,
        "name": row.friendly_name,
        "product": row.product_name if row.product_name != row.friendly_name else saas.publisher.organization.name,
        "customer_name": row.customer.organization.name,
        "customer": relationship,
        "status": status_of(saas),
        "turn": Turn(detail.turn).label,
        "turn_tone": "info" if detail.turn == Turn.NOBODY else "warning",
        "next_steps": what_happens_next(detail, now),
        "steps": _steps(detail),
        "facts": _facts(detail, with_money=pays),
        "fields": _fields(detail, now),
        "cancel_text": cancel_text(detail, now) if pays else "",
        "cancel_reason": _reason(detail, "cancel"),
        "stop_reason": _reason(detail, "auto_renew"),
        "auto_renew": row.auto_renew,
        "link_reason": _reason(detail, "link"),
        "role_refusal": role_refusal,
        "can_ask": can_ask(request, detail, role_refusal),
        "charges": [charge_row(charge, request.actor) for charge in queries.charges_of(saas)[:CHARGES_SHOWN]]
        if pays
        else [],
        "entries": timeline.entries(audit.timeline(request.actor, SUBJECT, saas.pk), text_of=_changes_of),
        "log_url": _log_url(request, saas.pk),
    }
    return render(request, "marketplace/subscription.html", context)


def _without_publisher(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Lead to the customer's list: what was imported has no publisher here, so no page. Raises: Http404."""
    rows = Subscription.objects.visible_to(request.actor).filter(product_family=ProductFamily.THIRD_PARTY)
    row = get_object_or_404(rows, pk=subscription_id)
    customer_url = reverse("customers:subscriptions", args=[row.customer_id])
    return redirect(f"{customer_url}?tab={ProductTab.MARKETPLACE}&status=all")


def role_reason(request: PortalRequest, now: datetime.datetime) -> Refusal | None:
    """Return why the person's role may change nothing here, or ``None`` (M4)."""
    return refusal_of(rules.check_may_change, request.actor, today=now.date())


def can_ask(request: PortalRequest, detail: Detail, role_refusal: Refusal | None) -> bool:
    """Say whether an admin agent of the own company could do what the person may not: not where a provider bills."""
    is_reseller = request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
    return role_refusal is not None and not is_reseller and detail.may("ask")


def _reason(detail: Detail, action: str) -> str:
    refusal = detail.refusals[action]
    return refusal.explanation if refusal else ""


def _log_url(request: PortalRequest, subscription_id: UUID) -> str:
    if not request.actor.may(Permission.ACTIVITY_LOG_VIEW):
        return ""
    return f"{reverse('audit:log')}?{urlencode({'history': 'all', 'id': subscription_id})}"


# --- what stands on the page -----------------------------------------------------------------------------------------
def _facts(detail: Detail, *, with_money: bool) -> list[dict[str, Any]]:
    """Return what nobody changes here."""
    saas, row = detail.saas, detail.saas.subscription
    facts: list[dict[str, Any]] = [
        {"label": _("Publisher"), "value": saas.publisher.organization.name},
        {"label": _("Offer"), "value": saas.offer.name},
        {"label": _("Term"), "value": Term(row.term).label, "hint": _term_days(detail)},
    ]
    if with_money:
        facts.append({"label": _("Price"), "value": _price(detail), "hint": _margin(detail)})
    if row.is_trial:
        facts.append({"label": _("Free trial"), "value": _("Nothing is charged while it runs")})
    if saas.beneficiary_email:
        facts.append({"label": _("Administrator at the customer"), "value": saas.beneficiary_email})
    facts.append({"label": _("Bought by"), "value": saas.purchaser_email})
    return facts


def _term_days(detail: Detail) -> str:
    row = detail.saas.subscription
    if row.starts_on is None or row.ends_on is None:
        return _("Begins on the day of the activation")
    last = row.ends_on - datetime.timedelta(days=1)
    return _("%(first)s to %(last)s") % {"first": day(row.starts_on), "last": day(last)}


def _price(detail: Detail) -> str:
    saas, row = detail.saas, detail.saas.subscription
    return unit_price_text(
        rules.unit_price_of(saas), row.currency, row.billing_frequency, is_per_seat=saas.plan.is_per_seat
    )


def _margin(detail: Detail) -> str:
    saas = detail.saas
    if saas.list_price <= rules.unit_price_of(saas):
        return ""
    facts = {"list_price": money_text(saas.list_price, saas.subscription.currency)}
    return _("List price %(list_price)s; a private offer applies") % facts


def _fields(detail: Detail, now: datetime.datetime) -> list[Field]:
    """Return what can be changed, in the order of section 1.7, each with its way or the reason against it."""
    saas, row = detail.saas, detail.saas.subscription
    fields = [
        ("rename", "rename", _("Friendly name"), row.friendly_name, ""),
        ("quantity", "quantity", _("Quantity"), quantity_of(saas), _running_quantity(detail)),
        ("plan", "plan", _("Plan"), saas.plan.name, _running_plan(detail)),
        ("billing_frequency", "billing", _("Billing frequency"), _frequency(row.billing_frequency), ""),
        ("auto_renew", "auto_renew", _("Auto-renew"), _("On") if row.auto_renew else _("Off"), _end_text(detail)),
        (
            "partner_on_record",
            "reseller",
            _("Reseller (PartnerID)"),
            row.partner_on_record or "–",
            row.reseller.organization.name if row.reseller else "",
        ),
    ]
    if row.billing_owner.organization.kind == OrganizationKind.INDIRECT_PROVIDER:
        further = ", ".join(saas.further_partner_ids) or "–"
        fields.append(("further_resellers", "further_resellers", _("Further resellers (PartnerIDs)"), further, ""))
    return [
        Field(
            name=action,
            label=str(title),
            value=str(value),
            hint=hint,
            button=str(_("Change")),
            url=reverse(f"marketplace:{url_name}", args=[saas.pk]),
            reason=_flat_rate_reason(detail, action) or _reason(detail, action),
        )
        for action, url_name, title, value, hint in fields
    ]


def _flat_rate_reason(detail: Detail, action: str) -> str:
    if action != "quantity" or detail.saas.plan.is_per_seat:
        return ""
    return _("The plan %(plan)s has a flat rate: its quantity is 1.") % {"plan": detail.saas.plan.name}


def _frequency(value: str) -> str:
    return str(BillingFrequency(value).label)


def _running_quantity(detail: Detail) -> str:
    running = detail.running
    if running is None or running.action != OperationAction.CHANGE_QUANTITY:
        return ""
    return _("Pending at the publisher: %(quantity)s") % {"quantity": quantity_text(running.quantity)}


def _running_plan(detail: Detail) -> str:
    running = detail.running
    if running is None or running.action != OperationAction.CHANGE_PLAN:
        return ""
    return _("Pending at the publisher: %(plan)s") % {"plan": running.plan.name}


def _end_text(detail: Detail) -> str:
    row = detail.saas.subscription
    if row.ends_on is None or detail.saas.status == FulfillmentStatus.UNSUBSCRIBED:
        return ""
    text = _("Renews on %(date)s") if row.auto_renew else _("Ends on %(date)s")
    return text % {"date": day(row.ends_on)}


def cancel_text(detail: Detail, now: datetime.datetime) -> str:
    """Say until when canceling is possible, and what it gives back, for beside the command (M8, W22)."""
    saas, row = detail.saas, detail.saas.subscription
    if saas.status == FulfillmentStatus.UNSUBSCRIBED:
        return ""
    if saas.status == FulfillmentStatus.PENDING:
        return _("Possible until the publisher activates it; nothing has been charged.")
    if row.cancelable_until is None:
        return _("Not possible.")
    facts = {"until": moment(row.cancelable_until), "refund": money_text(detail.refund, row.currency)}
    if not rules.is_in_window(saas, now=now):
        return _("Was possible until %(until)s.") % facts
    if saas.refund == Refund.NONE:
        return _("Possible until %(until)s. Nothing is given back.") % facts
    return _("Possible until %(until)s. Now it gives back %(refund)s.") % facts


def _steps(detail: Detail) -> list[dict[str, Any]]:
    """Return bought → link opened → set up → activated, each with its moment (W23)."""
    return [{"label": STEP_LABELS[step.code], "at": step.at} for step in detail.steps]


def _changes_of(event: Any) -> str:
    """Word what an event changed: "quantity 12 → 20"."""
    before, after = event.before or {}, event.after or {}
    return " · ".join(f"{_word(before[name])} → {_word(after[name])}" for name in after if name in before)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    return str(dict(BillingFrequency.choices).get(value, value))


# --- what happens next -----------------------------------------------------------------------------------------------
def what_happens_next(detail: Detail, now: datetime.datetime) -> list[str]:
    """Return in sentences with dates what follows by itself, and what somebody has to do (M7, W26)."""
    saas = detail.saas
    if saas.status == FulfillmentStatus.UNSUBSCRIBED:
        return _next_of_ended(detail)
    if saas.status == FulfillmentStatus.PENDING:
        return _next_of_pending(detail)
    found = _next_of_operation(detail)
    if saas.status == FulfillmentStatus.SUSPENDED and saas.suspended_until is not None:
        until = {"until": moment(saas.suspended_until)}
        return [*found, _("A payment is missing. If it does not arrive by %(until)s, the subscription ends.") % until]
    return [*found, *_next_of_running(detail, now)]


def _next_of_ended(detail: Detail) -> list[str]:
    saas = detail.saas
    facts = {"reason": EndReason(saas.end_reason).label, "when": moment(saas.ended_at) if saas.ended_at else "–"}
    return [
        _("Ended on %(when)s: %(reason)s. It does not come back; the offer can be bought again.") % facts,
        _("The publisher keeps the customer's data for at least 7 days."),
    ]


def _next_of_pending(detail: Detail) -> list[str]:
    saas = detail.saas
    facts = {"publisher": saas.publisher.organization.name, "until": moment(saas.activate_by)}
    if saas.link_opened_at is None:
        first = _("Open the publisher's site, or send its link to the customer, and finish the setup.")
    else:
        first = _("%(publisher)s assigns the licenses and activates the subscription. It may still need the setup.")
    return [
        first % facts,
        _("Billing starts on the day %(publisher)s activates it, never before.") % facts,
        _("If it is not active by %(until)s, the purchase lapses and costs nothing.") % facts,
    ]


def _next_of_operation(detail: Detail) -> list[str]:
    running = detail.running
    if running is None:
        return []
    facts = {
        "publisher": detail.saas.publisher.organization.name,
        "change": OperationAction(running.action).label,
        "seconds": settings.AUTO_ACCEPT_SECONDS,
        "until": moment(running.fails_at) if running.fails_at else "–",
    }
    return [
        _("%(publisher)s is asked: %(change)s. It can refuse within %(seconds)s seconds of being told.") % facts,
        _("If the publisher cannot be reached until %(until)s, nothing changes.") % facts,
    ]


def _next_of_running(detail: Detail, now: datetime.datetime) -> list[str]:
    saas, row = detail.saas, detail.saas.subscription
    if row.ends_on is None:
        return []
    found, facts = [], {"date": day(row.ends_on), "term": Term(row.term).label}
    if saas.billed_until is not None and saas.billed_until < row.ends_on:
        found.append(_("The next charge is due on %(date)s.") % {"date": day(saas.billed_until)})
    if not row.auto_renew:
        found.append(_("The subscription ends on %(date)s; nothing is charged after that.") % facts)
    elif row.is_trial:
        found.append(_("The free trial ends on %(date)s; then the first paid term begins: %(term)s.") % facts)
    else:
        found.append(_("On %(date)s the next term begins by itself: %(term)s, at the price of that day.") % facts)
    if rules.is_in_window(saas, now=now) and row.cancelable_until is not None:
        found.append(_("Canceling is possible until %(until)s.") % {"until": moment(row.cancelable_until)})
    elif row.auto_renew:
        found.append(_("To stop it, switch auto-renew off before that day."))
    return found


# --- the publisher's site --------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def publisher_link(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Make a personal link to the publisher's site: to open, or to copy for a private window (M5)."""
    saas = queries.subscription_of(request.actor, subscription_id)
    link, refusal = "", None
    if request.method == "POST":
        try:
            link = activation.issue_purchase_token(subscription_id=saas.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
    show_its_customer(request, saas.subscription.customer_id)
    context = {
        "name": saas.subscription.friendly_name,
        "customer_name": saas.subscription.customer.organization.name,
        "publisher": saas.publisher.organization.name,
        "link": link,
        "hours": settings.PURCHASE_TOKEN_HOURS,
        "is_pending": saas.status == FulfillmentStatus.PENDING,
        "refusal": refusal,
        "action_url": reverse("marketplace:publisher_link", args=[saas.pk]),
        "detail_url": reverse("marketplace:subscription", args=[saas.pk]),
    }
    return page_or_fragment(
        request,
        page="marketplace/publisher_link.html",
        fragment="marketplace/_publisher_link_dialog.html",
        context=context,
        status=refusal.http_status if refusal else 200,
    )
