"""The page on which a person lets an app act for it: the first leg of the authorization code grant.

A code is only given by POST: following a link changes nothing (quality row 25).
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from oauthlib.common import Request, add_params_to_uri
from oauthlib.oauth2 import AuthorizationCodeGrant, FatalClientError, OAuth2Error

from portal.accounts.access import signed_in
from portal.accounts.sign_in.factors import PROVIDER_FACTOR
from portal.api.models import AppRegistration
from portal.api.tokens import audiences, errors
from portal.api.tokens.validator import Client, Validator, find_app
from portal.api.tokens.views import find_tenant
from portal.api.workflow import grants
from portal.core.errors import Refusal
from portal.core.http import PortalRequest

REASON = "everyone decides for oneself which app acts for one"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class ConsentImpossible(Refusal):
    """The app asks in a way that cannot be answered: unknown app, address that is not registered."""

    code = "consent-impossible"
    http_status = 400


class AppOfOtherOrganization(Refusal):
    """The app belongs to another organization than the one the person acts for."""

    code = "app-of-other-organization"
    http_status = 403


class ConsentValidator(Validator):
    """What oauthlib asks while it reads a request for consent."""

    def validate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        app = find_app(client_id, request.tenant)
        request.app = app
        request.client = Client(client_id=client_id, secret=None)  # type: ignore[arg-type]  # none is asked for here
        return app is not None

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return is_registered(redirect_uri, request.app)

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> str:
        addresses = request.app.redirect_uris
        return str(addresses[0]) if len(addresses) == 1 else ""

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return response_type == "code"

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Leave what the tokens will be for. Raises: DirectoryError."""
        resource = request.resource or ""
        asked = audiences.read_scopes((request.scope or "").split())
        known = audiences.known(resource) if resource else ""
        if known is None:
            raise errors.resource_unknown(resource)
        if asked is None:
            raise errors.scope_wrong(request.scope)
        request.audience = known or asked.audience or audiences.default_for(request.app.kind)
        request.kept_scopes = " ".join(asked.directory)
        return True


_grant = AuthorizationCodeGrant(ConsentValidator())


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(REASON)
def authorize_v1(request: PortalRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/oauth2/authorize``."""
    return _authorize(request, tenant)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(REASON)
def authorize_v2(request: PortalRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/oauth2/v2.0/authorize``."""
    return _authorize(request, tenant)


def is_registered(uri: str, app: AppRegistration) -> bool:
    """Say whether codes of the app may go to this address: one of its own; on the same machine at any port."""
    if uri in app.redirect_uris:
        return True
    asked = urlsplit(uri)
    if asked.scheme != "http" or asked.hostname not in LOOPBACK:
        return False
    return any(
        (known.scheme, known.hostname, known.path) == (asked.scheme, asked.hostname, asked.path)
        for known in map(urlsplit, app.redirect_uris)
    )


def _authorize(request: PortalRequest, tenant: str) -> HttpResponse:
    asked = _read(request, tenant)
    if isinstance(asked, HttpResponse):
        return asked
    app: AppRegistration = asked.app
    if app.organization_id != request.actor.organization_id:
        raise AppOfOtherOrganization(
            _("This app belongs to %(organization)s, for which you are not acting now.")
            % {"organization": app.organization.name},
            next_step=_("If you belong to it, switch to it in the menu behind your initials and start again."),
        )
    if request.method == "POST":
        return _answer(request, asked)
    response = render(
        request,
        "api/consent.html",
        {
            "app_name": app.name,
            "organization_name": app.organization.name,
            "goes_to": urlsplit(asked.redirect_uri).netloc,
            "registered_by": app.created_by_name,
        },
    )
    parts = urlsplit(asked.redirect_uri)
    response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]
    return response


def _read(request: PortalRequest, tenant: str) -> Request | HttpResponse:
    """Return the request as oauthlib has checked it, or the way back to the app. Raises: ConsentImpossible."""
    asked = Request(f"{settings.BASE_URL}{request.path}?{request.GET.urlencode()}", http_method="GET")
    asked.app = None  # what is not set here, a parameter of the address could set
    try:
        asked.tenant = find_tenant(tenant)
        _grant.validate_authorization_request(asked)
    except errors.DirectoryError as error:
        if asked.app is None:
            raise ConsentImpossible(error.description) from error
        return _back(asked, error)
    except FatalClientError as error:
        raise ConsentImpossible(
            _("This app cannot ask for access in this way: it is not registered, or its address is not."),
            who=_("Whoever registered the app."),
            next_step=_("Compare client_id and redirect_uri with the app registration."),
        ) from error
    except OAuth2Error as error:
        return _back(asked, error)
    return asked


def _back(asked: Request, error: OAuth2Error) -> HttpResponse:
    reply = errors.body(error.error, error.description, getattr(error, "number", None))
    facts = {"error": error.error, "error_description": reply["error_description"], "state": asked.state or ""}
    return _Redirect(add_params_to_uri(asked.redirect_uri, list(facts.items())))


def _answer(request: PortalRequest, asked: Request) -> HttpResponse:
    if request.POST.get("answer") != "allow":
        denied = OAuth2Error(description="The person declined to let the app act for it.")
        denied.error = "access_denied"
        return _back(asked, denied)
    membership = request.memberships[0]
    code = grants.give_consent(
        app_id=asked.app.pk,
        redirect_uri=asked.redirect_uri,
        audience=asked.audience,
        scopes=asked.kept_scopes,
        nonce=asked.nonce or "",
        challenge=(asked.code_challenge or "", asked.code_challenge_method or ""),
        has_second_factor=membership.has_second_factor or request.session.get(PROVIDER_FACTOR) == str(request.user.pk),
        actor=request.actor,
        now=timezone.now(),
    )
    facts = {"code": code, "state": asked.state} if asked.state else {"code": code}
    separator = "&" if urlsplit(asked.redirect_uri).query else "?"
    return _Redirect(asked.redirect_uri + separator + urlencode(facts))


class _Redirect(HttpResponseRedirect):
    """Back to the app, whose registered address may have a scheme of its own."""

    def __init__(self, address: str) -> None:
        self.allowed_schemes = [urlsplit(address).scheme]
        super().__init__(address)
