"""Exchange rates and what usage earns: kept by the operator with their days and sources, read by partners (A3, A8)."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.enums import IncentiveKind
from billing.forms.rates import FILTERS, IncentiveForm, RateFileForm, RateForm, read_address
from billing.models import ExchangeRate, IncentiveRule
from billing.models.incentives import USAGE_FAMILIES
from billing.queries import rates as queries
from billing.queries.rates import RateFilter
from billing.rates_files import HEADER, LAYOUT
from billing.views.ending import ask_last_day
from billing.views.prices import plain_number
from billing.workflow import incentives
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.csv_files import Row, open_csv
from portal.core.errors import InvalidInput
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, posted_files, redirect_to, takes_upload
from portal.core.listing import ListAddress
from portal.core.pages import walk

EXPORT_BATCH = 1_000


@require_safe
@requires(Permission.PRICING_VIEW)
def rates(request: PortalRequest) -> HttpResponse:
    """Show partners the exchange rates with their source, and what usage earns."""
    context = _rates_context(request) | {"rules": [_rule(rule) for rule in queries.rules()], "can_end": False}
    return page_or_fragment(
        request, page="billing/rates/rates.html", fragment="billing/rates/_rates.html", context=context
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def keep_rates(request: PortalRequest) -> HttpResponse:
    """Enter an exchange rate, and list them all."""
    form = RateForm(posted(request), initial={"valid_from": timezone.now().date().replace(day=1)})
    if request.method == "POST" and form.is_valid():
        try:
            incentives.set_exchange_rate(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field, refusal.explanation)
        else:
            messages.success(request, _("Exchange rate entered."))
            return redirect_to(request, reverse("pricing:keep_rates"))
    context = _rates_context(request) | {"form": form}
    return page_or_fragment(
        request,
        page="billing/rates/keep_rates.html",
        fragment="billing/rates/_rates.html",
        context=context,
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload
@requires(Permission.PROGRAMME_OPERATE)
def import_rates(request: PortalRequest) -> HttpResponse:
    """Enter the rates of a file, all of them or none."""
    form = RateFileForm(posted(request), posted_files(request))
    wrong: dict[int, str] = {}
    if request.method == "POST" and form.is_valid():
        try:
            file = open_csv(form.cleaned_data["file"].file, LAYOUT)
            wrong = _enter(request, file.rows(most=settings.RATES_MAX_ROWS))
        except InvalidInput as refusal:
            form.add_error("file", refusal.explanation)
        else:
            if not wrong:
                return redirect_to(request, reverse("pricing:keep_rates"))
    context = {"form": form, "wrong": sorted(wrong.items())}
    status = 422 if wrong or form.errors else 200
    return render(request, "billing/rates/import_rates.html", context, status=status)


def _enter(request: PortalRequest, rows: Iterable[Row]) -> dict[int, str]:
    """Enter the rows and say how many there were; return why rows are wrong, and then nothing was entered."""
    forms_by_number = {row.number: RateForm(row.values) for row in rows}
    wrong = {
        number: " ".join(str(error) for errors in form.errors.values() for error in errors)
        for number, form in forms_by_number.items()
        if not form.is_valid()
    }
    good = [
        incentives.NewRate(number=number, **form.cleaned_data)
        for number, form in forms_by_number.items()
        if number not in wrong
    ]
    try:
        if wrong:
            return wrong
        new = incentives.import_exchange_rates(rates=good, actor=request.actor, now=timezone.now())
    except incentives.RowsRefused as refusal:
        return dict(refusal.reasons)
    here = len(good) - new
    text = ngettext("%(count)s exchange rate entered.", "%(count)s exchange rates entered.", new) % {"count": new}
    if here:
        text += " " + ngettext("%(count)s was here already.", "%(count)s were here already.", here) % {"count": here}
    messages.success(request, text)
    return {}


@require_safe
@requires(Permission.PRICING_VIEW)
def rates_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the exchange rates as a CSV file, which can be imported as it is."""
    address = _address(request)
    found = walk(queries.rates(_wanted(address)), order=queries.ORDER, size=EXPORT_BATCH)
    rows = while_allowed(request.actor, Permission.PRICING_VIEW, found, every=EXPORT_BATCH)
    return csv_response(f"exchange-rates-{timezone.now():%Y-%m-%d}.csv", HEADER, _export_rows(rows))


def _export_rows(rates: Iterable[ExchangeRate]) -> Iterator[tuple[object, ...]]:
    for row in rates:
        yield row.base, row.currency, plain_number(row.rate), row.valid_from, row.source


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def keep_incentives(request: PortalRequest) -> HttpResponse:
    """Set what usage earns from a day on, and list all rules."""
    form = IncentiveForm(posted(request), initial={"valid_from": timezone.now().date()})
    if request.method == "POST" and form.is_valid():
        try:
            incentives.set_incentive(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field, refusal.explanation)
        else:
            messages.success(request, _("Rule set."))
            return redirect_to(request, reverse("pricing:keep_incentives"))
    context = {"form": form, "rules": [_rule(rule) for rule in queries.rules()], "can_end": True}
    return render(request, "billing/rates/keep_incentives.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def end_incentive(request: PortalRequest, rule_id: UUID) -> HttpResponse:
    """Let a rule hold no longer from a day on."""
    rule = get_object_or_404(IncentiveRule, pk=rule_id)
    return ask_last_day(
        request,
        partial(incentives.end_incentive, rule_id=rule.pk),
        done=_("The rule ends."),
        back="pricing:keep_incentives",
        template="billing/rates/end_incentive.html",
        context={"rule": _rule(rule)},
    )


# --- what the pages show ---------------------------------------------------------------------------------------------
def _address(request: PortalRequest) -> ListAddress:
    bases, currencies = queries.currencies()
    return read_address(request, bases=bases, currencies=currencies)


def _wanted(address: ListAddress) -> RateFilter:
    return RateFilter(base=address.get("base"), currency=address.get("currency"))


def _rates_context(request: PortalRequest) -> dict[str, Any]:
    address = _address(request)
    page = queries.rate_page(_wanted(address), cursor=address.get("cursor"))
    bases, currencies = queries.currencies()
    every = {"value": "", "label": _("All currencies")}
    return {
        "rates": [_rate(row) for row in page],
        "pager": address.pager(page),
        "values": {name: address.get(name) for name in FILTERS},
        "options": {
            name: [every, *({"value": code, "label": code} for code in codes)]
            for name, codes in (("base", bases), ("currency", currencies))
        },
        "chips": address.chips(
            {
                "base": _("From %(currency)s") % {"currency": address.get("base")},
                "currency": _("To %(currency)s") % {"currency": address.get("currency")},
            }
        ),
        "list_url": request.path,
        "export_url": address.url(reverse("pricing:rates_export"), cursor=""),
    }


def _rate(row: ExchangeRate) -> dict[str, Any]:
    today = timezone.now().date()
    until: datetime.date | None = row.holds_until  # type: ignore[attr-defined]
    return {
        "pair": f"1 {row.base} =",
        "rate": f"{number_format(plain_number(row.rate))} {row.currency}",
        "valid_from": row.valid_from,
        "last_day": until - datetime.timedelta(days=1) if until else None,
        "is_in_force": row.valid_from <= today and (until is None or until > today),
        "source": row.source,
        "by": row.entered_by_name,
    }


def _rule(rule: IncentiveRule) -> dict[str, Any]:
    percent: Decimal = rule.percent
    return {
        "pk": rule.pk,
        "family": dict(USAGE_FAMILIES)[rule.family],
        "kind": IncentiveKind(rule.kind).label,
        "percent": f"{number_format(plain_number(percent))} %",
        "competency": rule.competency,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
        "source": rule.source,
        "note": rule.note,
        "end_url": "" if rule.valid_until else reverse("pricing:end_incentive", args=[rule.pk]),
    }
