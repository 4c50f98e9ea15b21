"""One first-party subscription: what it is, what it costs, what happened (section 1.7)."""

import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import TextChoices
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from azure.announcements import SUBJECT
from azure.queries.subscriptions import Detail, below, charges_of, subscription_detail
from azure.rules.families import LICENSED
from azure.rules.images import HOSTS
from azure.rules.lifecycle import check_may_change, lifecycle_of
from billing.presentation import charge_row
from customers.enums import CURRENT_STATUSES, BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import Subscription
from customers.presentation import (
    TONES,
    day,
    licenses_text,
    moment,
    quantity_text,
    status_text,
    term_text,
    unit_price_text,
)
from customers.questions import show_its_customer
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit import timeline
from portal.core.errors import Refusal, refusal_of
from portal.core.http import PortalRequest
from portal.core.money import money_text

CHARGES_SHOWN = 24
BELOW_SHOWN = 100


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def subscription(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show one subscription with everything that can be done with it."""
    now = timezone.now()
    detail = subscription_detail(request.actor, subscription_id, now=now)
    row = detail.subscription
    relationship = show_its_customer(request, row.customer_id)
    pays = row.billing_owner_id == request.actor.organization_id  # a reseller learns nothing of its provider's money
    context = {
        "subscription": row,
        "name": row.friendly_name,
        "product": row.product_name if row.product_name != row.friendly_name else _family(row),
        "customer": relationship,
        "customer_name": row.customer.organization.name,
        "status": {"tone": TONES[SubscriptionStatus(row.status)], "label": status_text(row)},
        "role_refusal": _role_refusal(row, request),
        "fields": _fields(detail),
        "facts": _facts(row, with_money=pays),
        "plan": _plan(detail),
        "cancel_text": _cancel_text(detail, now) if pays else "",
        "reasons": {action: refusal.explanation for action, refusal in detail.refusals.items() if refusal},
        "transition_url": _transition_url(row),
        "images_url": reverse("azure:images", args=[row.pk]) if row.product_family in HOSTS else "",
        "windows": [
            {"count": one.left, "added": moment(one.added_at), "until": moment(one.reducible_until)}
            for one in detail.windows
        ],
        "below": [_below(one) for one in below(row)[:BELOW_SHOWN]],
        "charges": [charge_row(charge, request.actor) for charge in charges_of(row)[:CHARGES_SHOWN]] if pays else [],
        "entries": timeline.entries(audit.timeline(request.actor, SUBJECT, row.pk), text_of=_changes_of),
        "log_url": _log_url(request, row.pk),
    }
    return render(request, "azure/subscription.html", context)


def _transition_url(row: Subscription) -> str:
    """Return where a subscription of the previous offer is put below an Azure plan; nothing for others."""
    is_previous = row.product_family == ProductFamily.AZURE_LEGACY
    return reverse("azure:transition", args=[row.customer_id]) if is_previous else ""


def _role_refusal(row: Subscription, request: PortalRequest) -> Refusal | None:
    """Return why the person's role may change nothing here, or ``None``."""
    return refusal_of(check_may_change, row, request.actor)


def _log_url(request: PortalRequest, subscription_id: UUID) -> str:
    if not request.actor.may(Permission.ACTIVITY_LOG_VIEW):
        return ""
    return f"{reverse('audit:log')}?{urlencode({'history': 'all', 'id': subscription_id})}"


def _family(row: Subscription) -> str:
    return str(ProductFamily(row.product_family).label)


def _facts(row: Subscription, *, with_money: bool) -> list[dict[str, Any]]:
    """Return what nobody changes here."""
    facts: list[dict[str, Any]] = [{"label": _("Kind of product"), "value": _family(row)}]
    if row.parent is not None:
        facts.append(
            {
                "label": _("Belongs to"),
                "value": row.parent.friendly_name,
                "url": reverse("azure:subscription", args=[row.parent_id]),
            }
        )
    if row.scope:
        facts.append({"label": _("Scope"), "value": row.get_scope_display()})
    if not lifecycle_of(row).renews or row.ends_on is None:
        facts.append({"label": _("Billing"), "value": BillingFrequency(row.billing_frequency).label})
    if with_money and row.unit_price is not None:
        facts.append({"label": _("Price"), "value": _price(row)})
    return facts


def _fields(detail: Detail) -> list[dict[str, Any]]:
    """Return what can be changed, in the order of section 1.7, each with its way or the reason against it."""
    row = detail.subscription
    fields: list[tuple[str, str, str, str]] = [("rename", _("Friendly name"), row.friendly_name, "")]
    if detail.lifecycle.is_counted:
        fields.append(("quantity", _("Quantity"), quantity_text(row), ""))
    credited = row.reseller.organization.name if row.reseller else ""
    fields.append(("reseller", _("Reseller (PartnerID)"), row.partner_on_record or "–", credited))
    if detail.lifecycle.renews and row.ends_on is not None:
        ends = _("Renews on %(date)s") if row.auto_renew else _("Ends on %(date)s")
        state = _("On") if row.auto_renew else _("Off")
        fields.append(("auto_renew", _("Auto-renew"), state, ends % {"date": day(row.ends_on)}))
        following = plan_text(detail) if detail.has_plans else _("As now")
        fields.append(("next_term", _("Next term"), following, ""))
        fields.append(("term", _("Term"), str(Term(row.term).label), _term_days(row)))
        fields.append(("billing_frequency", _("Billing"), str(BillingFrequency(row.billing_frequency).label), ""))
    return [
        {
            "label": label,
            "value": value,
            "hint": hint,
            "button": _("Manage renewal") if action == "next_term" else _("Change"),
            "url": reverse(f"azure:{action}", args=[row.pk]),
            "reason": refusal.explanation if (refusal := detail.refusals[action]) else "",
            "tip_id": f"reason-{action}",
        }
        for action, label, value, hint in fields
    ]


def _plan(detail: Detail) -> dict[str, Any]:
    """Return what is planned for the next term, with the way to undo it; nothing if it begins as now."""
    row = detail.subscription
    if not detail.has_plans or row.ends_on is None:
        return {}
    return {
        "text": plan_text(detail),
        "date": day(row.ends_on),
        "undo_url": reverse("azure:drop_next_term", args=[row.pk]) if detail.may("drop_next_term") else "",
    }


def plan_text(detail: Detail) -> str:
    """Return with what the next term begins: "6 licenses · 3 years · billed: Monthly"."""
    plan = detail.next_term
    parts = [term_text(plan.term, plan.billing_frequency)]
    if detail.lifecycle.is_counted:
        parts.insert(0, licenses_text(plan.quantity))
    return " · ".join(parts)


def _cancel_text(detail: Detail, now: datetime.datetime) -> str:
    """Say until when canceling is possible, and what it gives back, beside the command (section 1.7)."""
    row, lifecycle = detail.subscription, detail.lifecycle
    if row.status not in CURRENT_STATUSES or lifecycle.window_days == 0:
        return ""
    money = {"refund": money_text(detail.refund.total, row.currency)} if row.currency else {}
    if lifecycle.window_days is None:
        if not money:
            return _("Canceling is possible at any time; what was used stays due.")
        return _("Canceling is possible at any time. Now it gives back %(refund)s.") % money
    if row.cancelable_until is None or now >= row.cancelable_until:
        return _("Canceling is not possible any more.")
    facts = money | {"until": moment(row.cancelable_until)}
    return _("Canceling is possible until %(until)s. Now it gives back %(refund)s.") % facts


def _term_days(row: Subscription) -> str:
    if row.starts_on is None or row.ends_on is None:
        return ""
    last = row.ends_on - datetime.timedelta(days=1)
    return _("%(first)s to %(last)s") % {"first": day(row.starts_on), "last": day(last)}


def _price(row: Subscription) -> str:
    if row.unit_price is None:
        return ""
    return unit_price_text(
        row.unit_price, row.currency, row.billing_frequency, is_per_seat=row.product_family in LICENSED
    )


def _below(row: Subscription) -> dict[str, Any]:
    return {
        "name": row.friendly_name,
        "url": reverse("azure:subscription", args=[row.pk]),
        "family": _family(row),
        "tone": TONES[SubscriptionStatus(row.status)],
        "status": status_text(row),
        "id": row.pk,
    }


def _changes_of(event: Any) -> str:
    """Word what an event changed: "12 → 20"."""
    before, after = event.before or {}, event.after or {}
    return " · ".join(f"{_word(name, before[name])} → {_word(name, after[name])}" for name in after if name in before)


def _word(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    choices: dict[str, type[TextChoices]] = {"term": Term, "billing frequency": BillingFrequency}
    return str(choices[name](value).label) if name in choices else str(value)
