"""Pages of signing in. Steps and checks are django-allauth's; words, statuses and what is logged are ours."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal.auth import begin_authentication
from cryptography.fernet import InvalidToken
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import public, signed_in
from portal.accounts.sign_in import fresh, open_id, queries, sessions, throttle
from portal.accounts.sign_in.forms import CodeForm, NewPasswordForm, PasskeyForm, PasswordForm, PasswordResetForm
from portal.accounts.workflow import passwords
from portal.core import sealing
from portal.core.errors import Refusal
from portal.core.http import PortalRequest

RESET_TOKEN = "password_reset"  # noqa: S105 - a key of the session; the token in it is sealed

ENDED_TEXTS = {
    sessions.IDLE: gettext_lazy("You were signed out because you had not done anything for 30 minutes."),
    sessions.AGE: gettext_lazy("You were signed out because you had been signed in for 12 hours."),
    sessions.ELSEWHERE: gettext_lazy("This session was ended from another device."),
    sessions.PASSWORD: gettext_lazy("You were signed out because your password was changed."),
    sessions.FACTOR_RESET: gettext_lazy("You were signed out because your second factor was reset."),
    sessions.DEACTIVATED: gettext_lazy("You were signed out because your account was deactivated."),
    sessions.FRESH: gettext_lazy("This step needs a fresh sign-in. Sign in again to go on."),
    sessions.SIGNED_OUT: gettext_lazy("You have signed out."),
}


class SignInView(LoginView):  # type: ignore[misc]
    """Address and password; says why the last session ended, and offers the configured providers."""

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        reason = self.request.session.pop(sessions.ENDED_BECAUSE, "")
        return {
            **super().get_context_data(**kwargs),
            "ended": ENDED_TEXTS.get(reason, ""),
            "is_unsaved": sessions.UNSAVED in self.request.GET,
            "providers": open_id.providers(),
            "ask_provider_again": reason == sessions.FRESH,
        }


class SecondFactorView(AuthenticateView):  # type: ignore[misc]
    """The second factor, after a right password."""

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        factors = queries.factors_of(self.stage.login.user)
        has_app = any(not factor.is_passkey for factor in factors)
        return {**context, "has_app": has_app, "has_passkey": any(factor.is_passkey for factor in factors)}


sign_in = public("part of signing in")(SignInView.as_view())
second_factor = public("part of signing in; needs a right password")(SecondFactorView.as_view())


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in("one's own identity", without_organization=True)
def confirm(request: PortalRequest) -> HttpResponse:
    """Ask for a fresh sign-in by password, code or passkey, then go on with what was asked for."""
    back = get_next_redirect_url(request) or reverse("home")
    forms_offered = _confirmation_forms(request)
    for kind, form in forms_offered.items():
        if form.is_bound and form.is_valid():
            _record(request, kind, form)
            return fresh.resume(request, back)
    context: dict[str, Any] = {**forms_offered, "next": back}
    if "passkey_form" in forms_offered:
        context["js_data"] = {"request_options": begin_authentication(request.user)}
    failed = any(form.errors for form in forms_offered.values())
    return render(request, "account/reauthenticate.html", context, status=422 if failed else 200)


def _confirmation_forms(request: PortalRequest) -> dict[str, forms.Form]:
    """The ways this person can prove who it is; the one that was sent is bound."""
    flows = {flow["id"]: flow for flow in get_reauthentication_flows(request.user)}
    types = flows.get("mfa_reauthenticate", {}).get("types", [])

    def data_if(field: str) -> Any:
        return request.POST if request.method == "POST" and field in request.POST else None

    offered: dict[str, forms.Form] = {}
    if "reauthenticate" in flows:
        offered["password_form"] = PasswordForm(data_if("password"), user=request.user)
    if "totp" in types or "recovery_codes" in types:
        offered["code_form"] = CodeForm(data_if("code"), user=request.user)
    if "webauthn" in types:
        offered["passkey_form"] = PasskeyForm(data_if("credential"), user=request.user)
    return offered


def _record(request: PortalRequest, kind: str, form: Any) -> None:
    """Note that the person has just proved who it is."""
    if kind == "password_form":
        record_authentication(request, request.user, method="password", reauthenticated=True)
    else:
        authenticator = form.authenticator if kind == "code_form" else form.cleaned_data["credential"]
        post_authentication(request, authenticator, reauthenticated=True)


@require_http_methods(["GET", "HEAD", "POST"])
@public("for people who cannot sign in")
def reset_password(request: HttpRequest) -> HttpResponse:
    """Take an address and mail a link to it, if somebody has it. The answer never tells."""
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        throttle.consume(request, "reset_password", key=email.lower())
        passwords.request_password_reset(email=email, origin=throttle.origin_of(request), now=timezone.now())
        return redirect("account_reset_password_done")
    return render(request, "account/password_reset.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@public("for people who cannot sign in")
def reset_password_done(request: HttpRequest) -> HttpResponse:
    """Say that a link is on its way, if there is somebody to get it."""
    return render(request, "account/password_reset_done.html")


@require_safe
@public("the link in the mail; nothing is spent by opening it")
def open_reset_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token out of the address, where logs and Referer would find it, and show the form."""
    tries = throttle.consume(request, "reset_password_link")
    if queries.owner_of_reset_link(token, now=timezone.now()) is None:
        return _link_closed(request)
    tries.rollback()
    request.session[RESET_TOKEN] = sealing.seal(token.encode()).decode()
    return redirect("account_reset_password_from_key_form")


@require_http_methods(["GET", "HEAD", "POST"])
@public("the link in the mail; the token stands sealed in the session")
def choose_password(request: HttpRequest) -> HttpResponse:
    """Choose a new password with an open link. It signs nobody in: the second factor is asked at sign-in."""
    token = _reset_token(request)
    owner = queries.owner_of_reset_link(token, now=timezone.now())
    if owner is None:
        return _link_closed(request)
    form = NewPasswordForm(request.POST or None, user=owner)
    if request.method == "POST" and form.is_valid():
        try:
            passwords.reset_password(
                token=token,
                password=form.cleaned_data["password"],
                origin=throttle.origin_of(request),
                now=timezone.now(),
            )
        except Refusal:
            return _link_closed(request)
        request.session.flush()
        messages.success(request, _("Your password has been changed. Sign in with the new one."))
        return redirect("account_login")
    context = {"form": form, "email": owner.email}
    return render(request, "account/password_reset_from_key.html", context, status=422 if form.errors else 200)


def _reset_token(request: HttpRequest) -> str:
    """The token of the link that was opened in this browser; empty if there is none that can be read."""
    try:
        return sealing.unseal(request.session.get(RESET_TOKEN, "").encode()).decode()
    except InvalidToken:
        return ""


def _link_closed(request: HttpRequest) -> HttpResponse:
    return render(request, "account/password_reset_closed.html", status=410)
