"""The mailbox of the embedded run: every mail that the capture mail server kept. Mounted in no other run."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from portal.accounts.access import public
from portal.core.http import is_fragment_request, page_or_fragment
from portal.core.listing import ListAddress

DEMO_ONLY = "the embedded run only: its mails are invented, and whoever runs it reads them without signing in"
KEYS = ("id", "to", "from", "subject", "language", "text", "html", "sent_at", "event")
PAGE_SIZE = 25
SEARCHED = ("to", "from", "subject", "text", "event")
# Nothing but its own style: no script, no picture from outside, no form. Links open beside the mailbox.
MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@dataclass(frozen=True)
class Mailbox:
    """The folder of the capture mail server: one JSON file per mail, whose names sort by time."""

    folder: Path

    @classmethod
    def of_this_run(cls) -> "Mailbox":
        """Return the mailbox. Raises: Http404 where there is none."""
        if not settings.MAILBOX_DIR:
            raise Http404
        return cls(Path(settings.MAILBOX_DIR))

    def ids(self) -> list[str]:
        """Return the ids of all mails, newest first."""
        names = (path.name for path in self.folder.glob("*.json") if not path.name.startswith("."))
        return sorted((name.removesuffix(".json") for name in names), reverse=True)

    def mail(self, mail_id: str) -> dict[str, str] | None:
        """Return one mail; ``None`` if there is no such mail."""
        return _read(self.folder / f"{mail_id}.json")

    def mails(self, ids: list[str]) -> list[dict[str, str]]:
        """Return the mails that can be read, in the order of their ids."""
        return [mail for mail_id in ids if (mail := self.mail(mail_id)) is not None]


@lru_cache(maxsize=2000)
def _load(path: Path) -> dict[str, str]:
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {key: str(kept.get(key) or "") for key in KEYS}


def _read(path: Path) -> dict[str, str] | None:
    """Read a file, once: mails never change."""
    try:
        return _load(path)
    except (OSError, ValueError, AttributeError):
        return None


@require_safe
@public(DEMO_ONLY)
def mail_list(request: HttpRequest) -> HttpResponse:
    """Show the mails, newest first. Asked with ``newest`` by the page itself, answer only if there is a newer one."""
    mailbox = Mailbox.of_this_run()
    ids = mailbox.ids()
    newest = ids[0] if ids else "none"
    if is_fragment_request(request) and request.GET.get("newest") == newest:
        return HttpResponse(status=204)
    address = ListAddress.read(request, {"q": None, "to": None, "page": None})
    mails = mailbox.mails(ids)
    recipients = sorted({mail["to"] for mail in mails})
    found = Paginator(_filtered(mails, address), PAGE_SIZE).get_page(address.get("page"))
    context = {
        "mails": [{**mail, "sent_at": parse_datetime(mail["sent_at"])} for mail in found],
        "newest": newest,
        "address": address,
        "poll_url": address.url(newest=newest) if found.number == 1 else "",
        "recipients": _options(recipients),
        "chips": address.chips({"q": _("Search: %(words)s") % {"words": address.get("q")}, "to": address.get("to")}),
        "clear_url": request.path,
        "pager": {
            "previous_url": address.url(page=str(found.number - 1)) if found.has_previous() else "",
            "next_url": address.url(page=str(found.number + 1)) if found.has_next() else "",
            "range": ngettext("%(count)s mail", "%(count)s mails", found.paginator.count)
            % {"count": found.paginator.count},
        },
    }
    return page_or_fragment(request, page="mailbox/list.html", fragment="mailbox/_list.html", context=context)


def _filtered(mails: list[dict[str, str]], address: ListAddress) -> list[dict[str, str]]:
    words, recipient = address.get("q").casefold(), address.get("to")
    if recipient:
        mails = [mail for mail in mails if mail["to"] == recipient]
    if words:
        mails = [mail for mail in mails if any(words in mail[key].casefold() for key in SEARCHED)]
    return mails


def _options(recipients: list[str]) -> list[dict[str, str]]:
    return [{"value": "", "label": _("All recipients")}, *({"value": name, "label": name} for name in recipients)]


@require_safe
@public(DEMO_ONLY)
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Show one mail: who, what, its HTML part as it looks, its text part with links."""
    found = _found(mail_id)
    context: dict[str, Any] = {"mail": found, "sent_at": parse_datetime(found["sent_at"])}
    return render(request, "mailbox/mail.html", context)


@require_safe
@public(DEMO_ONLY)
@csp(MAIL_POLICY)  # type: ignore[arg-type]
def mail_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Show the HTML part alone, shut in: for the frame of the mail's page, or a tab of its own."""
    found = _found(mail_id)
    page = found["html"]
    links_leave_the_frame = '<base target="_blank">'
    if "<head>" in page:
        page = page.replace("<head>", f"<head>{links_leave_the_frame}", 1)
    else:
        page = links_leave_the_frame + page
    language = {"Content-Language": found["language"]} if found["language"].isalpha() else {}
    return HttpResponse(page, headers={"X-Frame-Options": "SAMEORIGIN"} | language)


@require_safe
@public(DEMO_ONLY)
def messages(request: HttpRequest) -> HttpResponse:
    """Return every mail as JSON, newest first: what scripts read (docs: the contract of /mailbox/messages.json)."""
    mailbox = Mailbox.of_this_run()
    return JsonResponse(mailbox.mails(mailbox.ids()), safe=False)


def _found(mail_id: str) -> dict[str, str]:
    found = Mailbox.of_this_run().mail(mail_id)
    if found is None:
        raise Http404
    return found
