"""The own second factors: set-up, authenticator app, passkeys, recovery codes."""

import base64
import ipaddress
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import fresh_sign_in, signed_in
from portal.accounts.sign_in import queries, throttle
from portal.accounts.sign_in.factors import has_to_set_up
from portal.accounts.sign_in.forms import AddPasskeyForm, AuthenticatorAppForm, RenamePasskeyForm
from portal.accounts.sign_in.rules import check_can_remove_factor
from portal.accounts.workflow import second_factors as workflow
from portal.core import sealing
from portal.core.errors import Refusal
from portal.core.http import PortalRequest

OWN_ACCOUNT = "one's own account"
NEW_SECRET = "new_authenticator_app"  # noqa: S105 - a key of the session; the secret in it is sealed


@require_safe
@signed_in(OWN_ACCOUNT, without_organization=True)
def set_up(request: PortalRequest) -> HttpResponse:
    """Say that a second factor is needed, and offer the kinds there are."""
    if not has_to_set_up(request):
        return redirect("accounts:security")
    return render(request, "accounts/second_factor/set_up.html")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def add_authenticator_app(request: PortalRequest) -> HttpResponse:
    """Show a new secret as QR code and text, and take the first code."""
    if any(not factor.is_passkey for factor in queries.factors_of(request.user)):
        messages.info(request, _("You have an authenticator app already. Remove it first to set up another one."))
        return redirect("accounts:security")
    secret = _new_secret(request)
    form = AuthenticatorAppForm(request.POST or None, secret=secret, user=request.user)
    if request.method == "POST" and form.is_valid():
        made_codes = workflow.add_authenticator_app(
            user_id=request.user.pk, secret=secret, origin=throttle.origin_of(request), now=timezone.now()
        )
        del request.session[NEW_SECRET]
        messages.success(request, _("Your authenticator app is set up."))
        return redirect("accounts:recovery_codes" if made_codes else "accounts:security")
    adapter = get_adapter()
    picture = base64.b64encode(adapter.build_totp_svg(adapter.build_totp_url(request.user, secret)).encode()).decode()
    context = {"form": form, "secret": secret, "picture": f"data:image/svg+xml;base64,{picture}"}
    return _step(request, "accounts/second_factor/add_app.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def add_passkey(request: PortalRequest) -> HttpResponse:
    """Let the browser make a passkey, and keep its public half."""
    form = AddPasskeyForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made_codes = workflow.add_passkey(
            user_id=request.user.pk,
            name=form.cleaned_data["name"],
            credential=form.cleaned_data["credential"],
            origin=throttle.origin_of(request),
            now=timezone.now(),
        )
        messages.success(request, _("Your passkey is set up."))
        return redirect("accounts:recovery_codes" if made_codes else "accounts:security")
    context = {
        "form": form,
        "js_data": {"creation_options": begin_registration(request.user, False)},
        "passkeys_work": _bare_address(request) is None,
        "named_address": _named_address(request),
    }
    return _step(request, "accounts/second_factor/add_passkey.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def rename_passkey(request: PortalRequest, factor_id: int) -> HttpResponse:
    """Give a passkey another name."""
    passkey = _factor(request, factor_id)
    if not passkey.is_passkey:
        raise Http404
    form = RenamePasskeyForm(request.POST or None, initial={"name": passkey.name})
    if request.method == "POST" and form.is_valid():
        workflow.rename_passkey(
            user_id=request.user.pk, passkey_id=factor_id, name=form.cleaned_data["name"], now=timezone.now()
        )
        messages.success(request, _("The passkey has been renamed."))
        return redirect("accounts:security")
    context = {"form": form, "factor": passkey}
    return render(request, "accounts/second_factor/rename.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def remove_factor(request: PortalRequest, factor_id: int) -> HttpResponse:
    """Ask, then remove an authenticator app or a passkey; refused for the last one of a partner's person."""
    factor = _factor(request, factor_id)
    others = len(queries.factors_of(request.user)) - 1
    refusal: Refusal | None = None
    try:
        check_can_remove_factor(request.memberships, others=others)
        if request.method == "POST":
            workflow.remove_factor(
                user_id=request.user.pk, factor_id=factor_id, origin=throttle.origin_of(request), now=timezone.now()
            )
            messages.success(request, _("The second factor has been removed."))
            return redirect("accounts:security")
    except Authenticator.DoesNotExist as error:  # removed from another tab a moment ago
        raise Http404 from error
    except Refusal as error:
        refusal = error
    context = {"factor": factor, "refusal": refusal, "is_last": others == 0}
    status = refusal.http_status if refusal and request.method == "POST" else 200
    return render(request, "accounts/second_factor/remove.html", context, status=status)


@require_safe
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def recovery_codes(request: PortalRequest) -> HttpResponse:
    """Show the recovery codes that still work."""
    codes = queries.recovery_codes_of(request.user)
    has_factor = bool(queries.factors_of(request.user))
    context = {"codes": codes, "has_factor": has_factor}
    return _step(request, "accounts/second_factor/recovery_codes.html", context)


@require_safe
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def download_recovery_codes(request: PortalRequest) -> HttpResponse:
    """Hand out the recovery codes that still work as a text file."""
    codes = queries.recovery_codes_of(request.user)
    if not codes:
        raise Http404
    context = {"codes": codes, "email": request.user.email}
    response = render(
        request, "accounts/second_factor/recovery_codes.txt", context, content_type="text/plain; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


@require_POST
@signed_in(OWN_ACCOUNT, without_organization=True)
@fresh_sign_in
def generate_recovery_codes(request: PortalRequest) -> HttpResponse:
    """Make new recovery codes; the old ones stop working."""
    workflow.generate_recovery_codes(user_id=request.user.pk, origin=throttle.origin_of(request), now=timezone.now())
    messages.success(request, _("New recovery codes have been made. The old ones no longer work."))
    return redirect("accounts:recovery_codes")


def _step(request: PortalRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render in the workspace, or on a card as long as nothing else of the portal is open to the person."""
    frame = "shell/plain.html" if has_to_set_up(request) else "base.html"
    return render(request, template, {**context, "frame": frame}, status=status)


def _factor(request: PortalRequest, factor_id: int) -> queries.Factor:
    factor = queries.factor_of(request.user, factor_id)
    if factor is None:
        raise Http404
    return factor


def _new_secret(request: PortalRequest) -> str:
    """The secret being set up: made when the page opens, sealed in the session until its first code arrives."""
    try:
        return sealing.unseal(request.session[NEW_SECRET].encode()).decode()
    except (KeyError, InvalidToken):
        secret: str = generate_totp_secret()
        request.session[NEW_SECRET] = sealing.seal(secret.encode()).decode()
        return secret


def _bare_address(request: PortalRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address by which the portal was opened; ``None`` if by a name. A passkey is bound to a name."""
    host, _port = split_domain_port(request.get_host())
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _named_address(request: PortalRequest) -> str:
    """The same page by a name, where we know one: on one's own computer."""
    bare = _bare_address(request)
    _host, port = split_domain_port(request.get_host())
    return f"http://localhost:{port or 80}{request.path}" if bare and bare.is_loopback else ""
