"""The way in for somebody invited: the unique link, and the page it leads to (R3)."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import queries, rules
from portal.accounts.access import public
from portal.accounts.enums import Role
from portal.accounts.forms import JoinForm
from portal.accounts.models import Membership, User, UserInvitation
from portal.accounts.permissions import ROLE_SUMMARIES
from portal.accounts.sign_in import throttle
from portal.accounts.workflow import invitations as workflow
from portal.core.errors import Refusal
from portal.core.http import posted
from portal.core.links import hash_token

SESSION_KEY = "user_invitation"


@require_safe
@public("the unique link of an invitation: whoever holds it was mailed it")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Remember the invitation and go on to a page whose address holds no token. Opening the link spends nothing.

    The token leaves the address bar at once, so that it stands in no Referer and no screenshot (quality row 21).
    """
    attempt = throttle.consume(request, "join")
    invitation = queries.invitation_by_hash(hash_token(token))
    if invitation is None:
        return _unknown(request)
    attempt.rollback()  # only links that lead nowhere count
    request.session[SESSION_KEY] = str(invitation.pk)
    return redirect("accounts:joining")


@require_http_methods(["GET", "HEAD", "POST"])
@public("people without an account open it here; the session says which invitation")
def joining(request: HttpRequest) -> HttpResponse:
    """Say who invites to what, and let the person in by a new account or by the one it has."""
    invitation = queries.invitation_by_id(request.session.get(SESSION_KEY))
    if invitation is None:
        return _unknown(request)
    language = request.user.language if request.user.is_authenticated else invitation.language
    with translation.override(language):
        response = _answer(request, invitation)
    response.headers["Content-Language"] = language
    return response


def _answer(request: HttpRequest, invitation: UserInvitation) -> HttpResponse:
    try:
        rules.check_invitation_open(invitation, now=timezone.now())
        if request.user.is_authenticated:
            return _join_signed_in(request, request.user, invitation)
        if queries.account_of(invitation.email):
            return _page(request, invitation, "sign_in")
        return _join_as_new(request, invitation)
    except Refusal as refusal:
        return _page(request, invitation, "refused", refusal=refusal)


def _join_signed_in(request: HttpRequest, user: User, invitation: UserInvitation) -> HttpResponse:
    rules.check_invitation_is_for(invitation, user)
    if request.method != "POST":
        return _page(request, invitation, "confirm")
    membership = workflow.join_as_existing_user(invitation_id=invitation.pk, user_id=user.pk, now=timezone.now())
    _welcome(request, membership)
    return redirect("home")


def _join_as_new(request: HttpRequest, invitation: UserInvitation) -> HttpResponse:
    form = JoinForm(posted(request), email=invitation.email, initial={"name": invitation.name})
    if request.method != "POST" or not form.is_valid():
        return _page(request, invitation, "register", form=form)
    membership = workflow.join_as_new_user(
        invitation_id=invitation.pk,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password"],
        now=timezone.now(),
    )
    _welcome(request, membership)
    record_authentication(request, membership.user, method="password", email=membership.user.email)
    response: HttpResponse = perform_login(request, Login(user=membership.user, redirect_url=reverse("home")))
    return response


def _welcome(request: HttpRequest, membership: Membership) -> None:
    """Act for the organisation joined from now on."""
    del request.session[SESSION_KEY]
    request.session["organization_id"] = str(membership.organization_id)
    messages.success(request, _("Welcome to %(organization)s.") % {"organization": membership.organization.name})


def _page(
    request: HttpRequest,
    invitation: UserInvitation,
    step: str,
    *,
    form: JoinForm | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Show one of the faces of the page: register, sign_in, confirm, refused."""
    return render(
        request,
        "accounts/join.html",
        {
            "step": step,
            "form": form,
            "refusal": refusal,
            "invitation": invitation,
            "roles": [
                {"label": role.label, "summary": ROLE_SUMMARIES[role]} for role in Role if role in invitation.roles
            ],
        },
        status=refusal.http_status if refusal else 422 if form is not None and form.errors else 200,
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    """Say only that the link leads nowhere: whether it ever did is nobody's business."""
    return render(request, "accounts/join_unknown.html", status=404)
