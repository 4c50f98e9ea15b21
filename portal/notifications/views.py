"""Pages of the Action Center."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import override as in_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseLocation, trigger_client_event

from portal.accounts.access import requires, signed_in
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core import navigation
from portal.core.errors import InvalidInput, PermissionDenied
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, posted, redirect_to
from portal.core.listing import EMPTY, ListAddress, addresses, short_moments, status_mark
from portal.notifications import queries, workflow
from portal.notifications.enums import ACTION_KINDS, OPTIONAL_KINDS, UNDELIVERED, ActionKind, EmailStatus
from portal.notifications.forms import PreferencesForm
from portal.notifications.workflow import BulkResult

OWN_ITEMS = "everyone has an Action Center of their own; it shows what their roles are told"
MAX_CHOSEN = 500
MAX_TOLD = 5  # refusals told one by one; the rest as a number
ITEM_CHANGES = {
    "archive": workflow.archive_items,
    "restore": workflow.restore_items,
    "read": workflow.mark_items_read,
}
MAIL_CHANGES = {"again": workflow.send_again, "settle": workflow.settle}


@require_safe
@signed_in(OWN_ITEMS)
def overview(request: PortalRequest) -> HttpResponse:
    """Show the open actions, or with ``tab=notifications`` the news."""
    scope = "notifications" if request.GET.get("tab") == "notifications" else "actions"
    return _list(request, scope, kinds=ACTION_KINDS if scope == "actions" else OPTIONAL_KINDS)


@require_safe
@signed_in(OWN_ITEMS)
def completed(request: PortalRequest) -> HttpResponse:
    """Show the actions that are done."""
    return _list(request, "completed", kinds=ACTION_KINDS)


@require_safe
@signed_in(OWN_ITEMS)
def archived(request: PortalRequest) -> HttpResponse:
    """Show what this person put away."""
    return _list(request, "archived", kinds=ActionKind)


def _list(request: PortalRequest, scope: str, *, kinds: Iterable[ActionKind]) -> HttpResponse:
    shown = [kind for kind in ActionKind if kind in frozenset(kinds)]
    workspaces = queries.workspace_labels()
    address = ListAddress.read(
        request,
        {
            "tab": ["notifications"],
            "q": None,
            "kind": [str(kind) for kind in shown],
            "workspace": list(workspaces),
            "sort": list(queries.ORDERS),
            "cursor": None,
        },
    )
    page = queries.item_page(_actor(request), scope, filters=address.values, cursor=address.get("cursor"))
    rows = queries.rows(page, now=timezone.now())
    context = {
        "scope": scope,
        "rows": rows,
        "lines": _lines(rows),
        "address": address,
        "here": address.url(),
        "pager": address.pager(page),
        "headers": address.sort_headers(("created", "due"), default=queries.NEWEST),
        "chips": address.chips(_chip_labels(address, workspaces)),
        "clear_url": address.url(q="", kind="", workspace="", cursor=""),
        "kinds": _options(_("All types"), [(str(kind), str(kind.label)) for kind in shown]),
        "workspaces": _options(_("All workspaces"), workspaces.items()),
    }
    if scope in ("actions", "notifications"):
        context["tabs"] = _tabs(request, scope)
    return page_or_fragment(
        request,
        page=f"action_center/{'overview' if 'tabs' in context else scope}.html",
        fragment="action_center/_answer.html",
        context=context,
    )


def _chip_labels(address: ListAddress, workspaces: Mapping[str, str]) -> dict[str, str]:
    kind = address.get("kind")
    return {
        "q": _("Search: %(words)s") % {"words": address.get("q")},
        "kind": str(ActionKind(kind).label) if kind else "",
        "workspace": workspaces.get(address.get("workspace"), ""),
    }


def _lines(rows: Iterable[queries.ItemRow]) -> list[dict[str, str]]:
    """Lay out items as texts, which the row of a list only puts in their places (quality row 30)."""
    url, day, unread = addresses("action_center:item"), short_moments(), _("Unread:")
    return [
        {
            "id": str(row.id),
            "url": url(row.id),
            "title": row.title,
            "line": row.line,
            "unread": "" if row.is_read else unread,
            "type": status_mark(row.tone, row.kind_label, row.icon),
            "workspace": row.workspace,
            "created_at": day(row.created_at),
            "completed_at": day(row.completed_at),
            "due": day(row.due_at) + _due_mark(row) if row.due_at else "",
        }
        for row in rows
    ]


def _due_mark(row: queries.ItemRow) -> SafeString:
    """Return what stands below a due date, as _due.html has it."""
    if row.due_is_near:
        return format_html("<div>{}</div>", status_mark("warning", row.due_text))
    return format_html('<div class="muted small">{}</div>', row.due_text) if row.due_text else EMPTY


def _actor(request: PortalRequest) -> Actor:
    """Return who acts. Raises: PermissionDenied for people who belong to no organization (any more)."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise PermissionDenied(
            _("You do not belong to an organization, so you have no Action Center."),
            next_step=_("Ask the account admin of your organization to let you in again."),
        )
    return actor


def _options(everything: str, options: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": "", "label": everything}, *({"value": value, "label": label} for value, label in options)]


def _tabs(request: PortalRequest, scope: str) -> list[dict[str, Any]]:
    request.open_actions = queries.open_action_count(_actor(request))  # the bell shows the same
    counts = {
        "actions": (_("Actions"), "", request.open_actions),
        "notifications": (_("Notifications"), "?tab=notifications", queries.notification_count(_actor(request))),
    }
    return [
        {
            "label": label,
            "url": reverse("action_center:overview") + query,
            "selected": name == scope,
            "count": f"{queries.COUNTER_LIMIT - 1}+" if count == queries.COUNTER_LIMIT else count,
        }
        for name, (label, query, count) in counts.items()
    ]


@require_safe
@signed_in(OWN_ITEMS)
def panel(request: PortalRequest) -> HttpResponse:
    """Show the bell's side panel; without htmx the overview, which holds the same."""
    if not is_fragment_request(request):
        return redirect_to(request, reverse("action_center:overview"))
    found = queries.panel_rows(_actor(request), now=timezone.now())
    return render(request, "action_center/_bell_panel.html", {"rows": found, "email": _actor(request).email})


@require_safe
@signed_in(OWN_ITEMS)
def item(request: PortalRequest, item_id: UUID) -> HttpResponse:
    """Show one item, in the side panel or as a page."""
    found = queries.item_detail(_actor(request), item_id)
    row = queries.rows([found], now=timezone.now())[0]
    return page_or_fragment(
        request,
        page="action_center/item.html",
        fragment="action_center/_item_panel.html",
        context={"row": row, "here": reverse("action_center:overview")},
    )


@require_POST
@signed_in(OWN_ITEMS)
def open_item(request: PortalRequest, item_id: UUID) -> HttpResponse:
    """Mark an item as read and go where it leads."""
    found = queries.item_detail(_actor(request), item_id)
    workflow.mark_items_read(item_ids=[found.pk], actor=_actor(request), now=timezone.now())
    return redirect_to(request, found.url or reverse("action_center:item", args=[found.pk]))


@require_POST
@signed_in(OWN_ITEMS)
def change(request: PortalRequest) -> HttpResponse:
    """Archive, restore or mark as read the chosen items, and say what became of them."""
    do = request.POST.get("do", "")
    if do not in ITEM_CHANGES:
        raise InvalidInput(_("This is not something the list can do."))
    result = ITEM_CHANGES[do](item_ids=_chosen(request), actor=_actor(request), now=timezone.now())
    done = {
        "archive": ngettext("%(n)s item archived.", "%(n)s items archived.", result.done),
        "restore": ngettext("%(n)s item restored.", "%(n)s items restored.", result.done),
        "read": ngettext("%(n)s item marked as read.", "%(n)s items marked as read.", result.done),
    }
    return _after_change(request, result, done[do], "action_center:overview")


@require_safe
@requires(Permission.MAIL_RESEND)
def mails(request: PortalRequest) -> HttpResponse:
    """Show the mails that did not arrive, or may not have."""
    statuses = [(str(status), str(status.label)) for status in EmailStatus if status in UNDELIVERED]
    address = ListAddress.read(request, {"status": [value for value, _label in statuses], "cursor": None})
    page = queries.undelivered_page(_actor(request), status=address.get("status"), cursor=address.get("cursor"))
    context = {
        "mails": page,
        "address": address,
        "here": address.url(),
        "pager": address.pager(page),
        "statuses": _options(_("All statuses"), statuses),
    }
    return page_or_fragment(
        request, page="action_center/mails.html", fragment="action_center/_mails_answer.html", context=context
    )


@require_POST
@requires(Permission.MAIL_RESEND)
def change_mails(request: PortalRequest) -> HttpResponse:
    """Send the chosen mails again, or leave them as they are."""
    do = request.POST.get("do", "")
    if do not in MAIL_CHANGES:
        raise InvalidInput(_("This is not something the list can do."))
    result = MAIL_CHANGES[do](email_ids=_chosen(request), actor=_actor(request), now=timezone.now())
    done = {
        "again": ngettext("%(n)s mail waits to be sent again.", "%(n)s mails wait to be sent again.", result.done),
        "settle": ngettext("%(n)s mail left undelivered.", "%(n)s mails left undelivered.", result.done),
    }
    return _after_change(request, result, done[do], "action_center:mails")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in("everyone chooses their own mails")
def preferences(request: PortalRequest) -> HttpResponse:
    """Choose the language and the optional mails."""
    form = PreferencesForm(
        posted(request),
        workspaces=[space for space in navigation.workspaces_for(_actor(request)) if space.key != "action-center"],
        language=request.user.language,
        unwanted=queries.unwanted_mails(request.user.pk),
        topics=navigation.mail_topics_for(_actor(request)),
        asked_for=queries.topics_asked_for(request.user.pk),
    )
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        workflow.save_preferences(
            language=language, wanted=form.wanted, topics=form.topics, actor=_actor(request), now=timezone.now()
        )
        with in_language(language):
            messages.success(request, _("Your preferences are saved."))
        return redirect_to(request, reverse("action_center:preferences"))
    context = {"form": form, "email": _actor(request).email, "kinds": list(ActionKind)}
    return render(request, "action_center/preferences.html", context, status=422 if form.errors else 200)


def _chosen(request: HttpRequest) -> list[UUID]:
    """Return the chosen ids. Raises: InvalidInput."""
    values = request.POST.getlist("selected")
    if not values:
        raise InvalidInput(_("Nothing is selected."), next_step=_("Select one or more rows, then try again."))
    try:
        return [UUID(value) for value in values[:MAX_CHOSEN]]
    except ValueError:
        raise InvalidInput(_("This selection cannot be read."), next_step=_("Reload the page and try again.")) from None


def _after_change(request: PortalRequest, result: BulkResult, done: str, default: str) -> HttpResponse:
    """Say what became of the rows, and show the list again where it stood."""
    told = [(messages.SUCCESS, done % {"n": result.done})] if result.done else []
    told += [(messages.WARNING, f"{refusal} {refusal.next_step}".strip()) for refusal in result.refusals[:MAX_TOLD]]
    more = len(result.refusals[MAX_TOLD:])
    if more:
        untold = ngettext("%(n)s more was not changed.", "%(n)s more were not changed.", more)
        told.append((messages.WARNING, untold % {"n": more}))
    if not told:
        told = [(messages.WARNING, _("Nothing was changed: the rows are gone or changed already."))]
    for level, text in told:
        messages.add_message(request, level, text)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse(default)
    if not is_fragment_request(request):
        return redirect_to(request, back)
    if request.POST.get("from") == "bell":
        found = queries.panel_rows(_actor(request), now=timezone.now())
        response = render(request, "action_center/_bell_answer.html", {"rows": found})
    else:
        response = HttpResponseLocation(back, target="#list", swap="outerHTML")
    return trigger_client_event(response, "announce", {"value": " ".join(text for _level, text in told)})
