"""A request before the source answers: check and send what a reseller prepared, delete it, take one back (T3, T11)."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to
from transfers import queries, rules, workflow
from transfers.enums import Party, TransferStatus
from transfers.models import Transfer
from transfers.presentation import product_types_label
from transfers.views.checklist import checklist


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_CREATE)
def send_draft(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Show what the reseller prepared with its checklist; send it when the provider says so."""
    draft = _own(request, transfer_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.send_draft(transfer_id=draft.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The transfer request is sent."))
            return redirect_to(request, reverse("transfers:detail", args=[draft.pk]))
    elif draft.status != TransferStatus.DRAFT:
        return redirect_to(request, reverse("transfers:detail", args=[draft.pk]))
    checks = rules.prerequisites(workflow.wanted_again(draft), on=timezone.now().date())
    is_sender = queries.party_of(draft, request.actor) == Party.TARGET
    return page_or_fragment(
        request,
        page="transfers/draft.html",
        fragment="transfers/_draft.html",
        context={
            "draft": draft,
            "customer": draft.customer.organization.name,
            "product_types": product_types_label(draft.product_types),
            "checklist": checklist(checks),
            "is_sender": is_sender,
            "is_draft": draft.status == TransferStatus.DRAFT,
            "refusal": refusal,
            "consequences": _consequences_of_sending(draft),
        },
        status=refusal.http_status if refusal else 200,
    )


def _own(request: PortalRequest, transfer_id: UUID) -> Transfer:
    """Return a transfer of the actor's company as the new partner or its reseller: the source knows no drafts."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    if queries.party_of(transfer, request.actor) not in (Party.TARGET, Party.RESELLER):
        raise Http404
    return transfer


def _consequences_of_sending(draft: Transfer) -> list[str]:
    names = {"source": draft.source_partner.organization.name, "email": draft.customer_email}
    return [
        _("%(source)s gets a mail and is asked to review the request. It sees your note and the list of items.")
        % names,
        _("The customer gets a mail at %(email)s.") % names,
        _("Once it accepts, your company is billed for everything that moves, and liable for it."),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_CREATE)
def delete_draft(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Ask whether to throw a prepared request away, and do it."""
    draft = _own(request, transfer_id)
    now = timezone.now()
    refusal = rules.why_not("delete_draft", draft, actor=request.actor, now=now)
    if request.method == "POST":
        try:
            workflow.delete_draft(transfer_id=draft.pk, actor=request.actor, now=now)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The prepared request is deleted."))
            return redirect_to(request, reverse("transfers:list"))
    return _ask(
        request,
        draft,
        name="delete_draft",
        title=_("Delete this prepared request?"),
        button=_("Delete"),
        consequences=[
            _("It is deleted at your company and at the other one that works on it. This cannot be undone."),
            _("Neither the current partner nor the customer has been told anything."),
        ],
        refusal=refusal,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_CREATE)
@fresh_sign_in
def cancel(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Name what follows, ask, and take the request back; from then on the source cannot accept (T11)."""
    transfer, now = queries.transfer_of(request.actor, transfer_id), timezone.now()
    refusal = rules.why_not("cancel", transfer, actor=request.actor, now=now)
    if request.method == "POST":
        try:
            workflow.cancel_transfer(transfer_id=transfer.pk, actor=request.actor, now=now)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The transfer request is canceled."))
            return redirect_to(request, reverse("transfers:detail", args=[transfer.pk]))
    source = {"source": transfer.source_partner.organization.name}
    days = {"count": settings.TRANSFER_LIFETIME_DAYS}
    return _ask(
        request,
        transfer,
        name="cancel",
        title=_("Cancel this transfer request?"),
        button=_("Cancel request"),
        consequences=[
            _("%(source)s can no longer accept it, and is told by mail. Nothing moves.") % source,
            _("The customer is told by mail as well."),
            _("This cannot be undone. You can send a new request at any time; it is valid for %(count)s days.") % days,
        ],
        refusal=refusal,
    )


def _ask(
    request: PortalRequest,
    transfer: Transfer,
    *,
    name: str,
    title: str,
    button: str,
    consequences: list[str],
    refusal: Refusal | None,
) -> HttpResponse:
    """Ask before a step that cannot be taken back, in a dialog or as a page; say why where it cannot be taken."""
    is_refused = request.method == "POST" and refusal is not None
    return page_or_fragment(
        request,
        page="transfers/ask.html",
        fragment="transfers/_ask_dialog.html",
        context={
            "customer": transfer.customer.organization.name,
            "action_url": reverse(f"transfers:{name}", args=[transfer.pk]),
            "detail_url": reverse("transfers:detail", args=[transfer.pk]),
            "title": title,
            "button": button,
            "consequences": consequences,
            "refusal": refusal,
        },
        status=refusal.http_status if is_refused and refusal else 200,
    )
