"""The groups of one's own organization: list, members, and what may be done with them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import requires
from portal.accounts.models import Membership
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, explanation_of
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page
from portal.directory import queries, workflow
from portal.directory.forms import GroupForm
from portal.directory.models import Group, GroupMember

CANDIDATES = 10


@require_safe
@requires(Permission.USER_VIEW)
def groups(request: PortalRequest) -> HttpResponse:
    """List the groups of the organization, those that follow a role first."""
    address = ListAddress.read(request, {"q": None, "cursor": None})
    found = queries.groups_of(request.actor, text=address.get("q"))
    page = keyset_page(found, order=queries.ORDER, cursor=address.get("cursor"))
    actor = request.actor
    return page_or_fragment(
        request,
        page="directory/groups.html",
        fragment="directory/_groups.html",
        context={
            "groups": page,
            "pager": address.pager(page),
            "text": address.get("q"),
            "list_url": address.path,
            "chips": address.chips({"q": _("Search: %(text)s") % {"text": address.get("q")}}),
            "built_in": queries.built_in_groups(actor.organization_id, actor.organization_kind),
            "reason": _why_not(request),
        },
    )


def _why_not(request: PortalRequest) -> str:
    """Return why the person changes no groups; nothing for those who may."""
    return explanation_of(request.actor.require, Permission.USER_MANAGE)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def new_group(request: PortalRequest) -> HttpResponse:
    """Create a group."""
    form = GroupForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            group = workflow.create_group(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except InvalidInput as invalid:
            form.add_error(invalid.field, str(invalid))
        else:
            messages.success(request, _("The group is created. Now add its members."))
            return redirect_to(request, _page_of(group))
    return page_or_fragment(
        request,
        page="directory/new_group.html",
        fragment="directory/_new_group_panel.html",
        context={"form": form},
        status=422 if form.errors else 200,
    )


@require_safe
@requires(Permission.USER_VIEW)
def group(request: PortalRequest, group_id: UUID) -> HttpResponse:
    """Show who is in a group, and whom one can add."""
    return _group_page(request, queries.group_of(request.actor, group_id))


def _group_page(request: PortalRequest, found: Group, refusal: Refusal | None = None) -> HttpResponse:
    address = ListAddress.read(request, {"q": None, "find": None, "cursor": None})
    members = queries.members_of(found, text=address.get("q"))
    page = keyset_page(members, order=queries.MEMBER_ORDER, cursor=address.get("cursor"))
    reason = _why_not(request)
    wanted = address.get("find")
    context = {
        "group": found,
        "members": page,
        "pager": address.pager(page),
        "text": address.get("q"),
        "find": wanted,
        "list_url": reverse("directory:group", args=[found.pk]),
        "candidates": [] if reason else queries.candidates_for(found, text=wanted, limit=CANDIDATES),
        "limit": CANDIDATES,
        "reason": reason,
        "refusal": refusal,
    }
    return page_or_fragment(
        request,
        page="directory/group.html",
        fragment="directory/_group.html",
        context=context,
        status=refusal.http_status if refusal else 200,
    )


@require_POST
@requires(Permission.USER_MANAGE)
def add_member(request: PortalRequest, group_id: UUID) -> HttpResponse:
    """Put a person into a group."""
    found = queries.group_of(request.actor, group_id)
    try:
        member = workflow.add_member(
            group_id=group_id, membership_id=_uuid(request), actor=request.actor, now=timezone.now()
        )
    except Membership.DoesNotExist as error:
        raise Http404 from error
    except Refusal as refused:
        return _group_page(request, found, refused)
    messages.success(request, _("%(name)s is in the group.") % {"name": member.membership.user.name})
    return redirect_to(request, _page_of(found))


def _uuid(request: PortalRequest) -> UUID:
    """Return the person that was chosen. Raises: Http404."""
    try:
        return UUID(request.POST.get("membership", ""))
    except ValueError as error:
        raise Http404 from error


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def remove_member(request: PortalRequest, group_id: UUID, member_id: int) -> HttpResponse:
    """Ask, then take a person out of a group."""
    found = queries.group_of(request.actor, group_id)
    member = queries.members_of(found).filter(pk=member_id).first()
    if member is None:
        raise Http404
    consequences = [
        _("%(name)s loses every right that only this group gives.") % {"name": member.membership.user.name},
        _("The person stays in your organization, with its roles."),
    ]

    def act() -> None:
        workflow.remove_member(group_id=group_id, member_id=member_id, actor=request.actor, now=timezone.now())

    done = _("%(name)s is no longer in the group.") % {"name": member.membership.user.name}
    title = _("Take %(name)s out of the group") % {"name": member.membership.user.name}
    return _asked(request, found, act, title=title, consequences=consequences, button=_("Take out"), done=done)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def offer_group(request: PortalRequest, group_id: UUID) -> HttpResponse:
    """Ask, then let other companies choose a group, or no longer."""
    found = queries.group_of(request.actor, group_id)
    if found.is_offered:
        title, button = _("Offer the group no longer"), _("Offer no longer")
        done = _("Only your company can choose it.")
        consequences = [_("Other companies no longer find it."), _("What it was given so far stays.")]
    else:
        title, button, done = _("Offer the group"), _("Offer"), _("Companies that you work with can choose it.")
        consequences = [
            _("Partners, or customers, that your company works with see its name and description, not who is in it."),
            _("They can give it access to Azure subscriptions."),
        ]

    def act() -> None:
        workflow.offer_group(
            group_id=group_id, is_offered=not found.is_offered, actor=request.actor, now=timezone.now()
        )

    return _asked(request, found, act, title=title, consequences=consequences, button=button, done=done)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def remove_group(request: PortalRequest, group_id: UUID) -> HttpResponse:
    """Ask, then remove a group."""
    found = queries.group_of(request.actor, group_id)
    consequences = [
        ngettext(
            "%(n)s person loses every right that only this group gives.",
            "%(n)s people lose every right that only this group gives.",
            found.member_count,
        )
        % {"n": found.member_count},
        _("Lists of access go on naming it, as a group that was removed, until somebody takes its rights away there."),
        _("It cannot be brought back; a new group of this name has none of its rights."),
    ]

    def act() -> None:
        workflow.remove_group(group_id=group_id, actor=request.actor, now=timezone.now())

    texts = {"title": _("Remove the group"), "button": _("Remove"), "done": _("The group is removed.")}
    return _asked(request, found, act, consequences=consequences, after=reverse("directory:groups"), **texts)


def _asked(
    request: PortalRequest,
    found: Group,
    act: Callable[[], None],
    *,
    title: str,
    consequences: list[str],
    button: str,
    done: str,
    after: str = "",
) -> HttpResponse:
    """Ask with the consequences named, or do what was confirmed; what is gone meanwhile is a 404."""
    if request.method == "POST":
        try:
            act()
        except (Group.DoesNotExist, GroupMember.DoesNotExist) as error:
            raise Http404 from error
        messages.success(request, done)
        return redirect_to(request, after or _page_of(found))
    context: dict[str, Any] = {"group": found, "title": title, "consequences": consequences, "button": button}
    return page_or_fragment(
        request,
        page="directory/ask.html",
        fragment="directory/_ask_dialog.html",
        context=context | {"back_url": _page_of(found), "action_url": request.path},
    )


def _page_of(found: Group) -> str:
    return reverse("directory:group", args=[found.pk])
