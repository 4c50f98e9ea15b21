"""What was bought of a publisher, what its software was told, and what it reported."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from marketplace import queries as marketplace
from marketplace import rules
from marketplace.enums import CallStatus, FulfillmentStatus, OperationStatus, Turn
from marketplace.forms.publisher import cycle_label
from marketplace.models import Operation, SaaSSubscription, WebhookCall
from marketplace.presentation import TONES
from marketplace.queries import publishers as queries
from marketplace.workflow import calls as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page

SHOWN_OPERATIONS = 50
CALL_TONES = {
    CallStatus.WAITING: "info",
    CallStatus.DELIVERED: "success",
    CallStatus.REFUSED: "warning",
    CallStatus.FAILED: "error",
    CallStatus.DROPPED: "neutral",
}
OPERATION_TONES = {
    OperationStatus.IN_PROGRESS: "info",
    OperationStatus.SUCCEEDED: "success",
    OperationStatus.FAILED: "error",
}


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def subscriptions(request: PortalRequest) -> HttpResponse:
    """List what was bought of the publisher's offers, in every state."""
    address = ListAddress.read(request, {"q": None, "state": FulfillmentStatus.values, "cursor": None})
    text, state = address.get("q"), address.get("state")
    found = queries.purchases_of(request.actor, text=text, status=state)
    page = keyset_page(found, order=("-purchased_at", "-pk"), cursor=address.get("cursor"), with_total=True)
    choices = [("", _("All states")), *((value, str(label)) for value, label in FulfillmentStatus.choices)]
    context = {
        "rows": [_purchase_row(saas) for saas in page],
        "values": {"q": text, "state": state},
        "states": [{"value": value, "label": label} for value, label in choices],
        "chips": address.chips({"q": _("Search: %(text)s") % {"text": text}, "state": dict(choices)[state]}),
        "list_url": address.path,
        "pager": address.pager(page),
    }
    return page_or_fragment(
        request,
        page="marketplace/publisher/subscriptions.html",
        fragment="marketplace/publisher/_subscriptions.html",
        context=context,
    )


def _purchase_row(saas: SaaSSubscription) -> dict[str, Any]:
    row = saas.subscription
    return {
        "url": reverse("publisher:subscription", args=[saas.pk]),
        "name": row.friendly_name,
        "user": saas.beneficiary_email,
        "product": row.product_name,
        "quantity": row.quantity if saas.plan.is_per_seat else None,
        "tone": TONES[FulfillmentStatus(saas.status)],
        "status": saas.get_status_display(),
        "bought_at": saas.purchased_at,
        "ends_on": row.ends_on,
        "renews": row.auto_renew and saas.status == FulfillmentStatus.SUBSCRIBED,
    }


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def subscription(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show one purchase as the publisher's software knows it, its operations, and whose turn it is."""
    saas = queries.own_purchase(request.actor, subscription_id)
    operations = list(saas.operations.select_related("plan", "call").order_by("-created_at", "-pk")[:SHOWN_OPERATIONS])
    running = next((one for one in operations if one.status == OperationStatus.IN_PROGRESS), None)
    context = {
        "saas": saas,
        "name": saas.subscription.friendly_name,
        "status": {"tone": TONES[FulfillmentStatus(saas.status)], "label": saas.get_status_display()},
        "turn": _turn(saas, running),
        "facts": _facts(saas),
        "operations": [_operation_row(one) for one in operations],
    }
    return render(request, "marketplace/publisher/subscription.html", context)


def _turn(saas: SaaSSubscription, running: Operation | None) -> str:
    """Say whose turn it is from the publisher's side (M7)."""
    words = {
        Turn.PARTNER: _("The partner's turn: nobody has opened your site yet."),
        Turn.PUBLISHER: _("Your turn: set the purchase up and activate it.")
        if running is None
        else _("Your turn: accept or refuse the change. Saying nothing for ten seconds accepts it."),
        Turn.OPERATOR: _("The operator's turn: a payment is missing."),
        Turn.NOBODY: _("Nothing to do."),
    }
    return words[rules.turn_of(saas, running)] if saas.status != FulfillmentStatus.UNSUBSCRIBED else _("It has ended.")


def _facts(saas: SaaSSubscription) -> list[dict[str, Any]]:
    """The facts that the API gives the publisher as well (fulfillment reference, section 3.2), and no others."""
    row = saas.subscription
    facts = [
        (_("Subscription ID"), row.pk),
        (_("Offer and plan"), row.product_name),
        (_("Quantity"), row.quantity if saas.plan.is_per_seat else ""),
        (_("Term and billing"), cycle_label(row.term, row.billing_frequency)),
        (_("Used by"), saas.beneficiary_email or "–"),
        (_("Tenant of the user"), row.customer_id),
        (_("Bought by"), saas.purchaser_email),
        (_("Tenant of the buyer"), row.billing_owner_id),
        (_("Auto-renew"), _("On") if row.auto_renew else _("Off")),
        (_("Free trial"), _("Yes") if row.is_trial else _("No")),
        (_("You may change and cancel it"), _("Yes") if saas.publisher_may_change else _("No")),
    ]
    return [{"label": label, "value": value} for label, value in facts if value != ""]


def _operation_row(one: Operation) -> dict[str, Any]:
    call = getattr(one, "call", None)
    return {
        "action": one.get_action_display(),
        "source": one.get_source_display(),
        "plan": one.plan.name,
        "quantity": one.quantity,
        "tone": OPERATION_TONES.get(OperationStatus(one.status), "neutral"),
        "status": one.get_status_display(),
        "reason": one.error_message or one.error_code,
        "at": one.created_at,
        "call_url": reverse("publisher:call", args=[call.pk]) if call else "",
    }


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def calls(request: PortalRequest) -> HttpResponse:
    """List the calls to the publisher's webhooks."""
    address = ListAddress.read(request, {"state": CallStatus.values, "cursor": None})
    state = address.get("state")
    found = marketplace.calls_of(request.actor, status=state)
    page = keyset_page(found, order=("-created_at", "-pk"), cursor=address.get("cursor"), with_total=True)
    choices = [("", _("All states")), *((value, str(label)) for value, label in CallStatus.choices)]
    context = {
        "rows": [_call_row(one) for one in page],
        "values": {"state": state},
        "states": [{"value": value, "label": label} for value, label in choices],
        "chips": address.chips({"state": dict(choices)[state]}),
        "list_url": address.path,
        "pager": address.pager(page),
    }
    return page_or_fragment(
        request,
        page="marketplace/publisher/calls.html",
        fragment="marketplace/publisher/_calls.html",
        context=context,
    )


def _call_row(one: WebhookCall) -> dict[str, Any]:
    return {
        "url": reverse("publisher:call", args=[one.pk]),
        "action": one.operation.get_action_display(),
        "subscription": one.operation.saas.subscription.friendly_name,
        "tone": CALL_TONES[CallStatus(one.status)],
        "status": one.get_status_display(),
        "attempts": one.attempts,
        "at": one.created_at,
        "next_at": one.next_attempt_at,
    }


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def call(request: PortalRequest, call_id: UUID) -> HttpResponse:
    """Show one call: what was sent, and what came back at each try."""
    one = marketplace.own_call(request.actor, call_id)
    context = {
        **_call_row(one),
        "call": one,
        "subscription_url": reverse("publisher:subscription", args=[one.operation.saas_id]),
        "body": json.dumps(json.loads(bytes(one.body)), indent=2, ensure_ascii=False),
        "tries": [
            {
                "at": tried.started_at,
                "url": tried.url,
                "milliseconds": tried.milliseconds,
                "tone": "success" if tried.http_status and tried.http_status < 300 else "error",
                "result": str(tried.http_status) if tried.http_status else _fault(tried.error),
                "answer": tried.answer,
            }
            for tried in marketplace.attempts_of(one)
        ],
        "may_repeat": one.status != CallStatus.WAITING,
    }
    return render(request, "marketplace/publisher/call.html", context)


def _fault(code: str) -> str:
    """Say in words why nothing came back (portal.core.outgoing)."""
    words = {
        "address-not-allowed": _("The address is private or not https: nothing was sent"),
        "name-unknown": _("The name of the server is unknown"),
        "not-connected": _("The server took no connection"),
        "timed-out": _("No answer in time"),
        "not-http": _("The answer was not HTTP"),
        "wrong-certificate": _("The certificate is not valid for this name"),
    }
    return words.get(code, code)


@require_POST
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def repeat_call(request: PortalRequest, call_id: UUID) -> HttpResponse:
    """Send a finished call once more."""
    one = marketplace.own_call(request.actor, call_id)
    workflow.repeat_call(call_id=one.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The call is on its way once more, with the same identifier."))
    return redirect("publisher:call", one.pk)


@require_safe
@requires(Permission.PUBLISHER_OFFER_MANAGE)
def usage(request: PortalRequest) -> HttpResponse:
    """List the usage that the publisher's software reported."""
    address = ListAddress.read(request, {"cursor": None})
    found = marketplace.usage_of(request.actor)
    page = keyset_page(found, order=("-hour", "-pk"), cursor=address.get("cursor"), with_total=True)
    rows = [
        {
            "url": reverse("publisher:subscription", args=[one.saas_id]),
            "subscription": one.saas.subscription.friendly_name,
            "dimension": one.dimension.name,
            "unit": one.dimension.unit,
            "quantity": one.quantity.normalize(),
            "hour": one.hour,
            "received_at": one.received_at,
        }
        for one in page
    ]
    return render(request, "marketplace/publisher/usage.html", {"rows": rows, "pager": address.pager(page)})
