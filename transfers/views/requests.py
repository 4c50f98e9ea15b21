"""A new request: for which customer, the form with its live checklist, the question, and off it goes (6.4.2, 6.9)."""

import uuid
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import reswap, retarget

from customers.navigation import show_customer
from customers.queries import CustomerFilter, as_uuid, customer_page
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, redirect_to
from portal.core.listing import ListAddress
from transfers import rules, workflow
from transfers.forms.requests import ConfirmForm, RequestForm
from transfers.models import Transfer
from transfers.queries import requests as queries
from transfers.views.checklist import checklist

CUSTOMERS_SHOWN = 25
CHECK, ASK, BACK, SEND = "check", "ask", "back", "send"  # what the buttons of the form ask for


@require_safe
@requires(Permission.TRANSFER_CREATE)
def new(request: PortalRequest) -> HttpResponse:
    """Ask which customer the request is for."""
    address = ListAddress.read(request, {"q": None, "cursor": None})
    wanted = CustomerFilter(text=address.get("q"))
    page = customer_page(request.actor, wanted, cursor=address.get("cursor"), size=CUSTOMERS_SHOWN)
    return page_or_fragment(
        request,
        page="transfers/new.html",
        fragment="transfers/_new.html",
        context={
            "rows": page.rows,
            "text": address.get("q"),
            "pager": address.pager(page),
            "list_url": address.path,
            "is_draft": request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.TRANSFER_CREATE)
def create(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show the form beside its checklist, ask once more, and send the request or hand it to the provider."""
    sender = queries.sender_for(request.actor, customer_id)
    step = request.POST.get("step", "") if request.method == "POST" else ""
    partner_ids = queries.partner_ids_for(request.actor, sender)
    data = request.POST if request.method == "POST" else None
    initial = {} if data else _initial(request, sender, [one.partner_id_number for one in partner_ids])
    form = RequestForm(data, sender=sender, partner_ids=partner_ids, initial=initial)
    if step == SEND and form.is_valid():
        return _send(request, form)
    if step == ASK and form.is_valid():
        try:
            rules.check_prerequisites(form.wanted(), on=timezone.now().date())
        except Refusal as refusal:
            return _page(request, form, refusal=refusal)
        return _question(request, form)
    return _page(request, form, step=step)


def _initial(request: PortalRequest, sender: queries.Sender, partner_ids: list[str]) -> dict[str, Any]:
    """What the form starts with: the customer as it is known, or an earlier request of either direction."""
    relationship, organization = sender.relationship, sender.relationship.customer.organization
    profile = getattr(relationship, "profile", None)
    initial: dict[str, Any] = {
        "customer_name": relationship.customer_name,
        "customer_email": (profile.bill_to_email if profile else "") or organization.contact_email,
        "customer_language": organization.language,
        "partner_on_record": partner_ids[0] if len(partner_ids) == 1 else _reseller_of(sender),
    }
    if again := as_uuid(request.GET.get("again", "")):
        earlier = queries.request_to_repeat(request.actor, again, relationship.customer_id)
        names = ("customer_name", "customer_email", "customer_language", "source_partner_name", "note")
        initial |= {name: getattr(earlier, name) for name in (*names, "partner_on_record", "product_types")}
        initial |= {"source_tenant_id": earlier.source_partner_id, "wishes": "\n".join(earlier.wishes)}
    elif back := as_uuid(request.GET.get("reverse", "")):
        earlier, moved = queries.request_to_reverse(request.actor, back, relationship.customer_id)
        initial |= {
            "customer_email": earlier.customer_email,
            "customer_language": earlier.customer_language,
            "source_partner_name": earlier.target_partner.organization.name,
            "source_tenant_id": earlier.target_partner_id,
            "wishes": "\n".join(moved),
        }
    return initial


def _reseller_of(sender: queries.Sender) -> str:
    """The PartnerID of the reseller that the provider's relationship with the customer names, if it names one."""
    counterpart = sender.relationship.counterpart if sender.names_reseller and not sender.is_draft else None
    location = counterpart.locations.filter(is_headquarters=True).first() if counterpart else None
    return location.partner_id_number if location else ""


def _page(request: PortalRequest, form: RequestForm, *, step: str = "", refusal: Refusal | None = None) -> HttpResponse:
    """Answer the form with its checklist; for htmx the checklist alone while things are being filled in."""
    is_wrong = form.is_bound and not form.is_valid()
    context = {**_context(request, form), "refusal": refusal}
    if is_fragment_request(request) and step == CHECK:
        response = render(request, "transfers/_checklist.html", context)
        return reswap(retarget(response, "#checklist"), "outerHTML")
    show_customer(request, form.sender.relationship)
    status = refusal.http_status if refusal else 422 if is_wrong else 200
    response = page_or_fragment(
        request, page="transfers/create.html", fragment="transfers/_create.html", context=context, status=status
    )
    if is_fragment_request(request):
        return reswap(retarget(response, "#new-transfer"), "outerHTML")
    return response


def _context(request: PortalRequest, form: RequestForm) -> dict[str, Any]:
    sender = form.sender
    customer_id = sender.relationship.customer_id
    return {
        "form": form,
        "checklist": checklist(rules.prerequisites(form.wanted(), on=timezone.now().date()), form=form),
        "customer": sender.relationship,
        "provider": sender.target.organization.name if sender.is_draft else "",
        "create_url": reverse("transfers:create", args=[customer_id]),
        "back_url": reverse("transfers:customer_transfers", args=[customer_id]),
        "lifetime": settings.TRANSFER_LIFETIME_DAYS,
    }


def _question(request: PortalRequest, form: RequestForm) -> HttpResponse:
    """Name what follows and ask; the entries and the id of the request to be are handed on in the form."""
    sent = request.POST
    names = set(form.fields) & set(sent)
    entries = [(name, value) for name in sorted(names) for value in sent.getlist(name)]
    show_customer(request, form.sender.relationship)
    context = {**_context(request, form), "entries": entries, "token": uuid.uuid4()}
    return page_or_fragment(
        request,
        page="transfers/confirm.html",
        fragment="transfers/_confirm_dialog.html",
        context=context | {"consequences": _consequences(form)},
    )


def _consequences(form: RequestForm) -> list[str]:
    """Say what sending, or handing over, does (reference 6.4.2)."""
    wanted, values = form.wanted(), form.cleaned_data
    if form.sender.is_draft:
        names = {"provider": form.sender.target.organization.name}
        return [
            _("%(provider)s is told, checks the request and sends it, or deletes it.") % names,
            _("The current partner and the customer learn of it when it is sent, not before."),
        ]
    source = wanted.source.organization.name if wanted.source else values["source_partner_name"]
    days = {"count": settings.TRANSFER_LIFETIME_DAYS}
    return [
        _("%(source)s gets a mail and is asked to review the request. It sees your note and the list of items.")
        % {"source": source},
        _("The customer gets a mail at %(email)s.") % {"email": values["customer_email"]},
        _("The current partner chooses what moves, within %(count)s days. Until it accepts you can cancel.") % days,
        _("Once it accepts, your company is billed for everything that moves, and liable for it."),
    ]


def _send(request: PortalRequest, form: RequestForm) -> HttpResponse:
    """Send once, however often the button was pressed, and go to the request."""
    confirm, now = ConfirmForm(request.POST), timezone.now()
    if not confirm.is_valid():
        return _question(request, form)
    change = workflow.prepare_draft if form.sender.is_draft else workflow.create_transfer
    try:
        transfer: Transfer = change(
            request=form.request(), actor=request.actor, now=now, transfer_id=confirm.transfer_id
        )
    except Refusal as refusal:
        return _page(request, form, refusal=refusal)
    if transfer.created_at == now:
        names = {"provider": form.sender.target.organization.name}
        handed_over = _("The request is prepared. %(provider)s checks and sends it.") % names
        messages.success(request, handed_over if form.sender.is_draft else _("The transfer request is sent."))
    return redirect_to(request, reverse("transfers:detail", args=[transfer.pk]))
