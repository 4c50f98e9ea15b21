"""The prerequisites of a request as lines that say what holds, what does not, who mends it and how (section 6.9)."""

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from transfers.enums import Level
from transfers.reasons import Finding
from transfers.rules import Check

_TONES = {Level.GREEN: "success", Level.AMBER: "warning", Level.RED: "error"}


@dataclass(frozen=True)
class Checklist:
    """All lines, and in one sentence what they come to."""

    lines: list[dict[str, Any]]
    summary: str
    tone: str


def checklist(checks: list[Check], *, form: Form | None = None) -> Checklist:
    """Lay out the checks; a bound ``form`` adds the line of the customer's address, which only the form checks."""
    lines = [_line(str(check.label), check.level, check.findings, is_open=check.is_open) for check in checks]
    if form is not None:
        lines.insert(0, _email_line(form))
    stops = sum(line["tone"] == "error" for line in lines)
    warnings = sum(line["tone"] == "warning" for line in lines)
    if stops:
        said = ngettext("%(count)s point stops this request.", "%(count)s points stop this request.", stops)
        return Checklist(lines, said % {"count": stops}, "error")
    if warnings:
        said = ngettext(
            "It can be sent; %(count)s point to note.", "It can be sent; %(count)s points to note.", warnings
        )
        return Checklist(lines, said % {"count": warnings}, "warning")
    return Checklist(lines, _("Everything is in place."), "success")


def _line(label: str, level: Level, findings: list[Finding], *, is_open: bool = False) -> dict[str, Any]:
    words = {Level.GREEN: _("Met"), Level.AMBER: _("To note"), Level.RED: _("Not met")}
    return {
        "label": label,
        "tone": "neutral" if is_open else _TONES[level],
        "said": _("Not known yet") if is_open else words[level],
        "findings": [
            {
                "message": one.message,
                "who": one.who if one.stops else "",
                "next_step": one.next_step,
                "url": one.url,
            }
            for one in findings
        ],
    }


def _email_line(form: Form) -> dict[str, Any]:
    label = _("The mails to the customer have an address")
    entered = form["customer_email"].value()
    errors = [str(error) for error in form.errors.get("customer_email", [])] if form.is_bound else []
    if entered and not errors:
        return _line(label, Level.GREEN, [])
    message = errors[0] if errors else _("No address is entered yet.")
    finding = {"message": message, "who": "", "next_step": _("Enter it in the form."), "url": ""}
    return _line(label, Level.RED, []) | {"findings": [finding]}
