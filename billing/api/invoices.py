"""List and read invoices, their lines, the balance and the PDF (API reference, section 8)."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.api import shapes
from billing.documents import pdf_response
from billing.models import Invoice, UsageRecord
from billing.queries import invoices as queries
from billing.queries import lines, rated_usage
from customers.queries import as_uuid
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import filter_of, paging_of, query_of, time_of, whole_number
from portal.api.resources import attributes, collection, link, time_text
from portal.core.errors import Refusal

LARGEST_PAGE = 500
DATES = ("greater_than_or_equals", "less_than_or_equals")
PAGE = {
    "size": "How many invoices a page holds, 500 at most.",
    "offset": "How many invoices to leave out from the beginning.",
    "filter": 'JSON such as {"Field":"InvoiceDate","Value":"2026-01-01","Operator":"greater_than_or_equals"}; two of '
    "them can be combined as LeftFilter, Operator and, RightFilter.",
}
LINES = {
    "provider": "onetime or all; the older providers have no lines here.",
    "invoicelineitemtype": "billinglineitems, or usagelineitems: each usage record, daily and rated.",
    "size": "How many lines a page holds, 2,000 at most.",
    "seekOperation": "Next, together with the header MS-ContinuationToken.",
}
UNBILLED = LINES | {
    "invoicelineitemtype": "billinglineitems; usage is rated when its month is charged.",
    "currencycode": "The currency of the charges.",
    "period": "current or previous (month).",
}
PROVIDERS = {"onetime": True, "all": True, "marketplace": True, "office": False, "azure": False}
BILLED, USED = "billinglineitems", "usagelineitems"


TOKEN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,18})?")  # of a line, or of a usage record on it


class InvoiceNotFound(Refusal):
    """The caller's company has no such invoice."""

    code = "invoice-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("Your company has no such invoice."))


@api_requires(Permission.BILLING_VIEW, answer=shapes.InvoiceCollection, query=PAGE, tag="Invoices")
def list_invoices(request: ApiRequest) -> HttpResponse:
    """List the invoices of the caller's company, the newest first."""
    query = query_of(request)
    size, offset = whole_number(query, "size") or LARGEST_PAGE, whole_number(query, "offset")
    size = min(size, LARGEST_PAGE)
    since, until = _days(query)
    rows = Invoice.objects.visible_to(request.actor).order_by(*queries.ORDER)
    rows = rows.filter(issued_on__gte=since) if since else rows
    rows = rows.filter(issued_on__lte=until) if until else rows
    found = list(rows[offset : offset + size + 1])

    def address(start: int) -> str:
        wanted = {"size": str(size), "offset": str(start)} | ({"filter": query["filter"]} if "filter" in query else {})
        return f"/invoices?{urlencode(wanted)}"

    following = address(offset + size) if len(found) > size else ""
    return json_answer(shapes.invoice_collection(found[:size], here=address(offset), following=following))


def _days(query: Mapping[str, str]) -> tuple[datetime.date | None, datetime.date | None]:
    """Return from which to which day of issue the filter leaves invoices. Raises: WrongParameter."""
    since = until = None
    for part in _single_filters(query.get("filter", "").strip()):
        found = filter_of({"filter": part}, allowed={"InvoiceDate": DATES})
        if found is None:
            continue
        try:
            day = time_of(found.value).date()
        except (ValueError, OverflowError) as error:
            raise WrongParameter("filter") from error
        since, until = (day, until) if found.operator == DATES[0] else (since, day)
    return since, until


def _single_filters(raw: str) -> list[str]:
    try:
        value = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise WrongParameter("filter") from error
    if not isinstance(value, dict):
        raise WrongParameter("filter")
    parts = {str(name).lower(): part for name, part in value.items()}
    if "leftfilter" not in parts:
        return [raw]
    if str(parts.get("operator", "")).lower() not in ("and", "7"):
        raise WrongParameter("filter")
    return [orjson.dumps(parts[name]).decode() for name in ("leftfilter", "rightfilter") if name in parts]


@api_requires(Permission.BILLING_VIEW, person=True, answer=shapes.InvoiceAnswer, tag="Invoices")
def get_invoice(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Get an invoice; the id is its number, with or without the prefix OneTime- or Recurring-."""
    return json_answer(shapes.invoice_answer(find(request, invoice_id)))


def find(request: ApiRequest, invoice_id: str) -> Invoice:
    """Return an invoice of the caller's company. Raises: InvoiceNotFound."""
    number = invoice_id.upper().removeprefix("ONETIME-").removeprefix("RECURRING-")
    own = Invoice.objects.visible_to(request.actor)
    key = as_uuid(invoice_id)
    invoice = own.filter(pk=key).first() if key else own.filter(number=number).first()
    if invoice is None:
        raise InvoiceNotFound
    return invoice


@api_requires(Permission.BILLING_VIEW, answer=shapes.LineCollection, query=LINES, tag="Invoices")
def list_lines(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """List the lines of an invoice: every charge, by pages. Their subtotals sum to the invoice's total.

    As usagelineitems each usage record behind them, daily and rated; their totals sum to the lines of usage and credit.
    """
    query = query_of(request)
    return _line_page(
        request, find(request, invoice_id), query.get("provider", ""), query.get("invoicelineitemtype", "")
    )


@api_requires(
    Permission.BILLING_VIEW,
    answer=shapes.LineCollection,
    query={name: LINES[name] for name in ("size", "seekOperation")},
    tag="Invoices",
)
def list_lines_of_provider(request: ApiRequest, invoice_id: str, provider: str, line_type: str) -> HttpResponse:
    """List the same, by the older form of the address."""
    return _line_page(request, find(request, invoice_id), provider, line_type)


def _line_page(request: ApiRequest, invoice: Invoice, provider: str, line_type: str) -> HttpResponse:
    kind, query = _kind(provider, line_type), query_of(request)
    size, position, record_id = _place(request, query)
    if kind == USED:
        items, token = _usage_items(invoice, (position, record_id), size)
    else:
        items, token = _billed_items(invoice, position, size if kind else 0)
    answer: dict[str, Any] = {"totalCount": len(items), "items": items}
    path = f"/invoices/{shapes.wire_id(invoice)}/lineitems?provider=onetime&invoicelineitemtype={kind or BILLED}"
    answer["links"] = {"self": link(f"{path}&size={size}")}
    if token:
        headers = [{"key": "MS-ContinuationToken", "value": token}]
        answer["links"]["next"] = link(f"{path}&size={size}&seekOperation=Next", headers=headers)  # type: ignore[arg-type]
        answer["continuationToken"] = token
    return json_answer(answer | {"attributes": attributes("Collection")})


def _billed_items(invoice: Invoice, position: int, size: int) -> tuple[list[Any], str]:
    """Return so many charges beyond a position, and where to go on; of size 0 nothing."""
    found = lines.lines_after(invoice, position, size + 1) if size else []
    shown, transfers = found[:size], lines.transfers_of(found[:size])
    items = [
        shapes.line_answer(
            line,
            partner_id=str(invoice.billing_owner_id),
            invoice_number=invoice.number,
            currency=invoice.currency,
            transfer_id=transfers.get(line.reference, ""),
        )
        for line in shown
    ]
    return items, str(shown[-1].position) if len(found) > size else ""


def _usage_items(invoice: Invoice, after: tuple[int, int], size: int) -> tuple[list[Any], str]:
    """Return so many usage records beyond a place, and where to go on. Raises: WrongParameter."""
    try:
        found = list(islice(rated_usage.rated_usage(invoice, after=after), size + 1))
    except UsageRecord.DoesNotExist as error:
        raise WrongParameter("MS-ContinuationToken") from error
    shown, rate_days = found[:size], rated_usage.RateDays()
    items = [shapes.usage_answer(invoice, rated, rate_days.of(rated.record)) for rated in shown]
    return items, ".".join(map(str, shown[-1].place)) if len(found) > size else ""


def _kind(provider: str, line_type: str) -> str:
    """Return which lines are wanted, empty for those there are none of. Raises: WrongParameter for unknown words."""
    provider, line_type = provider.lower().replace("_", "") or "onetime", line_type.lower().replace("_", "") or BILLED
    if provider not in PROVIDERS:
        raise WrongParameter("provider")
    if line_type not in (BILLED, USED):
        raise WrongParameter("invoiceLineItemType")
    return line_type if PROVIDERS[provider] else ""


def _place(request: ApiRequest, query: Mapping[str, str]) -> tuple[int, int, int]:
    """Return the size of a page, and the line and usage record after which it begins. Raises: WrongParameter."""
    token = paging_of(request, query).cursor or "0"
    if not TOKEN.fullmatch(token):
        raise WrongParameter("MS-ContinuationToken")
    position, _point, record_id = token.partition(".")
    return min(whole_number(query, "size") or lines.BATCH, lines.BATCH), int(position), int(record_id or 0)


@api_requires(Permission.BILLING_VIEW, answer=shapes.LineCollection, query=UNBILLED, tag="Invoices")
def list_unbilled(request: ApiRequest) -> HttpResponse:
    """List charges that stand on no invoice yet: those of this month, or of the month before until it is closed."""
    query = query_of(request)
    period, currency = query.get("period", "").lower() or "current", query.get("currencycode", "").upper()
    if period not in ("current", "previous"):
        raise WrongParameter("period")
    wanted = _kind(query.get("provider", ""), query.get("invoicelineitemtype", "")) == BILLED
    size, position, _record = _place(request, query)
    today = timezone.now().date()
    found = lines.unbilled(request.actor, today, period=period, currency=currency, after=position, size=size + 1)
    found = found if wanted else []
    owner = str(request.actor.organization_id)
    items = [
        shapes.line_answer(line, partner_id=owner, invoice_number="", currency=code, transfer_id="")
        for line, code in found[:size]
    ]
    answer: dict[str, Any] = {"totalCount": len(items), "items": items}
    wire = {"provider": "onetime", "invoicelineitemtype": "billinglineitems", "period": period, "size": str(size)}
    path = f"/invoices/unbilled/lineitems?{urlencode(wire | ({'currencycode': currency} if currency else {}))}"
    answer["links"] = {"self": link(path)}
    if len(found) > size:
        headers = [{"key": "MS-ContinuationToken", "value": str(position + size)}]
        answer["links"]["next"] = link(f"{path}&seekOperation=Next", headers=headers)  # type: ignore[arg-type]
    return json_answer(answer | {"attributes": attributes("Collection")})


@api_requires(Permission.BILLING_VIEW, person=True, tag="Invoices")
def get_statement(request: ApiRequest, invoice_id: str) -> HttpResponse:
    """Get an invoice as PDF, in the language of the header X-Locale."""
    return pdf_response(find(request, invoice_id), language=get_language() or "en")


@api_requires(Permission.BILLING_VIEW, person=True, answer=shapes.SummaryAnswer, tag="Invoices")
def get_summary(request: ApiRequest) -> HttpResponse:
    """Get what is open in the currency of the caller's agreement."""
    own = queries.own_currency(request.actor)
    found = next((each for each in _sums(request) if each.currency == own), None)
    nothing = queries.CurrencySum(own, 0, Decimal(0), Decimal(0), Decimal(0))
    return json_answer(shapes.summary_answer(found or nothing, now_text=time_text(timezone.now())))


@api_requires(Permission.BILLING_VIEW, person=True, answer=shapes.SummaryCollection, tag="Invoices")
def list_summaries(request: ApiRequest) -> HttpResponse:
    """List what is open, one summary per currency."""
    now_text = time_text(timezone.now())
    return json_answer(collection([shapes.summary_answer(each, now_text=now_text) for each in _sums(request)]))


def _sums(request: ApiRequest) -> list[queries.CurrencySum]:
    return queries.sums_of(Invoice.objects.visible_to(request.actor), today=timezone.now().date())
