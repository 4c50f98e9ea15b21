"""Markets and all publishers' offers, as the programme operator sees them (A8, A10)."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers.workflow import markets as workflow
from marketplace.enums import OfferStatus
from operators import queries
from operators.forms import CountryForm
from portal.accounts.access import requires
from portal.accounts.enums import MARKET_LABELS
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.errors import InvalidInput
from portal.core.fields import name_key
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress

OFFER_TONES = {OfferStatus.DRAFT: "neutral", OfferStatus.PUBLISHED: "success", OfferStatus.WITHDRAWN: "warning"}


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def markets(request: PortalRequest) -> HttpResponse:
    """List the markets; with one in the address also its countries, with the days on which they came and go."""
    today = timezone.now().date()
    address = ListAddress.read(request, {"market": MARKET_LABELS.keys()})
    chosen = address.get("market")
    rows = [
        {
            "name": str(MARKET_LABELS.get(market.code, market.name)),
            "url": address.url(market=market.code),
            "countries": market.countries,
            "partners": market.partners,
            "partners_url": ListAddress(reverse("operators:partners"), {"market": market.code}).url(),
        }
        for market in queries.markets(on=today)
    ]
    context = {
        "rows": sorted(rows, key=lambda row: name_key(str(row["name"]))),
        "chosen": str(MARKET_LABELS[chosen]) if chosen else "",
        "countries": _countries(chosen, today) if chosen else [],
        "place_url": ListAddress(reverse("operators:place_country"), {"market": chosen}).url(),
    }
    return render(request, "operators/markets.html", context)


def _countries(chosen: str, today: Any) -> list[dict[str, Any]]:
    places = queries.countries_of(queries.market_of(chosen))
    rows = [
        {
            "code": place.country,
            "name": country_name(place.country),
            "currency": place.currency,
            "valid_from": place.valid_from,
            "valid_until": place.valid_until,
            "is_over": bool(place.valid_until and place.valid_until <= today),
            "is_to_come": place.valid_from > today,
        }
        for place in places
    ]
    return sorted(rows, key=lambda row: (row["is_over"], name_key(str(row["name"]))))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def place_country(request: PortalRequest) -> HttpResponse:
    """Put a country into a market from a day to come."""
    form = CountryForm(
        posted(request),
        countries=queries.known_countries(),
        markets=sorted(
            ((code, str(label)) for code, label in MARKET_LABELS.items()), key=lambda pair: name_key(pair[1])
        ),
        initial={"market": request.GET.get("market", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.place_country(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
        else:
            messages.success(request, _("The change is noted. It holds from that day on."))
            market = ListAddress(reverse("operators:markets"), {"market": form.cleaned_data["market"]})
            return redirect_to(request, market.url())
    status = 422 if form.is_bound else 200
    return render(request, "operators/place_country.html", {"form": form}, status=status)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def offers(request: PortalRequest) -> HttpResponse:
    """List every publisher's offers with their state."""
    address = ListAddress.read(request, {"q": None, "status": OfferStatus.values, "cursor": None})
    status = address.get("status")
    page = queries.offer_page(text=address.get("q"), status=status, cursor=address.get("cursor"))
    labels = {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "status": str(OfferStatus(status).label) if status else "",
    }
    statuses = [{"value": value, "label": label} for value, label in OfferStatus.choices]
    return page_or_fragment(
        request,
        page="operators/offers.html",
        fragment="operators/_offers.html",
        context={
            "rows": [_offer(offer) for offer in page],
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in ("q", "status")},
            "options": [{"value": "", "label": _("All states")}, *statuses],
            "chips": address.chips(labels),
            "list_url": address.path,
        },
    )


def _offer(offer: Any) -> dict[str, Any]:
    return {
        "name": offer.name,
        "code": offer.code,
        "publisher": offer.publisher.organization.name,
        "category": offer.get_category_display(),
        "status": offer.get_status_display(),
        "tone": OFFER_TONES[OfferStatus(offer.status)],
        "plans": offer.plan_count,
        "by_partners": offer.is_sold_by_partners,
        "published_at": offer.published_at,
    }
