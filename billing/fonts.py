"""The fonts of documents: letters of most scripts, embedded, so that a customer's name reads as the customer writes it.

FiraGO comes with a package, under the SIL Open Font License: Latin, Greek, Cyrillic, Georgian, Hebrew, Arabic, Thai and
Devanagari. Chinese, Japanese and Korean would take some 15 MB for each weight; readers of PDF files have such fonts, so
only their names stand in the document.
"""

import io
import re
from functools import cache
from xml.sax.saxutils import escape

from pymupdf_fonts import fontbuffers
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

FONT, BOLD = "FiraGO", "FiraGO-Bold"
HAN, KANA, HANGUL = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
_EMBEDDED = {FONT: "figo", BOLD: "figbo"}
_HAN = "\u2e80-\u2fdf\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
_KANA = "\u3040-\u30ff\u31f0-\u31ff\uff61-\uff9f"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_EAST_ASIAN = re.compile(f"[{_HAN}{_KANA}{_HANGUL}]+")


@cache
def register_fonts() -> None:
    """Make the fonts known to the library, once per process."""
    for name, key in _EMBEDDED.items():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO(fontbuffers[key]())))
    for name in (HAN, KANA, HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def marked_up(text: str) -> str:
    """Return text as markup of a paragraph, East Asian letters in a font that has them."""
    return _EAST_ASIAN.sub(_in_its_font, escape(text))


def _in_its_font(run: re.Match[str]) -> str:
    """A run with kana is Japanese, one with hangul Korean; Han letters alone are taken for Chinese."""
    is_japanese, is_korean = re.search(f"[{_KANA}]", run[0]), re.search(f"[{_HANGUL}]", run[0])
    name = KANA if is_japanese else HANGUL if is_korean else HAN
    return f'<font name="{name}">{run[0]}</font>'
