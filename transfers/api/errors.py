"""The codes of transfers on the page of errors: what ``transfers.reasons`` says, with the numbers of the API."""

import re

from portal.api.error_help import ErrorCode
from transfers.reasons import REASONS
from transfers.wire_codes import NUMBERS

FACT = re.compile(r"%\(\w+\)s")


def all_codes() -> list[ErrorCode]:
    """Return every reason that stops something, with its number, cause and remedy."""
    return [
        ErrorCode(code, *NUMBERS[code], cause=_text(reason.message), remedy=_text(reason.next_step), area="transfer")
        for code, reason in REASONS.items()
        if code in NUMBERS
    ]


def _text(text: object) -> str:
    """Return a sentence with the facts left open that a case would fill in."""
    return FACT.sub("…", str(text)) or "–"
