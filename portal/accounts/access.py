"""Who may open a view. Every view says so; a view that does not is refused at run time and fails the build.

``@requires(Permission.X)`` guards a view and marks it, ``@signed_in("reason")`` opens it to everyone signed in,
``@public("reason")`` to all. Views of libraries are named in THIRD_PARTY_VIEWS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from portal.accounts.permissions import Permission
from portal.core.http import is_fragment_request, redirect_to

View = TypeVar("View", bound=Callable[..., HttpResponse])


@dataclass(frozen=True)
class Access:
    """The mark on a view: a permission, or the reason why none is needed."""

    permission: Permission | None = None
    reason: str = ""
    public: bool = False


def requires(permission: Permission) -> Callable[[View], View]:
    """Open the view only to those whose role has the permission."""
    return _guard(Access(permission=permission))


def signed_in(reason: str) -> Callable[[View], View]:
    """Open the view to everyone signed in; ``reason`` says why no permission is needed."""
    return _guard(Access(reason=reason))


def public(reason: str) -> Callable[[View], View]:
    """Open the view to all; ``reason`` says why."""

    def mark(view: View) -> View:
        view.access = Access(reason=reason, public=True)  # type: ignore[attr-defined]
        return view

    return mark


def fresh_sign_in(view: View) -> View:
    """Ask for a fresh sign-in (five minutes) before a sensitive step (quality row 18)."""
    guarded: View = reauthentication_required(view)
    guarded.access = getattr(view, "access", None)  # type: ignore[attr-defined]
    return guarded


def _guard(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            refused = check_access(request, access)
            return refused if refused is not None else view(request, *args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def check_access(request: HttpRequest, access: Access) -> HttpResponse | None:
    """Return the way to sign-in for strangers; raise PermissionDenied for those without the right."""
    if not request.user.is_authenticated:
        return sign_in_response(request)
    if access.permission is not None:
        request.actor.require(access.permission)  # type: ignore[attr-defined]
    return None


def sign_in_response(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in and back; for htmx by HX-Redirect, so that no sign-in page lands inside a panel."""
    if is_fragment_request(request):
        current = request.htmx.current_url_abs_path or "/"
        return redirect_to(request, redirect_to_login(current, resolve_url(settings.LOGIN_URL)).url)
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect_to_login(back, resolve_url(settings.LOGIN_URL))


_SIGN_IN = Access(reason="part of signing in", public=True)
_OWN_ACCOUNT = Access(reason="one's own account; the library asks for sign-in itself")

# Views of libraries cannot carry our mark, so their URL names stand here. A name missing here is refused.
THIRD_PARTY_VIEWS: dict[str, Access] = {
    **dict.fromkeys(
        (
            "account_login",
            "account_logout",
            "account_inactive",
            "account_reset_password",
            "account_reset_password_done",
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "mfa_authenticate",
            "mfa_login_webauthn",
            "mfa_trust",
            "openid_connect_login",
            "openid_connect_callback",
            "socialaccount_login_cancelled",
            "socialaccount_login_error",
            "socialaccount_signup",
        ),
        _SIGN_IN,
    ),
    **dict.fromkeys(
        (
            "account_change_password",
            "account_set_password",
            "account_reauthenticate",
            "mfa_index",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_download_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_list_webauthn",
            "mfa_add_webauthn",
            "mfa_edit_webauthn",
            "mfa_remove_webauthn",
            "usersessions_list",
            "socialaccount_connections",
        ),
        _OWN_ACCOUNT,
    ),
}


def access_of(view: Callable[..., Any], url_name: str | None) -> Access | None:
    """Return the mark of a view, wherever it stands; ``None`` means nobody decided, so nobody may."""
    return getattr(view, "access", None) or THIRD_PARTY_VIEWS.get(url_name or "")
