"""User management: who belongs to the organisation, and with which roles."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import queries, rules
from portal.accounts.access import fresh_sign_in, requires, while_allowed
from portal.accounts.enums import AccountEvent, Role, UserState
from portal.accounts.forms import RolesForm
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLE_SUMMARIES, ROLES_BY_KIND, Permission, role_labels
from portal.accounts.sign_in import rules as sign_in_rules
from portal.accounts.views.questions import Question, answer
from portal.accounts.workflow import users as workflow
from portal.audit import queries as log
from portal.audit import timeline
from portal.audit.models import AuditEvent
from portal.core.errors import Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page, walk

DEFAULT_ORDER = "name"
EXPORT_BATCH = 500
TIMELINE_LENGTH = 8  # most entries are sign-ins; the rest stands in the activity log


@require_safe
@requires(Permission.USER_VIEW)
def users(request: PortalRequest) -> HttpResponse:
    """List the people of the organisation."""
    address = _address(request)
    known = ROLES_BY_KIND[request.actor.organization_kind]
    page = keyset_page(
        _found(request, address),
        order=queries.USER_ORDERS[address.get("sort", DEFAULT_ORDER)],
        cursor=address.get("cursor"),
        with_total=True,
    )
    return page_or_fragment(
        request,
        page="accounts/users.html",
        fragment="accounts/_users.html",
        context={
            "members": page,
            "pager": address.pager(page),
            "headers": address.sort_headers(("name", "email", "last_sign_in"), default=DEFAULT_ORDER),
            "filters": {name: address.get(name) for name in ("q", "role", "state")},
            "chips": address.chips(_chip_labels(address)),
            "clear_url": address.path,
            "sort": address.get("sort"),
            "export_url": address.url(reverse("accounts:users_export"), cursor=""),
            "roles": _options(_("All roles"), [role for role in Role if role in known]),
            "states": _options(_("All states"), list(UserState)),
            "tabs": user_tabs("users"),
            "may_manage": request.actor.may(Permission.USER_MANAGE),
        },
    )


@require_safe
@requires(Permission.USER_VIEW)
def users_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters show, all pages of it (quality row 37)."""
    address = _address(request)
    order = queries.USER_ORDERS[address.get("sort", DEFAULT_ORDER)]
    members = walk(_found(request, address), order=order, size=EXPORT_BATCH)
    header = (
        _("Name"),
        _("E-mail address"),
        _("Roles"),
        _("State"),
        _("Last sign-in"),
        _("Member since"),
        _("User ID"),
    )
    rows = while_allowed(request.actor, Permission.USER_VIEW, members, every=EXPORT_BATCH)
    return csv_response("users.csv", header, _export_rows(rows))


def _export_rows(members: Iterator[Membership]) -> Iterator[tuple[object, ...]]:
    for member in members:
        user = member.user
        roles = ", ".join(member.role_labels)
        yield user.name, user.email, roles, member.state.label, user.last_login, member.created_at, user.pk


@require_safe
@requires(Permission.USER_VIEW)
def user(request: PortalRequest, user_id: UUID) -> HttpResponse:
    """Show one person: roles, what may be done with it, and what happened to it."""
    member = queries.user_detail(request.actor, user_id)
    events = log.timeline(request.actor, "user", user_id, limit=TIMELINE_LENGTH)
    return render(
        request,
        "accounts/user.html",
        {
            "member": member,
            "roles": [{"label": role.label, "summary": ROLE_SUMMARIES[role]} for role in Role if role in member.roles],
            "actions": _actions(request, member),
            "entries": timeline.entries(events, text_of=_text_of),
            "log_url": _log_url(request, user_id),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
@fresh_sign_in
def user_roles(request: PortalRequest, user_id: UUID) -> HttpResponse:
    """Ask for a person's roles and change them."""
    member = queries.user_detail(request.actor, user_id)
    form = RolesForm(posted(request), kind=request.actor.organization_kind, initial={"roles": member.roles})
    refusal = _actions(request, member)["change_roles"]
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change_roles(
                membership_id=member.pk, roles=form.cleaned_data["roles"], actor=request.actor, now=timezone.now()
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The roles of %(name)s have been saved.") % {"name": member.user})
            return redirect_to(request, reverse("accounts:user", args=[member.user_id]))
    return page_or_fragment(
        request,
        page="accounts/users/roles.html",
        fragment="accounts/users/_roles.html",
        context={"member": member, "form": form, "refusal": refusal},
        status=refusal.http_status if refusal else 422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
@fresh_sign_in
def user_reset_second_factor(request: PortalRequest, user_id: UUID) -> HttpResponse:
    """Name the consequences and let a person who lost its second factor set up another one."""
    member = queries.user_detail(request.actor, user_id)
    question = _question(
        member,
        "user_reset_second_factor",
        title=_("Reset second factor"),
        button=_("Reset second factor"),
        consequences=sign_in_rules.consequences_of_reset(request.actor.organization_kind),
        done=_("The second factor of %(name)s has been reset."),
    )
    return answer(
        request,
        question,
        lambda: workflow.reset_second_factor(membership_id=member.pk, actor=request.actor, now=timezone.now()),
        refusal=_actions(request, member)["reset_second_factor"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def user_deactivate(request: PortalRequest, user_id: UUID) -> HttpResponse:
    """Name the consequences and shut a person out."""
    member = queries.user_detail(request.actor, user_id)
    question = _question(
        member,
        "user_deactivate",
        title=_("Deactivate a user"),
        button=_("Deactivate"),
        consequences=[
            _("The person can no longer act for %(organization)s, from the next click on, on every device.")
            % {"organization": request.actor.organization_name},
            _("Actions addressed to this person alone wait for the person's return."),
            _("Roles and history are kept, and you can reactivate the person at any time. The person is told by mail."),
        ],
        done=_("%(name)s can no longer act for your organization."),
    )
    return answer(
        request,
        question,
        lambda: workflow.deactivate_user(membership_id=member.pk, actor=request.actor, now=timezone.now()),
        refusal=_actions(request, member)["deactivate"],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def user_reactivate(request: PortalRequest, user_id: UUID) -> HttpResponse:
    """Name the consequences and let a person in again."""
    member = queries.user_detail(request.actor, user_id)
    facts = {"organization": request.actor.organization_name, "roles": _names(member.roles)}
    question = _question(
        member,
        "user_reactivate",
        title=_("Reactivate a user"),
        button=_("Reactivate"),
        consequences=[
            _("The person can act for %(organization)s again, with these roles: %(roles)s. The person is told by mail.")
            % facts
        ],
        done=_("%(name)s can act for your organization again."),
        tone="info",
    )
    return answer(
        request,
        question,
        lambda: workflow.reactivate_user(membership_id=member.pk, actor=request.actor, now=timezone.now()),
        refusal=_actions(request, member)["reactivate"],
    )


def user_tabs(selected: str) -> list[dict[str, Any]]:
    """Return the tabs of user management."""
    tabs = (("users", _("Users")), ("invitations", _("Invitations")))
    return [
        {"label": label, "url": reverse(f"accounts:{name}"), "selected": name == selected, "count": None}
        for name, label in tabs
    ]


def _address(request: PortalRequest) -> ListAddress:
    kind = request.actor.organization_kind
    choices = {
        "q": None,
        "role": {str(role) for role in ROLES_BY_KIND[kind]},
        "state": UserState.values,
        "sort": queries.USER_ORDERS,
        "cursor": None,
    }
    return ListAddress.read(request, choices)


def _found(request: PortalRequest, address: ListAddress) -> QuerySet[Membership]:
    return queries.user_list(request.actor, text=address.get("q"), role=address.get("role"), state=address.get("state"))


def _chip_labels(address: ListAddress) -> dict[str, str]:
    labels = {"q": _("Contains: %(text)s") % {"text": address.get("q")}}
    if role := address.get("role"):
        labels["role"] = _("Role: %(role)s") % {"role": Role(role).label}
    if state := address.get("state"):
        labels["state"] = _("State: %(state)s") % {"state": UserState(state).label}
    return labels


def _options(everything: str, choices: Iterable[Role | UserState]) -> list[dict[str, str]]:
    return [
        {"value": "", "label": everything},
        *({"value": str(choice), "label": str(choice.label)} for choice in choices),
    ]


def _actions(request: PortalRequest, member: Membership) -> dict[str, Refusal | None]:
    admins = queries.other_admin_count(member, rules.ADMIN_ROLES[request.actor.organization_kind])
    return rules.user_actions(member, actor=request.actor, other_admins=admins)


def _log_url(request: PortalRequest, user_id: UUID) -> str:
    """Return where the log shows everything that names this person, for those who may read it."""
    if not request.actor.may(Permission.ACTIVITY_LOG_VIEW):
        return ""
    return f"{reverse('audit:log')}?{urlencode({'id': user_id})}"


def _text_of(event: AuditEvent) -> str:
    """Word what an event changed about a person."""
    if event.event_type == AccountEvent.USER_ROLES_CHANGED:
        return _("From %(before)s to %(after)s") % {
            "before": _names((event.before or {}).get("roles")),
            "after": _names((event.after or {}).get("roles")),
        }
    if event.event_type == AccountEvent.USER_JOINED:
        return _names((event.after or {}).get("roles"))
    return ""


def _names(roles: Iterable[str] | None) -> str:
    return ", ".join(role_labels(roles or ()))


def _question(member: Membership, address: str, *, done: str, **words: Any) -> Question:
    return Question(
        name=member.user.name,
        about=f"{member.user.name}, {member.user.email}",
        done=done % {"name": member.user},
        url=reverse(f"accounts:{address}", args=[member.user_id]),
        parent=member.user.name,
        parent_url=reverse("accounts:user", args=[member.user_id]),
        **words,
    )
