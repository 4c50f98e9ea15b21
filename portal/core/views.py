"""Home, help and search."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import trigger_client_event

from portal.accounts import queries
from portal.accounts.access import signed_in
from portal.accounts.permissions import Permission
from portal.core import home as home_cards
from portal.core import navigation
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment
from portal.core.search import LIMIT, Group, find
from portal.notifications import queries as notifications

TOP_ACTIONS = 5
QUICK_STARTS = 6
LONGEST_SEARCH = 200


@require_safe
@signed_in("the workspaces shown depend on the role; everyone has at least their own account")
def home(request: PortalRequest) -> HttpResponse:
    """Show the workspaces this person may open, what waits for it, and what it may start."""
    actor = request.actor
    urgent = notifications.item_page(actor, "actions", filters={"sort": "due"}, size=TOP_ACTIONS)
    return render(
        request,
        "home.html",
        {
            "actions": notifications.rows(urgent, now=timezone.now()),
            "more_actions": bool(urgent.next_cursor),
            "quick_starts": _quick_starts(request),
            "cards": home_cards.cards_for(request),
        },
    )


@require_safe
@signed_in("holds no data but the names of one's own account admins")
def help_page(request: PortalRequest) -> HttpResponse:
    """Say which keys work, whom to ask, and where to read on."""
    actor = request.actor
    return render(
        request,
        "help.html",
        {
            "organization_name": actor.organization_name,
            "admins": queries.who_can(actor, Permission.USER_MANAGE),
            "docs_url": settings.DOCS_URL,
        },
    )


@require_safe
@signed_in("finds only what the person's roles may see")
def search(request: PortalRequest) -> HttpResponse:
    """Find pages, actions and objects; an id that belongs to one object leads straight to it (quality row 35)."""
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    typing = is_fragment_request(request)
    groups = find(request.actor, text) if text or not typing else []
    exact = [result for group in groups for result in group.results if result.is_exact]
    if len(exact) == 1 and not typing:
        return redirect(exact[0].url)
    count = sum(len(group.results) for group in groups)
    response = page_or_fragment(
        request,
        page="search/results.html",
        fragment="search/_suggestions.html",
        context={
            "text": text,
            "count": count,
            "groups": [Group(group.label, group.results[:LIMIT]) for group in groups] if typing else groups,
            "more_url": f"{reverse('search')}?{request.GET.urlencode()}",
        },
    )
    if typing and text:
        told = ngettext("%(count)s result", "%(count)s results", count) % {"count": count} if count else _("No results")
        trigger_client_event(response, "announce", {"value": told})
    return response


def _quick_starts(request: PortalRequest) -> list[dict[str, Any]]:
    """The first things this person may do, from the menus of all workspaces."""
    return [
        {
            "label": item.label,
            "url": reverse(item.url_name),
            "description": item.description,
            "icon": item.icon or space.icon,
        }
        for space in navigation.workspaces_for(request.actor)
        for item in space.actions_for(request.actor)
    ][:QUICK_STARTS]
