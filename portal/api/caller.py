"""Who calls: a bearer token becomes an Actor, looked up afresh on every request (quality row 16).

A token says who asked for it. Whether the app, its secret, the person's membership and the consent still stand is read
from the database each time, so a removed one is without effect on the next request.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import jwt
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.api.models import AppConsent, AppRegistration, AppSecret
from portal.api.tokens import audiences, claims
from portal.api.tokens.claims import TokenFacts
from portal.core.errors import Refusal


class TokenMissing(Refusal):
    """The request carries no bearer token."""

    code = "token-missing"
    http_status = 401


class TokenRefused(Refusal):
    """The token is not one of ours, has run out, or what it was issued on is gone."""

    code = "token-refused"
    http_status = 401


class AudienceRefused(Refusal):
    """The token is for another resource."""

    code = "token-audience-refused"
    http_status = 401


class WrongApi(Refusal):
    """The token is for the other one of the two APIs."""

    code = "token-for-other-api"
    http_status = 403


class PersonRequired(Refusal):
    """This call needs a person behind the app (app+user)."""

    code = "app-only-not-supported"
    http_status = 403


class SecondFactorRequired(Refusal):
    """The person behind the app signed in without a second factor."""

    code = "second-factor-required"
    http_status = 401


@dataclass(frozen=True)
class Caller:
    """The app that calls, and the actor it calls as."""

    actor: Actor
    app_id: UUID
    app_name: str
    is_person: bool
    has_second_factor: bool

    @property
    def tenant_id(self) -> UUID:
        return self.actor.organization_id

    def require_person(self) -> None:
        """Raises: PersonRequired."""
        if not self.is_person:
            raise PersonRequired(
                _("This call is not open to an app alone."),
                next_step=_("Get a token in which a person lets the app act for it (secure application model)."),
            )


def identify(authorization: str, *, accepted: Collection[str], now: datetime.datetime) -> Caller:
    """Return who calls. Raises: TokenMissing, TokenRefused, AudienceRefused, WrongApi, SecondFactorRequired."""
    facts = _read(authorization)
    if facts.audience == audiences.OLD_GRAPH:
        raise AudienceRefused(
            _("Tokens for this resource are no longer accepted."),
            next_step=_("Ask for a token for %(resource)s.") % {"resource": audiences.PARTNER_RESOURCE},
        )
    if facts.audience not in accepted:
        raise WrongApi(
            _("The token is for another API."),
            next_step=_("Ask for a token for the API you call; the documentation names the resource."),
        )
    secret = (
        AppSecret.objects.usable(now)
        .filter(pk=facts.secret_id, app_id=facts.app_id, app__organization_id=facts.tenant_id)
        .select_related("app__organization")
        .first()
    )
    if secret is None:
        raise _gone()
    if facts.consent_id is None:
        return _app_alone(secret.app)
    return _with_person(secret.app, facts.consent_id, has_second_factor=facts.has_second_factor)


def _read(authorization: str) -> TokenFacts:
    scheme, _space, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing(
            _("The request carries no token."), next_step=_("Send the header Authorization: Bearer and a token.")
        )
    try:
        return claims.read(token.strip())
    except jwt.ExpiredSignatureError as error:
        raise TokenRefused(_("The token has expired."), next_step=_("Get a new one and try again.")) from error
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenRefused(_("The token is not valid here."), next_step=_("Get a new one and try again.")) from error


def _gone() -> TokenRefused:
    return TokenRefused(
        _("What this token was issued on no longer stands."),
        next_step=_("The app, its secret or the person's access was removed. Look at the app registration."),
    )


def _app_alone(app: AppRegistration) -> Caller:
    organization = app.organization
    actor = Actor(
        user_id=app.pk,
        name=app.name,
        email="",
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=OrganizationKind(organization.kind),
        roles=frozenset(Role(role) for role in app.roles),
        is_sandbox=organization.is_sandbox,
        app_id=app.pk,
    )
    return Caller(actor=actor, app_id=app.pk, app_name=app.name, is_person=False, has_second_factor=False)


def _with_person(app: AppRegistration, consent_id: UUID, *, has_second_factor: bool) -> Caller:
    consent = AppConsent.objects.filter(pk=consent_id, app=app, revoked_at__isnull=True)
    member = (
        Membership.objects.active()
        .filter(Q(user_id__in=consent.values("user_id")), organization_id=app.organization_id)
        .select_related("user", "organization")
        .first()
    )
    if member is None:
        raise _gone()
    if app.organization.is_partner and not has_second_factor:
        raise SecondFactorRequired(
            _("The person signed in without a second factor, which people of partners need."),
            next_step=_("Set up a second factor, sign in with it and let the app act for you again."),
        )
    actor = queries.make_actor(member, member.user, app_id=app.pk)
    return Caller(actor=actor, app_id=app.pk, app_name=app.name, is_person=True, has_second_factor=has_second_factor)
