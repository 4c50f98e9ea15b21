"""The source's answer: look through what the customer has, choose, see the money, accept or decline (6.4.4, X1, X3)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.rules import is_past_due
from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.dates import date_format
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from transfers import queries, rules, workflow
from transfers.enums import FaultMode
from transfers.forms.answers import DeclineForm, FaultForm
from transfers.forms.choice import EVERYTHING, Choice
from transfers.models import CommerceFault, Transfer
from transfers.presentation import product_types_label, time_left
from transfers.queries.preflight import CANNOT_MOVE, Preflight, chosen, preflight
from transfers.reasons import Finding, TransferRefused
from transfers.views import review_rows

PAGE_SIZE = 100  # items on a page; far below the number of fields a form may have
GROUP, UNGROUP = "group:", "ungroup:"
WISHED, NOTHING = "wished", "nothing"


def _refused(request: PortalRequest, transfer: Transfer, action: str) -> HttpResponse | None:
    """Lead who cannot answer the request, or not any more, to its page with the reason; ``None`` for who can."""
    refusal = rules.why_not(action, transfer, actor=request.actor, now=timezone.now())
    if refusal is None:
        return None
    messages.warning(request, refusal.explanation)
    return redirect_to(request, reverse("transfers:detail", args=[transfer.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_ACCEPT)
def review(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Show everything the customer has here, what can move and why the rest cannot; a POST changes the choice only."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "review"):
        return refused
    found = preflight(transfer, today=timezone.now().date())
    choice = Choice.read(request.POST) if request.method == "POST" else Choice()
    return _page(request, transfer, found, _changed(request, transfer, found, choice))


def _changed(request: PortalRequest, transfer: Transfer, found: Preflight, choice: Choice) -> Choice:
    """Return the choice after the button that was pressed: all of a group, everything, what was wished for, nothing."""
    wanted = request.POST.get("choose", "")
    if wanted == EVERYTHING:
        return Choice(is_everything=True)
    if wanted == NOTHING:
        return Choice()
    if wanted == WISHED:
        return choice.with_items(review_rows.wished(transfer, found))
    key = wanted.removeprefix(GROUP).removeprefix(UNGROUP)
    group = found.group(key) if key != wanted else None
    if group is None:
        return choice
    return choice.with_items(group.item_ids) if wanted.startswith(GROUP) else choice.without(group.item_ids)


def _page(
    request: PortalRequest,
    transfer: Transfer,
    found: Preflight,
    choice: Choice,
    *,
    refusal: Refusal | None = None,
) -> HttpResponse:
    page = found.page(_number(request.POST.get("page", "") or request.POST.get("at", "")), PAGE_SIZE)
    movable = [item_id for group, ids in page.groups if group.key != CANNOT_MOVE for item_id in ids]
    context = {
        "transfer": transfer,
        "customer_name": transfer.customer.organization.name,
        "target_name": transfer.target_partner.organization.name,
        "kinds": product_types_label(transfer.product_types),
        "time_left": time_left(transfer, timezone.now()),
        "is_provider": request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER,
        "counts": {
            "movable": len(found.movable),
            "with_warning": found.with_warning,
            "blocked": found.blocked,
        },
        "groups": review_rows.group_rows(transfer, found, page, choice),
        "page": page,
        "previous_page": page.number - 1,
        "next_page": page.number + 1 if page.number < page.last else 0,
        "fields": choice.fields(movable),
        "summary": review_rows.summary_of(chosen(transfer, found, choice.of(found.movable))),
        "sandbox": _sandbox(request, transfer, found, movable),
        "refusal": refusal or _held_back(transfer),
    }
    status = refusal.http_status if refusal else 200
    return page_or_fragment(
        request, page="transfers/review.html", fragment="transfers/_review.html", context=context, status=status
    )


def _held_back(transfer: Transfer) -> TransferRefused | None:
    """Return what keeps the whole request from being accepted until the target has paid; the choice can be made."""
    past_due = is_past_due(transfer.target_partner_id, on=timezone.now().date())
    return TransferRefused(Finding("target-past-due")) if past_due else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


@require_POST
@requires(Permission.TRANSFER_ACCEPT)
def summary(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Say how many items are chosen and what money they move; the page asks after each change."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "review"):
        return refused
    found, choice = preflight(transfer, today=timezone.now().date()), Choice.read(request.POST)
    sums = review_rows.summary_of(chosen(transfer, found, choice.of(found.movable)))
    return render(request, "transfers/_review_summary.html", {"summary": sums, "transfer": transfer})


@require_POST
@requires(Permission.TRANSFER_VIEW)
def seen(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Note that somebody of the source has opened the request; the target sees the day."""
    queries.transfer_of(request.actor, transfer_id)
    workflow.mark_seen(transfer_id=transfer_id, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


# --- accept ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_ACCEPT)
def confirm(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Name the consequences of accepting with this choice, and ask."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "review"):
        return refused
    if request.method != "POST":
        return redirect_to(request, reverse("transfers:review", args=[transfer_id]))
    workflow.mark_seen(transfer_id=transfer_id, actor=request.actor, now=timezone.now())
    found, choice = preflight(transfer, today=timezone.now().date()), Choice.read(request.POST)
    item_ids = choice.of(found.movable)
    if not item_ids:
        return _choice_refused(request, transfer, found, choice, TransferRefused(Finding("nothing-chosen")))
    sums = chosen(transfer, found, item_ids)
    is_prepaid = any(one.code == "prepaid-stays-as-it-is" for item_id in item_ids for one in found.findings[item_id])
    return page_or_fragment(
        request,
        page="transfers/accept.html",
        fragment="transfers/_accept_dialog.html",
        context={
            "transfer": transfer,
            "customer_name": transfer.customer.organization.name,
            "fields": choice.fields(),
            "count": sums.items,
            "consequences": _consequences(request, transfer, review_rows.summary_of(sums), is_prepaid=is_prepaid),
        },
    )


def _consequences(request: PortalRequest, transfer: Transfer, sums: dict[str, Any], *, is_prepaid: bool) -> list[str]:
    names = {"target": transfer.target_partner.organization.name, "customer": transfer.customer.organization.name}
    today = date_format(timezone.now(), "SHORT_DATE_FORMAT")
    moved = ngettext(
        "%(count)s item of %(customer)s moves to %(target)s.",
        "%(count)s items of %(customer)s move to %(target)s.",
        sums["items"],
    )
    said = [moved % {**names, "count": sums["items"]}]
    if sums["following"]:
        more = ngettext(
            "%(count)s more goes along, because it belongs to a chosen one.",
            "%(count)s more go along, because they belong to chosen ones.",
            sums["following"],
        )
        said.append(more % {"count": sums["following"]})
    if sums["totals"]:
        credit = _("You are credited %(amounts)s for the days from %(today)s on; %(target)s is charged the same.")
        said.append(credit % {**names, "amounts": " + ".join(sums["totals"]), "today": today})
    said.append(_("You get no more invoices for what has moved, and lose the billing access to it."))
    if is_prepaid:
        said.append(_("Prepaid items can be neither canceled nor exchanged afterwards, and nothing is paid back."))
    if request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER:
        said.append(_("Tell your indirect reseller: it is no longer the partner on record of these items."))
    said.append(_("Nobody can take this back. What moved by mistake comes back only by a request of your own."))
    return said


def _choice_refused(
    request: PortalRequest, transfer: Transfer, found: Preflight, choice: Choice, refusal: Refusal
) -> HttpResponse:
    """Show the choice again with what is wrong; from the confirmation's dialog htmx swaps the whole review."""
    response = _page(request, transfer, found, choice, refusal=refusal)
    response.headers["HX-Retarget"] = "#transfer-review"
    response.headers["HX-Reswap"] = "outerHTML"
    response.headers["HX-Trigger"] = "closeOverlay"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_ACCEPT)
@fresh_sign_in
def accept(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Accept with the confirmed choice; what is refused meanwhile leads back to the choice."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "review"):
        return refused
    if request.method != "POST":
        return redirect_to(request, reverse("transfers:review", args=[transfer_id]))
    now = timezone.now()
    found, choice = preflight(transfer, today=now.date()), Choice.read(request.POST)
    item_ids = choice.of(found.movable)
    if str(len(item_ids)) != request.POST.get("count"):
        return _choice_refused(request, transfer, found, choice, TransferRefused(Finding("choice-changed")))
    try:
        workflow.mark_seen(transfer_id=transfer_id, actor=request.actor, now=now)
        workflow.accept_transfer(transfer_id=transfer_id, subscription_ids=item_ids, actor=request.actor, now=now)
    except Refusal as refusal:
        transfer.refresh_from_db(fields=["status", "expires_at"])
        return _refused(request, transfer, "review") or _choice_refused(request, transfer, found, choice, refusal)
    messages.success(request, _("Accepted. The chosen items are moving; you can follow them here."))
    return redirect_to(request, reverse("transfers:detail", args=[transfer_id]))


# --- decline ---------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_ACCEPT)
def decline(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Ask why, and decline; the target reads the reason."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "decline"):
        return refused
    form = DeclineForm(posted(request))
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        workflow.mark_seen(transfer_id=transfer_id, actor=request.actor, now=now)
        workflow.decline_transfer(transfer_id=transfer_id, reason=form.reason, actor=request.actor, now=now)
        messages.success(request, _("The request is declined. The new partner and the customer are told."))
        return redirect_to(request, reverse("transfers:detail", args=[transfer_id]))
    context = {"transfer": transfer, "customer_name": transfer.customer.organization.name, "form": form}
    return page_or_fragment(
        request,
        page="transfers/decline.html",
        fragment="transfers/_decline_panel.html",
        context=context,
        status=422 if form.errors else 200,
    )


# --- sandbox ---------------------------------------------------------------------------------------------------------
def _sandbox(
    request: PortalRequest, transfer: Transfer, found: Preflight, item_ids: list[UUID], form: FaultForm | None = None
) -> dict[str, Any] | None:
    """What the sandbox is to do with the items of a page (X6); ``None`` for everybody else."""
    if not request.actor.is_sandbox:
        return None
    items = [(str(item_id), found.context.items[item_id].friendly_name) for item_id in item_ids]
    planned = CommerceFault.objects.filter(subscription__in=item_ids).select_related("subscription")
    return {
        "form": form or FaultForm(items=items, initial={"mode": FaultMode.FAIL_TIMES}),
        "planned": list(planned.order_by("subscription__friendly_name")),
        "url": reverse("transfers:plan_fault", args=[transfer.pk]),
    }


@require_POST
@requires(Permission.TRANSFER_ACCEPT)
def plan_fault(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Tell the sandbox what to do with an item when it moves. Raises: Http404 outside the sandbox."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if refused := _refused(request, transfer, "review"):
        return refused
    if not request.actor.is_sandbox:
        raise Http404
    found = preflight(transfer, today=timezone.now().date())
    items = [(str(item_id), found.context.items[item_id].friendly_name) for item_id in found.movable]
    form = FaultForm(request.POST, items=items)
    if form.is_valid():
        workflow.plan_fault(
            subscription_id=UUID(form.cleaned_data["subscription"]),
            mode=form.cleaned_data["mode"],
            amount=form.cleaned_data["amount"] or 1,
            actor=request.actor,
            now=timezone.now(),
        )
        if not request.htmx:
            return redirect_to(request, reverse("transfers:review", args=[transfer_id]))
    shown = None if form.is_valid() else form
    context = {"sandbox": _sandbox(request, transfer, found, list(found.movable)[:PAGE_SIZE], shown)}
    status = 200 if form.is_valid() else 422
    return render(request, "transfers/_review_sandbox.html", context, status=status)
