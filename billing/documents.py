"""An invoice as PDF, in any of the portal's languages (A7, P9, decision 0042)."""

import io
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import override
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from billing.fonts import BOLD, FONT, marked_up, register_fonts
from billing.models import Invoice
from billing.presentation import kind_text, month_in_sentence, month_text, rate_text
from billing.queries import invoices as queries
from portal.accounts.enums import OrganizationKind
from portal.core.countries import country_name
from portal.core.dates import date_format
from portal.core.money import money_text

GREY, LINE = HexColor("#605e5c"), HexColor("#c8c6c4")
TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=12)
NUMBER = ParagraphStyle("number", parent=TEXT, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", parent=TEXT, fontName=BOLD)
STRONG_NUMBER = ParagraphStyle("strong number", parent=STRONG, alignment=TA_RIGHT)
TITLE = ParagraphStyle("title", parent=STRONG, fontSize=17, leading=22, spaceAfter=8)
NOTICE = ParagraphStyle(
    "notice", parent=STRONG, fontSize=11, leading=14, borderColor=GREY, borderWidth=1, borderPadding=6
)
PADDING = 6  # of the library's frame, in points
WIDTH = A4[0] - 40 * mm - 2 * PADDING


def pdf_response(invoice: Invoice, *, language: str) -> HttpResponse:
    """Answer the invoice as a file to keep."""
    response = HttpResponse(invoice_pdf(invoice, language=language), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="Invoice_{invoice.number}.pdf"'
    return response


def invoice_pdf(invoice: Invoice, *, language: str) -> bytes:
    """Return the invoice as PDF. The same invoice and language always give the same bytes."""
    register_fonts()
    written = io.BytesIO()
    with override(language):
        document = SimpleDocTemplate(
            written,
            pagesize=A4,
            leftMargin=20 * mm,
            rightMargin=20 * mm,
            topMargin=18 * mm,
            bottomMargin=20 * mm,
            title=f"{kind_text(invoice)} {invoice.number}",
            author=settings.PRODUCT_NAME,
            lang=language,
            invariant=1,
        )
        foot = _foot_of(invoice)
        document.build(_content(invoice), onFirstPage=foot, onLaterPages=foot)
    return written.getvalue()


def _content(invoice: Invoice) -> list[Any]:
    content: list[Any] = [
        _text(settings.PRODUCT_NAME, STRONG),
        _text(f"{kind_text(invoice)} {invoice.number}", TITLE),
    ]
    if invoice.is_sandbox:
        content += [_text(_("Sandbox – not to be paid"), NOTICE), Spacer(1, 10)]
    content += [_facts(invoice), *_part(invoice, _("By product family"), queries.by_family(invoice))]
    if invoice.billing_owner.organization.kind == OrganizationKind.INDIRECT_PROVIDER:
        resellers = queries.by_reseller(invoice)
        content += _part(invoice, _("By reseller"), resellers, nothing=_("Sold without a reseller"))
    content += _part(invoice, _("By customer"), queries.by_customer(invoice))
    if corrections := queries.corrections(invoice):
        content += _part(invoice, _("Corrections and transfers"), corrections, totals=False)
    content += _rates(invoice)
    content.append(KeepTogether([Spacer(1, 12), _text(_payment_text(invoice), TEXT)]))
    return content


def _facts(invoice: Invoice) -> Table:
    address = [invoice.billed_to_name, *invoice.billed_to_address.splitlines(), country_name(invoice.billed_to_country)]
    pairs = [
        (_("Billed to"), "<br/>".join(marked_up(line) for line in address if line)),
        (_("Microsoft ID"), str(invoice.billing_owner_id)),
        (_("Month"), marked_up(month_text(invoice.month))),
        (_("Date of issue"), date_format(invoice.issued_on, "DATE_FORMAT")),
    ]
    if not invoice.is_sandbox and invoice.total > 0:
        pairs.append((_("Due date"), date_format(invoice.due_on, "DATE_FORMAT")))
    pairs.append((_("Lines"), number_format(invoice.line_count, force_grouping=True)))
    pairs.append((_("Amount"), marked_up(money_text(invoice.total, invoice.currency))))
    rows = [[_text(label, TEXT), Paragraph(value, TEXT)] for label, value in pairs]
    rows[-1][1] = Paragraph(pairs[-1][1], STRONG)
    return Table(rows, colWidths=[45 * mm, WIDTH - 45 * mm], style=[*_PLAIN, ("TEXTCOLOR", (0, 0), (0, -1), GREY)])


_PLAIN = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
]
_RULED = TableStyle(
    [
        *_PLAIN,
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, GREY),
        ("LINEBELOW", (0, 1), (-1, -2), 0.3, LINE),
        ("LINEABOVE", (0, -1), (-1, -1), 0.8, GREY),
    ]
)


def _part(
    invoice: Invoice, title: str, parts: Sequence[queries.PartSum], *, nothing: str = "", totals: bool = True
) -> list[Any]:
    """Return a titled table of sums that ends in their total."""
    shown = queries.shortened(parts, _("All others"))
    head = [_text(title, STRONG), _text(_("Lines"), STRONG_NUMBER), _text(_("Amount"), STRONG_NUMBER)]
    rows = [
        [
            _text(part.name or nothing, TEXT),
            _text(number_format(part.line_count, force_grouping=True), NUMBER),
            _text(money_text(part.amount, invoice.currency), NUMBER),
        ]
        for part in shown
    ]
    if totals:
        count = number_format(invoice.line_count, force_grouping=True)
        total = money_text(invoice.total, invoice.currency)
        rows.append([_text(_("Total"), STRONG), _text(count, STRONG_NUMBER), _text(total, STRONG_NUMBER)])
    table = Table([head, *rows], colWidths=[WIDTH - 70 * mm, 25 * mm, 45 * mm], repeatRows=1, style=_RULED)
    return [Spacer(1, 12), table]


def _rates(invoice: Invoice) -> list[Any]:
    """Return the exchange rates by which usage was converted, or nothing (A8)."""
    texts = [
        _("Usage of %(month)s was converted by %(rate)s, in force from %(date)s (%(source)s).")
        % {
            "month": month_in_sentence(row.month),
            "rate": rate_text(row.rate),
            "date": date_format(row.rate.valid_from, "DATE_FORMAT"),
            "source": row.rate.source,
        }
        for row in queries.rates_of(invoice)
    ]
    return [Spacer(1, 12), _text(_("Exchange rates"), STRONG), *(_text(text, TEXT) for text in texts)] if texts else []


def _payment_text(invoice: Invoice) -> str:
    if invoice.is_sandbox:
        return _("This invoice belongs to a sandbox account. Nothing was sold, and nothing is to be paid.")
    if invoice.total < 0:
        return _("This amount is credited to you.")
    if invoice.total == 0:
        return _("Charges and credits cancel each other out; nothing is to be paid.")
    facts = {"date": date_format(invoice.due_on, "DATE_FORMAT"), "number": invoice.number}
    text = _("Please pay by %(date)s and name the invoice number %(number)s.") % facts
    return f"{text} {_('Amounts are before tax. Every charge stands in the reconciliation file.')}"


def _text(text: object, style: ParagraphStyle) -> Paragraph:
    return Paragraph(marked_up(str(text)), style)


def _foot_of(invoice: Invoice) -> Any:
    """Return what draws number and page at the foot of each page, in the language now spoken."""
    language = translation.get_language() or settings.LANGUAGE_CODE

    def foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
        with override(language):
            page = _("Page %(number)s") % {"number": document.page}
            notice = f" · {_('Sandbox – not to be paid')}" if invoice.is_sandbox else ""
        canvas.setFont(FONT, 8)
        canvas.setFillColor(GREY)
        canvas.drawString(20 * mm + PADDING, 12 * mm, f"{invoice.number}{notice}")
        canvas.drawRightString(A4[0] - 20 * mm - PADDING, 12 * mm, page)

    return foot
