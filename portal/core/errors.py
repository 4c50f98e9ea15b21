"""The one base of expected refusals, and the facts every refusal tells."""

from collections.abc import Callable
from typing import ParamSpec

from django.utils.translation import gettext

P = ParamSpec("P")


def explain(message: object, who: object, next_step: object) -> str:
    """Return what, who can mend it and how in one paragraph; what is empty is left out."""
    mended_by = gettext("Who can: %(who)s.") % {"who": who} if who else ""
    return " ".join(str(part) for part in (message, mended_by, next_step) if part)


class Refusal(Exception):
    """Something was not done, for a reason the person who asked can understand.

    ``code`` is stable: the API returns it and pages choose wording by it. The text says what and why;
    ``who`` names who can mend it, ``next_step`` what to do, ``next_url`` where (quality row 38).
    """

    code = "refused"
    http_status = 409
    api_number: tuple[int, int] | None = None  # number and status at the API, where portal.api.error_codes has none

    def __init__(self, message: object, *, who: object = "", next_step: object = "", next_url: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.who = who
        self.next_step = next_step
        self.next_url = next_url

    def __str__(self) -> str:
        return str(self.message)

    @property
    def explanation(self) -> str:
        """All of it in one paragraph, for a disabled command (X5)."""
        return explain(self.message, self.who, self.next_step)


class PermissionDenied(Refusal):
    """The role has no right to this action."""

    code = "role-has-no-right"
    http_status = 403


class InvalidInput(Refusal):
    """The input has the right shape but cannot be used; ``field`` names the form field it belongs to."""

    code = "invalid-input"
    http_status = 422

    def __init__(self, message: object, *, field: str | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.field = field


def refusal_of(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Refusal | None:
    """Return why a check refuses, or ``None`` if it does not; several are joined by ``or``."""
    try:
        check(*args, **kwargs)
    except Refusal as refusal:
        return refusal
    return None


def explanation_of(check: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> str:
    """Return why a check refuses, in one paragraph for a disabled command (X5); empty if it does not."""
    refusal = refusal_of(check, *args, **kwargs)
    return refusal.explanation if refusal else ""
