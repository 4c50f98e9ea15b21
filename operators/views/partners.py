"""Partners of the programme: list, export, agreements, one partner (A10)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from operators import queries
from operators.enums import AgreementState
from operators.views import enrolment, sandboxes
from portal.accounts.access import requires, while_allowed
from portal.accounts.enums import MARKET_LABELS, PARTNER_KINDS, Cloud, OrganizationKind
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.pages import COUNT_LIMIT

FILTERS = ("q", "kind", "market", "agreement", "sandbox")
_ALLOWED = {
    "q": None,
    "kind": [str(kind) for kind in PARTNER_KINDS],
    "market": MARKET_LABELS.keys(),
    "agreement": AgreementState.values,
    "sandbox": ("yes", "no"),
    "sort": queries.PARTNER_ORDERS.keys(),
    "cursor": None,
}
AGREEMENT_TONES = {AgreementState.CURRENT: "success", AgreementState.OLDER: "warning", AgreementState.NONE: "error"}


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def partners(request: PortalRequest) -> HttpResponse:
    """List every partner of the programme."""
    return _list(request, "partners")


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def agreements(request: PortalRequest) -> HttpResponse:
    """List who signed which version of the partner agreement."""
    return _list(request, "agreements")


def _list(request: PortalRequest, name: str) -> HttpResponse:
    address = ListAddress(reverse(f"operators:{name}"), ListAddress.read(request, _ALLOWED).values)
    page = queries.partner_page(_filter(address), sort=address.get("sort", "name"), cursor=address.get("cursor"))
    return page_or_fragment(
        request,
        page=f"operators/{name}.html",
        fragment=f"operators/_{name}.html",
        context={
            "rows": [row_of(partner) for partner in page],
            "headers": address.sort_headers(("name", "since"), default="name"),
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in (*FILTERS, "sort")},
            "options": _options(),
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
            "export_url": address.url(reverse("operators:export"), cursor=""),
            "version": settings.PARTNER_AGREEMENT_VERSION,
            "waiting": _waiting() if name == "partners" else [],
        },
    )


def _waiting() -> list[dict[str, Any]]:
    return [enrolment.waiting_row(one) for one in queries.waiting_organizations()]


def _filter(address: ListAddress) -> queries.PartnerFilter:
    values = {name: address.get(name) for name in FILTERS if name != "q"}
    return queries.PartnerFilter(text=address.get("q"), **values)


def row_of(partner: Partner) -> dict[str, Any]:
    """Lay out a partner as lists and its own page show it."""
    organization, state = partner.organization, queries.agreement_state(partner)
    becoming = partner.becoming_reseller_of
    return {
        "id": partner.pk,
        "url": reverse("operators:partner", args=[partner.pk]),
        "name": organization.name,
        "domain": organization.domain,
        "kind": organization.get_kind_display(),
        "becoming": _("Becoming a reseller of %(provider)s") % {"provider": becoming.organization.name}
        if becoming
        else "",
        "market": str(MARKET_LABELS.get(partner.market, partner.market)),
        "country": country_name(organization.country),
        "currency": partner.currency,
        "cloud": str(Cloud(organization.cloud).label),
        "is_sandbox": organization.is_sandbox,
        "agreement": str(state.label),
        "agreement_tone": AGREEMENT_TONES[state],
        "version": partner.agreement_version,
        "signed_at": partner.agreement_signed_at,
        "signed_by": partner.agreement_signed_by,
        "since": organization.created_at,
    }


def _options() -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    kinds = [(kind.value, kind.label) for kind in OrganizationKind if kind in PARTNER_KINDS]
    return {
        "kind": choices(_("All kinds"), kinds),
        "market": choices(_("All markets"), MARKET_LABELS.items()),
        "agreement": choices(_("Signed or not"), AgreementState.choices),
        "sandbox": choices(_("Production and sandbox"), [("no", _("Production")), ("yes", _("Sandbox"))]),
    }


def _chip_labels(address: ListAddress) -> dict[str, str]:
    kind, market, agreement = (address.get(name) for name in ("kind", "market", "agreement"))
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "kind": str(OrganizationKind(kind).label) if kind else "",
        "market": _("Market: %(name)s") % {"name": MARKET_LABELS[market]} if market else "",
        "agreement": _("Agreement: %(state)s") % {"state": AgreementState(agreement).label} if agreement else "",
        "sandbox": _("Sandbox") if address.get("sandbox") == "yes" else _("Production"),
    }


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave, all pages of it."""
    address = ListAddress.read(request, _ALLOWED)
    found = queries.all_partners(_filter(address), sort=address.get("sort", "name"))
    rows = while_allowed(request.actor, Permission.PROGRAMME_OPERATE, found, every=queries.EXPORT_BATCH)
    header = (
        _("Name"),
        _("Microsoft ID"),
        _("Domain"),
        _("Kind"),
        _("Market"),
        _("Country"),
        _("Currency"),
        _("Cloud"),
        _("Sandbox"),
        _("Agreement"),
        _("Version"),
        _("Signed by"),
        _("Signed on"),
        _("Partner since"),
    )
    return csv_response(f"partners-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterable[Partner]) -> Iterator[tuple[object, ...]]:
    before = ("name", "id", "domain", "kind", "market", "country", "currency", "cloud")
    for partner in found:
        row = row_of(partner)
        is_sandbox = _("Yes") if row["is_sandbox"] else _("No")
        after = (row[name] for name in ("agreement", "version", "signed_by", "signed_at", "since"))
        yield (*(row[name] for name in before), is_sandbox, *after)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def partner(request: PortalRequest, partner_id: UUID) -> HttpResponse:
    """Show what the programme knows of one partner."""
    detail = queries.partner_detail(partner_id)
    nomination = detail.nomination
    context = {
        "row": row_of(detail.partner),
        "detail": detail,
        "organization": detail.partner.organization,
        "sandbox_account": sandboxes.account_of(detail.partner.organization),
        "shares_with": sandboxes.shares_with(detail.partner.organization),
        "why_no_sandbox": sandboxes.why_not(detail.partner.organization),
        "locations": [
            {"number": place.partner_id_number, "name": place.name, "country": country_name(place.country)}
            for place in detail.partner.locations.all()
        ],
        "partnerships": [
            {
                "name": (one.reseller if one.provider_id == partner_id else one.provider).organization.name,
                "kind": _("Reseller") if one.provider_id == partner_id else _("Provider"),
                "status": one.get_status_display(),
            }
            for one in detail.partnerships
        ],
        "signatures": [
            {
                "version": (event.after or {}).get("agreement_version", ""),
                "by": event.actor_name,
                "at": event.occurred_at,
            }
            for event in detail.signatures
        ],
        "tiles": _tiles(detail),
        "competencies_url": _competencies_url(str(partner_id)),
        "nomination_url": reverse("operators:nomination", args=[nomination.pk]) if nomination else "",
    }
    return render(request, "operators/partner.html", context)


def _tiles(detail: queries.PartnerDetail) -> list[dict[str, str]]:
    cases = ListAddress(reverse("support:list"), {"q": str(detail.partner.pk)})
    return [
        {"label": _("Customers"), "value": _number(detail.customers)},
        {"label": _("Subscriptions billed"), "value": _number(detail.subscriptions)},
        {"label": _("Open support cases"), "value": _number(detail.open_cases), "url": cases.url()},
    ]


def _competencies_url(partner_id: str) -> str:
    return ListAddress(reverse("pricing:competencies"), {"q": partner_id, "partner": partner_id, "held": "all"}).url()


def _number(count: int) -> str:
    text: str = number_format(min(count, COUNT_LIMIT), force_grouping=True)
    return f"{text}+" if count > COUNT_LIMIT else text
