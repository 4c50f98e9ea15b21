"""Second factors: who has one, who must set one up, and what a provider's own second factor counts for."""

from typing import Any

from django.http import HttpRequest

from portal.accounts.models import User
from portal.accounts.sign_in.rules import needs_second_factor
from portal.core.http import PortalRequest

PROVIDER_FACTOR = "second_factor_at_provider"  # in the session: the id of the person the provider checked


def has_to_set_up(request: PortalRequest) -> bool:
    """Say whether the person signed in must have a second factor and has none, nor came with its provider's."""
    memberships = request.memberships
    if not needs_second_factor(memberships) or memberships[0].has_second_factor:
        return False
    return bool(request.session.get(PROVIDER_FACTOR) != str(request.user.pk))


def provider_checked_factor(extra_data: dict[str, Any]) -> bool:
    """Say whether the provider's signed ID token claims a second factor (``amr`` holds "mfa", RFC 8176)."""
    methods = (extra_data.get("id_token") or {}).get("amr") or []
    return "mfa" in methods if isinstance(methods, list) else methods == "mfa"


def note_provider_factor(request: HttpRequest, user: User) -> None:
    """Remember for this session, and for this person only, that the provider asked for a second factor."""
    request.session[PROVIDER_FACTOR] = str(user.pk)
