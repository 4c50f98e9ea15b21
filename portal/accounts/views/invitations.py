"""Invitations to colleagues: the list, inviting, sending again, revoking."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import queries, rules
from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.enums import InvitationStatus
from portal.accounts.forms import InviteForm
from portal.accounts.models import UserInvitation
from portal.accounts.permissions import Permission
from portal.accounts.views.questions import Question, answer
from portal.accounts.views.users import user_tabs
from portal.accounts.workflow import invitations as workflow
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page

STATUS_TONES = {
    InvitationStatus.OPEN: "info",
    InvitationStatus.ACCEPTED: "success",
    InvitationStatus.REVOKED: "neutral",
    InvitationStatus.EXPIRED: "warning",
}


@require_safe
@requires(Permission.USER_VIEW)
def invitations(request: PortalRequest) -> HttpResponse:
    """List the invitations of the organisation, newest first."""
    address = ListAddress.read(request, {"status": InvitationStatus.values, "cursor": None})
    status = address.get("status")
    page = keyset_page(
        queries.invitation_list(request.actor, status=status),
        order=("-created_at", "-pk"),
        cursor=address.get("cursor"),
        with_total=True,
    )
    now = timezone.now()
    return page_or_fragment(
        request,
        page="accounts/invitations.html",
        fragment="accounts/_invitations.html",
        context={
            "rows": [_row(invitation, rules.status_at(invitation, now=now)) for invitation in page],
            "clear_url": address.path,
            "pager": address.pager(page),
            "status": status,
            "statuses": [
                {"value": "", "label": _("All states")},
                *({"value": str(choice), "label": choice.label} for choice in InvitationStatus),
            ],
            "tabs": user_tabs("invitations"),
            "may_manage": request.actor.may(Permission.USER_MANAGE),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
@fresh_sign_in
def invite(request: PortalRequest) -> HttpResponse:
    """Ask whom to invite and send the invitation."""
    kind = request.actor.organization_kind
    form = InviteForm(posted(request), kind=kind, initial={"language": get_language()})
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            invitation = workflow.invite_user(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except InvalidInput as wrong:
            form.add_error(wrong.field, str(wrong))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The invitation to %(email)s is on its way.") % {"email": invitation.email})
            return redirect_to(request, reverse("accounts:invitations"))
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return page_or_fragment(
        request,
        page="accounts/users/invite.html",
        fragment="accounts/users/_invite.html",
        context={"form": form, "refusal": refusal},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def invitation_resend(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Say what sending again does, and send a new link."""
    invitation = queries.invitation_detail(request.actor, invitation_id)
    question = _question(
        invitation,
        "invitation_resend",
        title=_("Send the invitation again"),
        button=_("Send again"),
        consequences=[
            _("A new link goes to this address, with a new time limit."),
            _("The link sent before stops working."),
        ],
        done=_("A new invitation to %(email)s is on its way."),
    )
    return answer(
        request,
        question,
        lambda: workflow.resend_invitation(invitation_id=invitation.pk, actor=request.actor, now=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.USER_MANAGE)
def invitation_revoke(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Name the consequences and make the link worthless."""
    invitation = queries.invitation_detail(request.actor, invitation_id)
    question = _question(
        invitation,
        "invitation_revoke",
        title=_("Revoke the invitation"),
        button=_("Revoke"),
        consequences=[
            _("The link in the mail stops working at once, and the person is told by mail."),
            _("You can invite the same address anew."),
        ],
        done=_("The invitation to %(email)s has been revoked."),
    )
    return answer(
        request,
        question,
        lambda: workflow.revoke_invitation(invitation_id=invitation.pk, actor=request.actor, now=timezone.now()),
    )


def _row(invitation: UserInvitation, status: InvitationStatus) -> dict[str, Any]:
    """One line of the list; an invitation past its time shows as expired before the sweep has closed it."""
    return {
        "invitation": invitation,
        "status": status,
        "tone": STATUS_TONES[status],
        "menu_id": f"invitation-{invitation.pk}",
        "may_resend": status in rules.RESENDABLE,
        "may_revoke": status == InvitationStatus.OPEN,
    }


def _question(invitation: UserInvitation, address: str, *, done: str, **words: Any) -> Question:
    return Question(
        name=invitation.email,
        about=f"{invitation.name}, {invitation.email}",
        done=done % {"email": invitation.email},
        url=reverse(f"accounts:{address}", args=[invitation.pk]),
        parent=_("Invitations"),
        parent_url=reverse("accounts:invitations"),
        **words,
    )
