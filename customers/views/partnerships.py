"""Partnerships of providers and resellers: list, request, answer, end (R10, reference 1.3 and 4.8)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries, rules
from customers.forms.partnerships import AuthorizeForm, PartnerIdForm
from customers.workflow import partnerships as workflow
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit.timeline import entries
from portal.core.countries import country_name
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress

TONES = {
    PartnershipStatus.REQUESTED: "info",
    PartnershipStatus.ACTIVE: "success",
    PartnershipStatus.DECLINED: "error",
    PartnershipStatus.WITHDRAWN: "neutral",
    PartnershipStatus.ENDED: "neutral",
}


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def partnerships(request: PortalRequest) -> HttpResponse:
    """List the resellers of a provider, or the providers of anybody else, with how far each partnership has come."""
    address = ListAddress.read(request, {"q": None, "state": PartnershipStatus.values, "cursor": None})
    state = address.get("state")
    page = queries.partnership_page(request.actor, text=address.get("q"), status=state, cursor=address.get("cursor"))
    choices = [("", _("Open ones")), *((value, str(label)) for value, label in PartnershipStatus.choices)]
    return page_or_fragment(
        request,
        page="customers/partnerships.html",
        fragment="customers/_partnerships.html",
        context={
            "names": _names(request),
            "rows": [_row(request, partnership) for partnership in page],
            "values": {"q": address.get("q"), "state": state},
            "states": [{"value": value, "label": label} for value, label in choices],
            "chips": address.chips({"q": address.get("q"), "state": dict(choices)[state]}),
            "list_url": address.path,
            "pager": address.pager(page),
            "becoming_url": _becoming_url(request),
            "why_not": request.actor.why_not(Permission.PARTNERSHIP_REQUEST),
        },
    )


def _becoming_url(request: PortalRequest) -> str:
    """Return the way to becoming a reseller, for those whom it concerns."""
    is_direct = request.actor.organization_kind == OrganizationKind.DIRECT_BILL
    return reverse("customers:becoming_reseller") if is_direct else ""


def _names(request: PortalRequest) -> dict[str, str]:
    """Call the page by the other side (reference 1.3)."""
    if request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER:
        return {"many": _("Indirect resellers"), "one": _("Indirect reseller")}
    return {"many": _("Indirect providers"), "one": _("Indirect provider")}


def _other(request: PortalRequest, partnership: Partnership) -> Partner:
    is_provider = partnership.provider_id == request.actor.organization_id
    other: Partner = partnership.reseller if is_provider else partnership.provider
    return other


def _row(request: PortalRequest, partnership: Partnership) -> dict[str, Any]:
    """Lay out a partnership as a row of the list shows it, with where its customers are."""
    other = _other(request, partnership)
    status = PartnershipStatus(partnership.status)
    is_active = status == PartnershipStatus.ACTIVE
    asked = rules.asked_by(partnership) == request.actor.organization_id
    waits = _("You asked") if asked else _("Asks you")
    query = f"?reseller={other.pk}"
    return {
        "id": partnership.pk,
        "key": partnership.pk.hex,
        "name": other.organization.name,
        "partner_id": other.pk,
        "country": country_name(other.organization.country),
        "kind": _kind(partnership, other),
        "status": status.label,
        "tone": TONES[status],
        "hint": waits if status == PartnershipStatus.REQUESTED else "",
        "since": partnership.ended_at or partnership.accepted_at or partnership.requested_at,
        "customers_url": reverse("customers:list") + query if is_active else "",
        "invite_url": f"{reverse('customers:new_relationship')}?counterpart={other.pk}" if is_active else "",
    }


def _kind(partnership: Partnership, other: Partner) -> str:
    """Name the kind of the other side, and that it is about to change (T4)."""
    if other.becoming_reseller_of_id == partnership.provider_id:
        return _("Direct bill partner, becoming an indirect reseller")
    return str(OrganizationKind(other.organization.kind).label)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNERSHIP_REQUEST)
def request_partnership(request: PortalRequest) -> HttpResponse:
    """Find the other partner by one of its numbers, show which company that is, and ask it."""
    text = request.POST.get("partner") or request.GET.get("partner", "")
    form = PartnerIdForm({"partner": text} if text or request.method == "POST" else None)
    found, refusal = _find(request, form)
    if request.method == "POST" and found is not None and refusal is None:
        try:
            partnership = workflow.request_partnership(partner_id=found.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("%(name)s was asked for a partnership.") % {"name": found.organization.name})
            return redirect("customers:partnership", partnership.pk)
    context = {
        "form": form,
        "found": found if refusal is None else None,
        "country": country_name(found.organization.country) if found else "",
        "kind": OrganizationKind(found.organization.kind).label if found else "",
        "refusal": refusal,
        "names": _names(request),
    }
    status = refusal.http_status if refusal else 422 if form.is_bound and form.errors else 200
    return render(request, "customers/request_partnership.html", context, status=status)


def _find(request: PortalRequest, form: PartnerIdForm) -> tuple[Partner | None, Refusal | None]:
    """Return the partner that the form names and, if it cannot be asked, why not; what is wrong goes to the field."""
    if not form.is_valid():
        return None, None
    found = queries.partner_by_id(request.actor, form.cleaned_data["partner"])
    if found is None:
        form.add_error("partner", _("No partner has this Microsoft ID or PartnerID."))
        return None, None
    own = Partner.objects.select_related("organization").get(pk=request.actor.organization_id)
    try:
        rules.check_can_partner(own, found)
    except rules.CloudMismatch as refusal:
        return found, refusal
    except Refusal as refusal:
        form.add_error("partner", str(refusal))
        return None, None
    return found, None


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def partnership(request: PortalRequest, partnership_id: UUID) -> HttpResponse:
    """Show one partnership: who, since when, what can be done, and what happened."""
    return _page(request, queries.partnership_detail(request.actor, partnership_id))


def _page(
    request: PortalRequest,
    found: Partnership,
    *,
    form: AuthorizeForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    own_id, status = request.actor.organization_id, PartnershipStatus(found.status)
    asked = rules.asked_by(found) == own_id
    is_open = status == PartnershipStatus.REQUESTED
    other = _other(request, found)
    context = {
        "partnership": found,
        "other": other,
        "row": _row(request, found),
        "names": _names(request),
        "may_answer": is_open and not asked,
        "may_withdraw": is_open and asked,
        "may_end": status == PartnershipStatus.ACTIVE,
        "becoming_url": _becoming_url(request) if status == PartnershipStatus.ACTIVE else "",
        "form": form or AuthorizeForm(),
        "refusal": refusal,
        "customers": rules.shared_customers(found),
        "asked_by_us": asked,
        "entries": entries(audit.timeline(request.actor, "partnership", found.pk)),
        "why_not": {
            "manage": request.actor.why_not(Permission.PARTNERSHIP_MANAGE),
            "request": request.actor.why_not(Permission.PARTNERSHIP_REQUEST),
        },
    }
    wrong = 422 if form is not None and form.errors else 200
    return render(request, "customers/partnership.html", context, status=refusal.http_status if refusal else wrong)


@require_POST
@requires(Permission.PARTNERSHIP_MANAGE)
def accept(request: PortalRequest, partnership_id: UUID) -> HttpResponse:
    """Agree to the partnership, once the box is checked."""
    found = queries.partnership_detail(request.actor, partnership_id)
    form = AuthorizeForm(posted(request))
    if not form.is_valid():
        return _page(request, found, form=form)
    return _act(request, found, workflow.accept_partnership, gettext_lazy("The partnership with %(name)s is active."))


@require_POST
@requires(Permission.PARTNERSHIP_MANAGE)
def decline(request: PortalRequest, partnership_id: UUID) -> HttpResponse:
    """Say no."""
    found = queries.partnership_detail(request.actor, partnership_id)
    return _act(request, found, workflow.decline_partnership, gettext_lazy("The request of %(name)s is declined."))


@require_POST
@requires(Permission.PARTNERSHIP_REQUEST)
def withdraw(request: PortalRequest, partnership_id: UUID) -> HttpResponse:
    """Take the own request back."""
    found = queries.partnership_detail(request.actor, partnership_id)
    return _act(request, found, workflow.withdraw_partnership, gettext_lazy("The request to %(name)s is withdrawn."))


def _act(request: PortalRequest, found: Partnership, change: Callable[..., Partnership], done: Any) -> HttpResponse:
    """Do one thing with a partnership; what the workflow refuses stands on its page, in its newest state."""
    try:
        change(partnership_id=found.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _page(request, queries.partnership_detail(request.actor, found.pk), refusal=refusal)
    messages.success(request, str(done) % {"name": _other(request, found).organization.name})
    return redirect("customers:partnership", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNERSHIP_MANAGE)
def end(request: PortalRequest, partnership_id: UUID) -> HttpResponse:
    """List what must end first; when nothing must, name the consequences, ask, and part."""
    found = queries.partnership_detail(request.actor, partnership_id)
    name = _other(request, found).organization.name
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.end_partnership(partnership_id=found.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The partnership with %(name)s has ended.") % {"name": name})
            return redirect_to(request, reverse("customers:partnership", args=[found.pk]))
    return page_or_fragment(
        request,
        page="customers/end_partnership.html",
        fragment="customers/_end_partnership_dialog.html",
        context={
            "partnership": found,
            "name": name,
            "names": _names(request),
            "blockers": rules.partnership_blockers(found),
            "refusal": refusal if refusal and not isinstance(refusal, rules.PartnershipInUse) else None,
            "consequences": [
                _("No new relationship request can name both companies."),
                _("Relationship requests that name both and are still open are revoked: their links stop working."),
                _("Both companies are told. To work together again, one of them requests a new partnership."),
            ],
        },
        status=refusal.http_status if refusal else 200,
    )
