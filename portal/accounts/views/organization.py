"""The company profile and the partner agreement."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import queries
from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.enums import MARKET_LABELS, Cloud, OrganizationKind, PartnershipStatus
from portal.accounts.forms import AgreementForm, OrganizationForm
from portal.accounts.models import Partner, PartnerLocation, Partnership
from portal.accounts.permissions import Permission
from portal.accounts.workflow import organization as workflow
from portal.core.countries import country_name
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to

PARTNERSHIP_TONES = {PartnershipStatus.REQUESTED: "info", PartnershipStatus.ACTIVE: "success"}


@require_safe
@requires(Permission.ORGANIZATION_VIEW)
def organization(request: PortalRequest) -> HttpResponse:
    """Show who the organisation is: identifiers, address, places, agreement, partnerships."""
    own = queries.organization_of(request.actor)
    partner = queries.partner_of(request.actor)
    return render(
        request,
        "accounts/organization.html",
        {
            "organization": own,
            "kind_label": OrganizationKind(own.kind).label,
            "cloud_label": Cloud(own.cloud).label,
            "country": country_name(own.country),
            "language": dict(settings.LANGUAGES).get(own.language, own.language),
            "partner": partner,
            "market": MARKET_LABELS.get(partner.market, partner.market) if partner else "",
            "locations": [{"place": place, "country": country_name(place.country)} for place in _places(partner)],
            "partnerships": [_partnership(row, own.pk) for row in queries.partnerships_of(request.actor)],
            "agreement": _agreement(partner),
            "may_manage": request.actor.may(Permission.ORGANIZATION_MANAGE),
            "may_sign": request.actor.may(Permission.PARTNER_AGREEMENT_SIGN),
            "may_see_partnerships": request.actor.may(Permission.CUSTOMER_VIEW),
            "may_become_reseller": own.kind == OrganizationKind.DIRECT_BILL
            and request.actor.may(Permission.PARTNERSHIP_REQUEST),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.ORGANIZATION_MANAGE)
def organization_edit(request: PortalRequest) -> HttpResponse:
    """Change name, address and contact."""
    own = queries.organization_of(request.actor)
    form = OrganizationForm(request.POST) if request.method == "POST" else OrganizationForm.of(own)
    if request.method == "POST" and form.is_valid():
        workflow.update_organization(changes=form.cleaned_data, actor=request.actor, now=timezone.now())
        messages.success(request, _("The company profile has been saved."))
        return redirect_to(request, reverse("accounts:organization"))
    return page_or_fragment(
        request,
        page="accounts/organization/edit.html",
        fragment="accounts/organization/_edit.html",
        context={"form": form},
        status=422 if form.errors else 200,
    )


@require_safe
@requires(Permission.ORGANIZATION_VIEW)
def partner_agreement(request: PortalRequest) -> HttpResponse:
    """Show the partner agreement in force, and whether the organisation has signed it."""
    return _agreement_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNER_AGREEMENT_SIGN)
@fresh_sign_in
def partner_agreement_sign(request: PortalRequest) -> HttpResponse:
    """Sign the partner agreement in force for the organisation (T6)."""
    form = AgreementForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return _agreement_page(request, form=form, status=422 if form.errors else 200)
    try:
        workflow.sign_partner_agreement(actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _agreement_page(request, form=form, refusal=refusal, status=refusal.http_status)
    messages.success(request, _("You have signed the partner agreement for your organization."))
    return redirect("accounts:partner_agreement")


def _agreement_page(
    request: PortalRequest, *, form: AgreementForm | None = None, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    partner = queries.partner_of(request.actor)
    return render(
        request,
        "accounts/organization/agreement.html",
        {
            "partner": partner,
            "agreement": _agreement(partner),
            "form": form,
            "refusal": refusal,
            "organization_name": request.actor.organization_name,
            "may_sign": request.actor.may(Permission.PARTNER_AGREEMENT_SIGN),
            "signers": queries.who_can(request.actor, Permission.PARTNER_AGREEMENT_SIGN),
        },
        status=status,
    )


def _places(partner: Partner | None) -> list[PartnerLocation]:
    places = partner.locations.all() if partner else []
    return sorted(places, key=lambda place: (not place.is_headquarters, place.name))


def _agreement(partner: Partner | None) -> dict[str, Any] | None:
    """What the pages say about the signature; ``None`` where there is nothing to sign."""
    if partner is None:
        return None
    version = settings.PARTNER_AGREEMENT_VERSION
    return {
        "version": version,
        "signed_version": partner.agreement_version,
        "signed_at": partner.agreement_signed_at,
        "signed_by": partner.agreement_signed_by,
        "is_current": partner.agreement_version == version,
    }


def _partnership(partnership: Partnership, own_id: object) -> dict[str, Any]:
    other = partnership.reseller if partnership.provider_id == own_id else partnership.provider
    status = PartnershipStatus(partnership.status)
    return {
        "id": partnership.pk,
        "name": other.organization.name,
        "organization_id": other.organization.pk,
        "kind": OrganizationKind(other.organization.kind).label,
        "status": status.label,
        "tone": PARTNERSHIP_TONES[status],
        "since": partnership.accepted_at or partnership.requested_at,
    }
