"""Change the address by which one signs in: ask, open the link that went to the new address, confirm."""

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import fresh_sign_in, public, signed_in
from portal.accounts.sign_in import queries, throttle
from portal.accounts.sign_in.forms import NewEmailForm
from portal.accounts.workflow import emails as workflow
from portal.core import sealing
from portal.core.errors import Refusal
from portal.core.http import PortalRequest

TOKEN = "email_change"  # noqa: S105 - a key of the session; the token in it is sealed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in("one's own account", without_organization=True)
@fresh_sign_in
def change_email(request: PortalRequest) -> HttpResponse:
    """Take the new address and mail a link to it. The answer never tells whether somebody has it already."""
    form = NewEmailForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        throttle.consume(request, "change_email", key=str(request.user.pk))
        email = form.cleaned_data["email"]
        workflow.request_email_change(
            user_id=request.user.pk, email=email, origin=throttle.origin_of(request), now=timezone.now()
        )
        messages.success(
            request, _("If %(email)s can be used, a link is on its way there. Open it to confirm.") % {"email": email}
        )
        return redirect("accounts:profile")
    return render(request, "accounts/email.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@public("the link in the mail; nothing is spent by opening it, and only its owner can confirm")
def open_email_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, where logs and Referer would find it, and ask the person to confirm."""
    tries = throttle.consume(request, "change_email_link")
    if not queries.is_open_email_link(token, now=timezone.now()):
        return _link_closed(request)
    tries.rollback()
    request.session[TOKEN] = sealing.seal(token.encode()).decode()
    return redirect("accounts:confirm_email")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in("one's own account", without_organization=True)
def confirm_email(request: PortalRequest) -> HttpResponse:
    """Show what changes, and change it. Whoever reads the new mailbox but is somebody else gets no further."""
    token = _token(request)
    change = queries.email_change_of(request.user, token, now=timezone.now())
    if change is None:
        return _link_closed(request)
    if request.method == "POST":
        try:
            user = workflow.confirm_email_change(
                user_id=request.user.pk, token=token, origin=throttle.origin_of(request), now=timezone.now()
            )
        except Refusal:
            return _link_closed(request)
        del request.session[TOKEN]
        messages.success(request, _("From now on you sign in with %(email)s.") % {"email": user.email})
        return redirect("accounts:profile")
    return render(request, "accounts/email_confirm.html", {"email": change.email})


def _token(request: HttpRequest) -> str:
    """The token of the link that was opened in this browser; empty if there is none that can be read."""
    try:
        return sealing.unseal(request.session.get(TOKEN, "").encode()).decode()
    except InvalidToken:
        return ""


def _link_closed(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/email_closed.html", status=410)
