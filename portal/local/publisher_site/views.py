"""Pages of a demo publisher: where customers land and set up what was bought, and where changes are answered."""

import functools
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.access import public
from portal.local.publisher_site.client import Portal, PortalFault
from portal.local.publisher_site.store import Habit, Site, Store

DEMO_ONLY = "the embedded run only: the site of an invented publisher, with invented customers"
HANGS_SECONDS = 12  # longer than the portal waits
DECIDED = frozenset({"ChangePlan", "ChangeQuantity"})  # what a publisher may refuse
STATES: dict[str, tuple[str, Promise]] = {
    "PendingFulfillmentStart": ("warning", gettext_lazy("Not set up yet")),
    "Subscribed": ("success", gettext_lazy("Active")),
    "Suspended": ("warning", gettext_lazy("Suspended")),
    "Unsubscribed": ("neutral", gettext_lazy("Ended")),
}
ACTIONS: dict[str, Promise] = {
    "ChangePlan": gettext_lazy("Change of plan"),
    "ChangeQuantity": gettext_lazy("Change of quantity"),
    "Reinstate": gettext_lazy("Reinstatement"),
    "Renew": gettext_lazy("Renewal"),
    "Subscribe": gettext_lazy("Activation"),
    "Suspend": gettext_lazy("Suspension"),
    "Unsubscribe": gettext_lazy("Cancellation"),
}

logger = structlog.get_logger(__name__)


def told_what_is_wrong(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the publisher, and answer a refusal of the portal with a page that tells it."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, name: str, **parameters: Any) -> HttpResponse:
        store = Store.of_this_run()
        site = store.site(name) if store else None
        if store is None or site is None:
            raise Http404
        try:
            return view(request, store, site, **parameters)
        except PortalFault as fault:
            logger.warning("demo_publisher_fault", site=name, fault=str(fault))
            context = {"site": site, "fault": str(fault)}
            return render(request, "publisher_site/fault.html", context, status=HTTPStatus.BAD_GATEWAY)

    return guarded


@require_safe
@public(DEMO_ONLY)
@told_what_is_wrong
def home(request: HttpRequest, store: Store, site: Site) -> HttpResponse:
    """Show whom the publisher serves, what it was told, and how it answers."""
    context = {
        "site": site,
        "accounts": [_shown(one) for one in store.accounts(site)],
        "messages_received": [
            {"action": _action(one.body), "quantity": one.body.get("quantity"), "message": one}
            for one in store.messages(site)
        ],
        "habits": [{"value": value, "label": label, "checked": value == site.habit} for value, label in Habit.choices],
    }
    return render(request, "publisher_site/home.html", context)


@require_safe
@public(DEMO_ONLY)
@told_what_is_wrong
def start(request: HttpRequest, store: Store, site: Site) -> HttpResponse:
    """Take the link from the portal: ask it what was bought, and go to the account without the token."""
    token = request.GET.get("token", "").strip()
    if not token:
        raise PortalFault(_("The link has no token. Open it from the portal again."))
    subscription = Portal(site).resolve(token)
    store.keep_account(site, subscription, now=timezone.now())
    return redirect("publisher_site:account", site.name, subscription["id"])


@require_safe
@public(DEMO_ONLY)
@told_what_is_wrong
def account(request: HttpRequest, store: Store, site: Site, subscription_id: UUID) -> HttpResponse:
    """Show one purchase as the portal has it now, with what waits for an answer."""
    portal = Portal(site)
    subscription = portal.subscription(str(subscription_id))
    store.keep_account(site, subscription, now=timezone.now())
    context = {
        "site": site,
        "account": _shown(subscription),
        "operations": [
            {"id": one["id"], "action": _action(one), "quantity": one.get("quantity"), "plan": one["planId"]}
            for one in portal.running(str(subscription_id))
            if one["action"] in DECIDED
        ],
    }
    return render(request, "publisher_site/account.html", context)


@require_POST
@public(DEMO_ONLY)
@told_what_is_wrong
def activate(request: HttpRequest, store: Store, site: Site, subscription_id: UUID) -> HttpResponse:
    """Tell the portal that everything is set up: from here on it is charged."""
    portal = Portal(site)
    portal.activate(portal.subscription(str(subscription_id)))
    messages.success(request, _("Everything is set up. The subscription is active."))
    return redirect("publisher_site:account", site.name, subscription_id)


@require_POST
@public(DEMO_ONLY)
@told_what_is_wrong
def decide(request: HttpRequest, store: Store, site: Site, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Accept or refuse a change by hand."""
    accepts = request.POST.get("answer") == "accept"
    Portal(site).decide(str(subscription_id), str(operation_id), accepts=accepts)
    store.note_answer(site, str(operation_id), _("Accepted by hand") if accepts else _("Refused by hand"))
    messages.success(request, _("The change is accepted.") if accepts else _("The change is refused."))
    return redirect("publisher_site:account", site.name, subscription_id)


@require_POST
@public(DEMO_ONLY)
@told_what_is_wrong
def choose_habit(request: HttpRequest, store: Store, site: Site) -> HttpResponse:
    """Choose how changes are answered from now on."""
    if request.POST.get("habit") in Habit.values:
        store.choose_habit(site, Habit(request.POST["habit"]))
        messages.success(request, _("Your choice is saved."))
    return redirect("publisher_site:home", site.name)


@require_POST
@public(DEMO_ONLY)
@told_what_is_wrong
def refresh(request: HttpRequest, store: Store, site: Site) -> HttpResponse:
    """Read all purchases from the portal."""
    for subscription in Portal(site).subscriptions():
        store.keep_account(site, subscription, now=timezone.now())
    return redirect("publisher_site:home", site.name)


@csrf_exempt
@public("called by the portal, which proves itself by a signed token")
@require_POST
@told_what_is_wrong
def webhook(request: HttpRequest, store: Store, site: Site) -> HttpResponse:
    """Take what the portal tells, after checking that it is the portal and that it is true (section 4)."""
    portal = Portal(site)
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not portal.is_from_portal(token):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED)
    try:
        body = json.loads(request.body)
        subscription, operation_id, subscription_id = body["subscription"], str(body["id"]), body["subscriptionId"]
    except (ValueError, KeyError, TypeError):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    operation = portal.operation(str(subscription_id), operation_id)
    is_news = store.note_message(site, body, now=timezone.now())
    store.keep_account(site, subscription, now=timezone.now())
    if site.habit == Habit.HANG:
        time.sleep(HANGS_SECONDS)
    if site.habit in (Habit.HANG, Habit.BREAK):
        store.note_answer(site, operation_id, _("No answer") if site.habit == Habit.HANG else _("Answered an error"))
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    if is_news or operation["status"] == "InProgress":
        store.note_answer(site, operation_id, _answer_by_habit(portal, site, operation))
    return HttpResponse(status=HTTPStatus.OK)


def _answer_by_habit(portal: Portal, site: Site, operation: dict[str, Any]) -> str:
    """Accept, refuse or leave a change, and say in words what was done."""
    if operation["action"] not in DECIDED or operation["status"] != "InProgress":
        return _("Noted")
    if site.habit not in (Habit.ACCEPT, Habit.REFUSE):
        return _("Waits for a person")
    accepts = site.habit == Habit.ACCEPT
    portal.decide(operation["subscriptionId"], operation["id"], accepts=accepts)
    return _("Accepted") if accepts else _("Refused")


def _shown(subscription: dict[str, Any]) -> dict[str, Any]:
    """Return what the pages show of a subscription."""
    status = subscription["saasSubscriptionStatus"]
    tone, label = STATES.get(status, ("neutral", status))
    term = subscription.get("term", {})
    return {
        "id": subscription["id"],
        "name": subscription["name"],
        "offer": subscription["offerId"],
        "plan": subscription["planId"],
        "quantity": subscription.get("quantity"),
        "user": subscription.get("beneficiary", {}).get("emailId", ""),
        "bought_by": subscription.get("purchaser", {}).get("emailId", ""),
        "starts_at": parse_datetime(term.get("startDate", "")),
        "ends_at": parse_datetime(term.get("endDate", "")),
        "is_waiting": status == "PendingFulfillmentStart",
        "tone": tone,
        "state": label,
    }


def _action(body: dict[str, Any]) -> str:
    name = str(body.get("action", ""))
    return str(ACTIONS.get(name, name))
