"""Where a customer answers a relationship request: one entrance per cloud, the same pages (R2, R3, R9).

The unique link leads to ``open_link``, which keeps the token's hash in the session and goes on to a page whose address
holds no token, so that it stands in no Referer and no log (quality row 21).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries, rules
from customers.forms.entrance import (
    AcceptForm,
    CodeForm,
    DeclineForm,
    MailboxForm,
    QuestionForm,
    RegistrationForm,
)
from customers.models import MailboxProof, RelationshipInvitation
from customers.workflow import invitations as workflow
from customers.workflow import registration
from portal.accounts.access import public, signed_in
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud, Role
from portal.accounts.models import Organization
from portal.accounts.sign_in import throttle
from portal.accounts.workflow.organization import switch_organization
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, posted
from portal.core.links import hash_token

_LINK = "relationship_link"
_PROOF = "relationship_mailbox_proof"
_WHY = "whoever holds the unique link was sent it; accepting needs an administrator's sign-in"


@require_safe
@public(_WHY)
def open_link(request: HttpRequest, entrance: str, token: str) -> HttpResponse:
    """Keep the link and go on to its page. Opening spends nothing: mail scanners follow links too (R3)."""
    try:
        attempt = throttle.consume(request, "join")
    except ImmediateHttpResponse as stop:  # the 429 page of the portal; here it is told in the entrance's own look
        response = _closed(request, entrance, rules.LinkUnusable("throttled"), status=stop.response.status_code)
        response.headers["Retry-After"] = stop.response.headers["Retry-After"]
        return response
    try:
        link = rules.find_link(hash_token(token))
    except rules.LinkUnusable as refusal:
        return _closed(request, entrance, refusal)
    attempt.rollback()  # only links that lead nowhere count
    request.session[_LINK] = link.token_hash
    wanted = "government" if link.invitation.cloud == Cloud.US_GOVERNMENT else "admin_center"
    return redirect(f"{wanted}:review")


def _closed(
    request: HttpRequest, entrance: str, refusal: rules.LinkUnusable, *, status: int | None = None
) -> HttpResponse:
    """Say what happened to a link, and nothing about whom it was for."""
    context = {"refusal": refusal, "state": refusal.state, "entrance": entrance}
    return render(request, "entrance/closed.html", context, status=status or refusal.http_status)


def with_invitation(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hand the session's usable invitation to the view, in the customer's language; else say what happened."""

    @wraps(view)
    def guarded(request: PortalRequest, entrance: str) -> HttpResponse:
        try:
            link = rules.find_link(request.session.get(_LINK, ""))
            invitation = queries.invitation_of_link(link)
            rules.check_link_usable(link, invitation, now=timezone.now())
        except rules.LinkUnusable as refusal:
            return _closed(request, entrance, refusal)
        language = request.user.language if request.user.is_authenticated else invitation.language
        with translation.override(language):
            response = view(request, invitation)
        response.headers["Content-Language"] = language
        return response

    return guarded


def _entrance(invitation: RelationshipInvitation) -> str:
    return "government" if invitation.cloud == Cloud.US_GOVERNMENT else "admin_center"


def _actor(request: HttpRequest) -> Actor | None:
    """Return who is signed in, if anybody is."""
    return getattr(request, "actor", None)


def _link_hash(request: HttpRequest) -> str:
    found: str = request.session.get(_LINK, "")
    return found


def _page(
    request: PortalRequest, invitation: RelationshipInvitation, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render the request with whatever step the person is at."""
    actor = _actor(request)
    values = {
        "invitation": invitation,
        "entrance": _entrance(invitation),
        "signed_in_for": actor.organization_name if actor else "",
    }
    problem = _problem(request, invitation)
    if problem is not None:
        others = _other_organizations(request)
        context |= {"problem": problem, "other_organizations": others}
        return render(request, "entrance/refused.html", values | context, status=status)
    version = rules.current_agreement_version()
    values |= {
        "accept_form": AcceptForm(),
        "decline_form": DeclineForm(),
        "question_form": QuestionForm(),
        "agreement_version": version,
        "agreement_template": f"agreements/customer/{version}.html",
        "sign_in_url": f"{reverse('account_login')}?next={reverse(f'{_entrance(invitation)}:review')}",
    }
    return render(request, "entrance/review.html", values | context, status=status)


def _problem(request: HttpRequest, invitation: RelationshipInvitation) -> Refusal | None:
    """Return why the person who is signed in cannot answer, if so."""
    if not request.user.is_authenticated:
        return None
    try:
        actor = rules.check_acts_for_somebody(_actor(request))
        rules.check_answerable(invitation, actor=actor, now=timezone.now())
    except Refusal as refused:
        return refused
    return None


def _other_organizations(request: PortalRequest) -> list[Organization]:
    """Return the other organizations that the person administers: perhaps one of them is meant."""
    own = getattr(_actor(request), "organization_id", None)
    return [
        membership.organization
        for membership in request.memberships
        if Role.CUSTOMER_ADMIN in membership.roles and membership.organization_id != own
    ]


@require_POST
@signed_in("a choice among one's own organizations")
@with_invitation
def answer_for(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Act for another of the person's organizations and go back to the request."""
    chosen = request.POST.get("organization_id", "")
    membership = next((own for own in request.memberships if str(own.organization_id) == chosen), None)
    if membership is None:
        raise Http404
    if membership.organization_id != request.actor.organization_id:
        switch_organization(membership_id=membership.pk, now=timezone.now())
        request.session["organization_id"] = chosen
    return redirect(f"{_entrance(invitation)}:review")


@require_safe
@public(_WHY)
@with_invitation
def review(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Show who asks, for what, with which rights and under which agreement."""
    return _page(request, invitation)


@require_POST
@public(_WHY)
@with_invitation
def opened(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Note that a person sees the page; the page's script says so."""
    workflow.mark_opened(token_hash=_link_hash(request), now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@public(_WHY)
@with_invitation
def accept(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Accept as an administrator of the customer."""
    form = AcceptForm(request.POST)
    actor = _actor(request)
    if actor is None:
        return redirect(f"{_entrance(invitation)}:review")
    if not form.is_valid():
        return _page(request, invitation, accept_form=form, status=422)
    try:
        workflow.accept_invitation(token_hash=_link_hash(request), actor=actor, now=timezone.now())
    except rules.LinkUnusable as refusal:
        return _closed(request, _entrance(invitation), refusal)
    except Refusal as refusal:
        return _page(request, invitation, status=refusal.http_status)
    return _done(request, invitation, "accepted")


@require_POST
@public(_WHY)
@with_invitation
def decline(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Say no as an administrator of the customer."""
    form = DeclineForm(request.POST)
    actor = _actor(request)
    if actor is None:
        return redirect(f"{_entrance(invitation)}:review")
    if not form.is_valid():
        return _page(request, invitation, decline_form=form, status=422)
    try:
        workflow.decline_invitation(
            token_hash=_link_hash(request),
            reason=form.cleaned_data["reason"],
            actor=actor,
            now=timezone.now(),
        )
    except rules.LinkUnusable as refusal:
        return _closed(request, _entrance(invitation), refusal)
    except Refusal as refusal:
        return _page(request, invitation, status=refusal.http_status)
    return _done(request, invitation, "declined")


@require_POST
@public(_WHY)
@with_invitation
def ask(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Send the partner a question; the request stays open."""
    form = QuestionForm(request.POST)
    actor = _actor(request)
    if actor is None:
        return redirect(f"{_entrance(invitation)}:review")
    if not form.is_valid():
        return _page(request, invitation, question_form=form, status=422)
    workflow.ask_question(
        token_hash=_link_hash(request),
        question=form.cleaned_data["question"],
        actor=actor,
        now=timezone.now(),
    )
    return _page(request, invitation, asked=True)


def _done(request: PortalRequest, invitation: RelationshipInvitation, outcome: str) -> HttpResponse:
    request.session.pop(_LINK, None)
    context = {"invitation": invitation, "outcome": outcome, "entrance": _entrance(invitation)}
    return render(request, "entrance/done.html", context)


# --- an organization that is not known yet (R2) ----------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@public(_WHY)
@with_invitation
def mailbox(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Ask which mailbox to prove, and mail a code there."""
    form = MailboxForm(posted(request), initial={"email": invitation.recipient_email})
    if request.method == "POST" and form.is_valid():
        try:
            throttle.consume(request, "mailbox_code", key=form.cleaned_data["email"].lower())
            proof = registration.send_mailbox_code(
                token_hash=_link_hash(request), email=form.cleaned_data["email"], now=timezone.now()
            )
        except ImmediateHttpResponse:
            form.add_error("email", _("Too many codes were asked for. Use the newest mail, or try again later."))
        except InvalidInput as invalid:
            form.add_error("email", f"{invalid} {invalid.next_step}")
        else:
            request.session[_PROOF] = str(proof.pk)
            return redirect(f"{_entrance(invitation)}:code")
    return _step(request, invitation, form, "mailbox")


@require_http_methods(["GET", "HEAD", "POST"])
@public(_WHY)
@with_invitation
def code(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Ask for the code."""
    proof = _proof(request, invitation)
    if proof is None:
        return redirect(f"{_entrance(invitation)}:mailbox")
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            registration.prove_mailbox(proof_id=proof.pk, code=form.cleaned_data["code"], now=timezone.now())
        except rules.CodeRefused as refused:
            form.add_error("code", f"{refused} {refused.next_step}")
        else:
            return redirect(f"{_entrance(invitation)}:register")
    return _step(request, invitation, form, "code", email=proof.email)


@require_http_methods(["GET", "HEAD", "POST"])
@public(_WHY)
@with_invitation
def register(request: PortalRequest, invitation: RelationshipInvitation) -> HttpResponse:
    """Register the organization and its first administrator, and go on to the request signed in."""
    proof = _proof(request, invitation)
    if proof is None or proof.proven_at is None:
        return redirect(f"{_entrance(invitation)}:mailbox")
    form = RegistrationForm(
        posted(request),
        countries=queries.countries_of_market(invitation.partner.market, on=timezone.now().date()),
        initial={
            "domain": invitation.expected_domain or proof.email.rpartition("@")[2],
            "country": invitation.partner.organization.country,
            "organization_name": invitation.customer_label,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            user, organization = registration.register_customer(
                token_hash=_link_hash(request),
                proof_id=proof.pk,
                registration=registration.Registration(**form.cleaned_data),
                now=timezone.now(),
            )
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, f"{invalid} {invalid.next_step}")
        except Refusal as refused:
            form.add_error(None, f"{refused} {refused.next_step}")
        else:
            kept = _link_hash(request)
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            record_authentication(request, user, "password")
            request.session[_LINK] = kept
            request.session["organization_id"] = str(organization.pk)
            return redirect(f"{_entrance(invitation)}:review")
    return _step(request, invitation, form, "register", email=proof.email)


def _proof(request: PortalRequest, invitation: RelationshipInvitation) -> MailboxProof | None:
    kept: str = request.session.get(_PROOF, "")
    if not kept:
        return None
    return MailboxProof.objects.filter(pk=kept, invitation=invitation, used_at__isnull=True).first()


def _step(
    request: PortalRequest, invitation: RelationshipInvitation, form: Any, step: str, *, email: str = ""
) -> HttpResponse:
    context = {"invitation": invitation, "entrance": _entrance(invitation), "form": form, "step": step, "email": email}
    return render(request, "entrance/register.html", context, status=422 if form.is_bound else 200)
