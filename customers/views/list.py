"""The customer list, its filters, count and export (R12, reference 1.4)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from customers import queries
from customers.enums import RelationshipKind
from customers.forms.list import FILTERS, read_address, read_filter
from customers.models import ResellerRelationship
from customers.navigation import first_page
from customers.queries import CustomerRow, lists
from customers.views.reasons import why_not_add
from portal.accounts.access import requires, while_allowed
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.countries import country_choices, country_name
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, redirect_to
from portal.core.listing import ListAddress, short_days
from portal.core.pages import COUNT_LIMIT, Page

DEFAULT_ORDER = "name"
NO_ID = UUID(int=0)
TAGS_SHOWN = 2
RESELLERS_OFFERED = 300  # more are found by the filter's own search


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def customers(request: PortalRequest) -> HttpResponse:
    """List the partner's customers; a Microsoft ID in the search leads straight to its customer."""
    address = read_address(request, reverse("customers:list"))
    wanted = read_filter(address)
    customer_id = queries.as_uuid(wanted.text)
    if customer_id and queries.find_customers(request.actor, wanted.text, limit=1):
        return redirect_to(request, reverse("customers:customer", args=[customer_id]))
    page = queries.customer_page(
        request.actor, wanted, sort=address.get("sort", DEFAULT_ORDER), cursor=address.get("cursor")
    )
    return page_or_fragment(
        request, page="customers/list.html", fragment="customers/_list.html", context=_context(request, address, page)
    )


def _context(request: PortalRequest, address: ListAddress, page: Page[CustomerRow]) -> dict[str, Any]:
    headers = address.sort_headers(("name", "domain", "created"), default=DEFAULT_ORDER)
    list_url, first = reverse("customers:list"), reverse(first_page(request), args=[NO_ID])
    return {
        "rows": _rows(page),
        "list_url": list_url,
        "first_page": first.removeprefix(f"{list_url}{NO_ID}/"),
        "sort_urls": {f"{column}_url": header["url"] for column, header in headers.items()},
        "directions": {column: header["direction"] for column, header in headers.items()},
        "pager": {
            "previous_url": address.url(cursor=page.previous_cursor, count="") if page.previous_cursor else "",
            "next_url": address.url(cursor=page.next_cursor, count="") if page.next_cursor else "",
        },
        "bar": {
            "text": address.get("q"),
            "filters_url": address.url(reverse("customers:filters"), cursor="", count=""),
            "views_url": address.url(reverse("customers:views"), cursor="", count=""),
        },
        "hidden_values": [[name, address.get(name)] for name in (*FILTERS[1:], "sort") if address.get(name)],
        "chips": address.chips(_chip_labels(request, address, page)),
        "count": {
            "count_url": address.url(reverse("customers:count"), cursor="", count=""),
            "count": _count(request, address) if address.get("count") else "",
        },
        "is_narrowed": any(address.get(name) for name in FILTERS) or bool(address.get("cursor")),
        "exports": _exports(address),
        "may_tag": request.actor.may(Permission.CUSTOMER_TAG),
        "why_not": {
            "add": why_not_add(request.actor),
            "request": request.actor.why_not(Permission.RELATIONSHIP_REQUEST),
            "tag": request.actor.why_not(Permission.CUSTOMER_TAG),
            "export": request.actor.why_not(Permission.CUSTOMER_EXPORT),
        },
    }


def _rows(page: Iterable[CustomerRow]) -> list[dict[str, Any]]:
    """Return what each row shows, as text: the template does no more than write it (quality row 30)."""
    kinds = {kind.value: str(kind.label) for kind in RelationshipKind}
    day_text = short_days()
    return [
        {
            "id": str(row.customer_id),
            "name": row.customer_name,
            "domain": row.customer_domain,
            "kind": kinds[row.kind],
            "counterpart": row.counterpart_name or "",
            "tags": _tags(row.tags) if row.tags else "",
            "created_on": day_text(row.created_at.date()),
            "created_at": row.created_at.isoformat(timespec="seconds"),
        }
        for row in page
    ]


def _tags(tags: Sequence[str]) -> SafeString:
    """Draw the first tags, and how many more there are."""
    shown = format_html_join(" ", '<span class="tag" dir="auto">{}</span>', ([tag] for tag in tags[:TAGS_SHOWN]))
    more = len(tags) - TAGS_SHOWN
    return shown + format_html(' <span class="tag" title="{}">+{}</span>', ", ".join(tags), more) if more > 0 else shown


def _chip_labels(request: PortalRequest, address: ListAddress, page: Page[CustomerRow]) -> dict[str, str]:
    wanted = read_filter(address)
    yes_no = {"yes": _("Yes"), "no": _("No")}
    labels = {
        "q": _("Search: %(text)s") % {"text": wanted.text},
        "country": _("Country: %(country)s") % {"country": country_name(wanted.country)},
        "tag": _("Tag: %(tag)s") % {"tag": wanted.tag},
        "kind": str(RelationshipKind(wanted.kind).label) if wanted.kind else "",
        "rights": _("Administration rights: %(answer)s") % {"answer": yes_no.get(wanted.rights, "")},
        "agreement": _("Customer agreement signed: %(answer)s") % {"answer": yes_no.get(wanted.agreement, "")},
    }
    if wanted.reseller_id:
        named = next((row.counterpart_name for row in page.rows if row.counterpart_name), "")
        name = named or queries.reseller_name(request.actor, wanted.reseller_id) or _("unknown")
        labels["reseller"] = _("Indirect reseller: %(name)s") % {"name": name}
    return labels


def _exports(address: ListAddress) -> dict[str, str]:
    export = reverse("customers:export")
    return {"shown_url": address.url(export, cursor="", count=""), "all_url": export}


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def count(request: PortalRequest) -> HttpResponse:
    """Say how many customers the filters leave; the page asks after it has loaded, or a click without JavaScript."""
    address = read_address(request, reverse("customers:list"))
    if not is_fragment_request(request):
        return redirect_to(request, address.url(count="yes", cursor=""))
    return render(request, "customers/_count.html", {"count": _count(request, address)})


def _count(request: PortalRequest, address: ListAddress) -> str:
    found = queries.customer_count(request.actor, read_filter(address), sort=address.get("sort", DEFAULT_ORDER))
    if found > COUNT_LIMIT:
        return _("%(limit)s+ customers") % {"limit": number_format(COUNT_LIMIT, force_grouping=True)}
    return ngettext("%(count)s customer", "%(count)s customers", found) % {
        "count": number_format(found, force_grouping=True)
    }


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def filters(request: PortalRequest) -> HttpResponse:
    """Offer the filters, in the side panel or as a page of its own."""
    address = read_address(request, reverse("customers:list"))
    actor = request.actor
    is_provider = actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER
    text = request.GET.get("named", "").strip()
    resellers = queries.resellers_of(actor, text=text, limit=RESELLERS_OFFERED + 1) if is_provider else []
    yes_no = [("yes", _("Yes")), ("no", _("No"))]
    return page_or_fragment(
        request,
        page="customers/filters.html",
        fragment="customers/_filters_panel.html",
        context={
            "values": {name: address.get(name) for name in (*FILTERS, "sort")},
            "is_provider": is_provider,
            "resellers": _options(
                _("All indirect resellers"), [(str(one.pk), one.name) for one in resellers[:RESELLERS_OFFERED]]
            ),
            "has_more_resellers": len(resellers) > RESELLERS_OFFERED or bool(text),
            "named": text,
            "countries": _options(_("All countries"), country_choices(queries.market_countries(actor))),
            "tags": _options(_("All tags"), [(tag.name, tag.name) for tag in queries.tags_of(actor)]),
            "kinds": _options(_("All kinds"), RelationshipKind.choices),
            "rights": _options(_("With and without"), yes_no),
            "agreements": _options(_("Signed or not"), yes_no),
            "clear_url": address.path,
        },
    )


def _options(every: str, choices: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
    return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in choices)]


@require_safe
@requires(Permission.CUSTOMER_EXPORT)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave, all pages of it."""
    address = read_address(request, reverse("customers:list"))
    wanted, sort = read_filter(address), address.get("sort", DEFAULT_ORDER)
    found = queries.all_customers(request.actor, wanted, sort=sort)
    rows = while_allowed(request.actor, Permission.CUSTOMER_EXPORT, found, every=lists.EXPORT_BATCH)
    header = (_("Microsoft ID"), _("Company name"), _("Primary domain name"), _("Relationship"), _("Tags"))
    return csv_response(f"customers-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(rows: Iterable[ResellerRelationship]) -> Iterator[tuple[object, ...]]:
    kinds = {kind.value: str(kind.label) for kind in RelationshipKind}
    for row in rows:
        yield row.customer_id, row.customer_name, row.customer_domain, kinds[row.kind], ", ".join(row.tags)
