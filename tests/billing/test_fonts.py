"""Names of all scripts in the PDF of an invoice: as text that can be searched and copied, in embedded fonts (P9)."""

import io

import pytest
from pypdf import PdfReader

from billing.documents import invoice_pdf
from billing.fonts import BOLD, FONT, HAN, HANGUL, KANA, marked_up
from tests.billing.invoice_factories import make_invoice
from tests.customers.factories import make_relationship
from tests.factories import make_partner

NAMES = {
    "Polish": "Żółw i Łoś, Gdańsk",
    "Romanian": "Știința Țării",
    "Greek": "Ελληνική Εταιρεία Αθηνών",
    "Cyrillic": "Українська Ґрунтовна Їжа",
    "Georgian": "თბილისის კომპანია",
    "Vietnamese": "Công ty Đường Việt",
    "Thai": "บรษท",
    "Chinese": "北京云服务有限公司",
    "Japanese": "サクラ クラウド",
    "Korean": "서울클라우드",
}
EMBEDDED = ("Polish", "Romanian", "Greek", "Cyrillic", "Georgian", "Vietnamese", "Thai")


def read(pdf):
    return PdfReader(io.BytesIO(pdf))


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def fonts_of(reader):
    """The fonts of a document by whether their letters stand in it; each page names Helvetica, which draws nothing."""
    found = {True: set(), False: set()}
    for page in reader.pages:
        for entry in page["/Resources"]["/Font"].values():
            font = entry.get_object()
            name = str(font["/BaseFont"])
            if name != "/Helvetica":
                found["/FontFile2" in font.get("/FontDescriptor", {})].add(name)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("script", NAMES)
def test_a_name_comes_out_of_the_pdf_as_it_went_in(script):
    name = NAMES[script]
    relationship = make_relationship(make_partner(name=name), name=name)
    invoice = make_invoice(relationship, "12.50")

    pdf = invoice_pdf(invoice, language="fr")

    reader = read(pdf)
    assert text_of(reader).count(name) >= 2, "billed to, and by customer"
    embedded, named = (fonts_of(reader)[key] for key in (True, False))
    assert all(FONT in font for font in embedded)
    assert all(font.startswith(tuple(f"/{known}" for known in (HAN, KANA, HANGUL))) for font in named)
    assert bool(named) == (script not in EMBEDDED)
    assert len(pdf) < 150_000, "only the letters used are embedded"


@pytest.mark.django_db
def test_the_first_of_a_month_is_written_in_french_as_french_does():
    invoice = make_invoice(make_relationship(), "12.50")
    assert invoice.issued_on.day == 1
    assert "1er " in text_of(read(invoice_pdf(invoice, language="fr")))
    assert "1er " not in text_of(read(invoice_pdf(invoice, language="sv")))


def test_markup_in_a_name_stays_text():
    assert marked_up("A & <b>東京</b>") == f'A &amp; &lt;b&gt;<font name="{HAN}">東京</font>&lt;/b&gt;'
    assert FONT not in marked_up("Ελλάδα")
    assert BOLD not in marked_up("Ελλάδα")
    assert HANGUL in marked_up("서울")
