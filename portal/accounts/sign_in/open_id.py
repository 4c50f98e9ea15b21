"""Sign-in through an OpenID Connect provider named in OIDC_PROVIDERS: Entra ID or any other (P2, decision 0005)."""

from typing import Any

import structlog
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView, OAuth2View
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from portal.accounts.access import public

logger = structlog.get_logger(__name__)


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Checks the signature of every ID token, and that the user info speaks of the same person."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no ID token.")
        try:
            login = super().complete_login(request, app, token, **kwargs)
            data = login.account.extra_data
            if "userinfo" in data and data["userinfo"]["sub"] != data["id_token"]["sub"]:
                raise OAuth2Error("ID token and user info speak of different people.")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OAuth2Error("The provider's answer cannot be read.") from error
        return login

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims


@require_POST
@public("part of signing in")
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leave for the provider.

    The answer is a page that moves on by itself, not a redirect: the CSP lets no form lead to another site.
    """
    response = _through_library(OAuth2LoginView, request, provider_id)
    if response.status_code != 302:
        return response
    leaving = render(request, "socialaccount/leaving.html", {"url": response.headers["Location"]})
    leaving.headers["Refresh"] = f"0; url={response.headers['Location']}"
    return leaving


@require_safe
@public("part of signing in")
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider."""
    return _through_library(OAuth2CallbackView, request, provider_id)


def failed(request: HttpRequest, name: str, *, cancelled: bool = False) -> HttpResponse:
    """Say that signing in through the provider did not work, without the provider's words."""
    context = {"provider": name, "cancelled": cancelled}
    return render(request, "socialaccount/authentication_error.html", context, status=403)


def _through_library(view: type[OAuth2View], request: HttpRequest, provider_id: str) -> HttpResponse:
    if all(app["provider_id"] != provider_id for app in _apps()):
        raise Http404
    try:
        response: HttpResponse = view.adapter_view(VerifyingAdapter(request, provider_id))(request)
    except (RequestException, KeyError, TypeError, ValueError) as error:
        logger.warning("sign_in_provider_away", provider=provider_id, error=str(error))
        return failed(request, provider_name(provider_id))
    return response


def providers() -> list[dict[str, str]]:
    """Return id and name of each configured provider, for the buttons of the sign-in page."""
    return [{"id": app["provider_id"], "name": app["name"]} for app in _apps()]


def provider_name(provider_id: str) -> str:
    """Return what people call the provider; its id when it is no longer configured."""
    return next((app["name"] for app in _apps() if app["provider_id"] == provider_id), provider_id)


def _apps() -> list[dict[str, Any]]:
    return list(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])
