"""The own security: an overview, the password, sessions, connected providers."""

from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import fresh_sign_in, signed_in
from portal.accounts.sign_in import open_id, queries, throttle
from portal.accounts.sign_in.forms import ChangePasswordForm, NewPasswordForm
from portal.accounts.sign_in.rules import needs_second_factor
from portal.accounts.workflow import passwords, providers, sessions
from portal.core.http import PortalRequest

OWN_ACCOUNT = "one's own account"


@require_safe
@signed_in(OWN_ACCOUNT, without_organization=True)
def security(request: PortalRequest) -> HttpResponse:
    """Show by what one signs in, and where one is signed in."""
    factors = queries.factors_of(request.user)
    context = {
        "has_password": request.user.has_usable_password(),
        "app": next((factor for factor in factors if not factor.is_passkey), None),
        "passkeys": [factor for factor in factors if factor.is_passkey],
        "has_factor": bool(factors),
        "codes_left": queries.recovery_codes_left(request.user),
        "compulsory": needs_second_factor(request.memberships),
        "sessions": _sessions(request),
        "connected": queries.providers_of(request.user),
        "providers_offered": bool(open_id.providers()),
    }
    return render(request, "accounts/security.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
def change_password(request: PortalRequest) -> HttpResponse:
    """Change the password, knowing the current one. All other sessions end."""
    if not request.user.has_usable_password():
        return redirect("accounts:set_password")
    return _new_password(request, ChangePasswordForm(request.POST or None, user=request.user))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def set_password(request: PortalRequest) -> HttpResponse:
    """Choose a first password, for people who came through a provider so far."""
    if request.user.has_usable_password():
        return redirect("accounts:change_password")
    return _new_password(request, NewPasswordForm(request.POST or None, user=request.user))


def _new_password(request: PortalRequest, form: NewPasswordForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        old_key = str(request.session.session_key)
        user = passwords.change_password(
            user_id=request.user.pk,
            password=form.cleaned_data["password"],
            session_key=old_key,
            origin=throttle.origin_of(request),
            now=timezone.now(),
        )
        update_session_auth_hash(request, user)
        sessions.follow_new_key(user_id=user.pk, old_key=old_key, new_key=str(request.session.session_key))
        messages.success(request, _("Your password has been changed. All other sessions have ended."))
        return redirect("accounts:security")
    return render(request, "accounts/security_password.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@signed_in(OWN_ACCOUNT, without_organization=True)
def end_session(request: PortalRequest, session_id: int) -> HttpResponse:
    """End one of the own sessions; one that is gone already counts as ended."""
    if _is_current(request, session_id):
        messages.error(request, _("This is the session you are using. To end it, sign out."))
        return redirect("accounts:security")
    sessions.end_session(user_id=request.user.pk, session_id=session_id, now=timezone.now())
    messages.success(request, _("The session has ended."))
    return redirect("accounts:security")


@require_POST
@signed_in(OWN_ACCOUNT, without_organization=True)
def end_other_sessions(request: PortalRequest) -> HttpResponse:
    """End all own sessions but this one."""
    count = sessions.end_other_sessions(
        user_id=request.user.pk, session_key=str(request.session.session_key), now=timezone.now()
    )
    text = ngettext("%(count)s other session has ended.", "%(count)s other sessions have ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("accounts:security")


@require_POST
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def disconnect_provider(request: PortalRequest, account_id: int) -> HttpResponse:
    """Forget the identity at a sign-in provider."""
    connected = next((item for item in queries.providers_of(request.user) if item.id == account_id), None)
    if connected is None:
        raise Http404
    try:
        providers.disconnect_provider(
            user_id=request.user.pk, account_id=account_id, provider_name=connected.name, now=timezone.now()
        )
    except SocialAccount.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, _("%(provider)s is no longer connected.") % {"provider": connected.name})
    return redirect("accounts:security")


def _sessions(request: PortalRequest) -> list[queries.Session]:
    key = str(request.session.session_key)
    return queries.sessions_of(request.user, current_key=key, now=timezone.now())


def _is_current(request: PortalRequest, session_id: int) -> bool:
    return any(session.id == session_id and session.is_current for session in _sessions(request))
