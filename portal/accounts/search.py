"""What search finds of people and organisations."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.fields import name_key
from portal.core.search import LIMIT, Result, as_uuid

SHORTEST_TEXT = 2  # one letter finds everybody


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find colleagues by name, address or id, and the own organisation by name, domain, Microsoft ID or PartnerID."""
    if len(text) < SHORTEST_TEXT:
        return
    if actor.may(Permission.ORGANIZATION_VIEW):
        yield from _organization(actor, text)
    if actor.may(Permission.USER_VIEW):
        yield from _users(actor, text)


def _users(actor: Actor, text: str) -> Iterator[Result]:
    wanted = as_uuid(text)
    members = queries.user_list(actor, text="" if wanted else text)
    if wanted:
        members = members.filter(user_id=wanted)
    for member in members.order_by(*queries.USER_ORDERS["name"])[:LIMIT]:
        yield Result(
            label=str(member.user),
            url=reverse("accounts:user", args=[member.user_id]),
            kind=_("Users"),
            icon="person",
            description=f"{member.user.email} · {', '.join(member.role_labels)}",
            is_exact=wanted is not None,
        )


def _organization(actor: Actor, text: str) -> Iterator[Result]:
    organization = queries.organization_of(actor)
    numbers = {place.partner_id_number for place in queries.places_of(actor)}
    is_exact = as_uuid(text) == organization.pk or text in numbers
    if is_exact or name_key(text) in organization.name_key or text.lower() in organization.domain.lower():
        yield Result(
            label=organization.name,
            url=reverse("accounts:organization"),
            kind=_("Your organization"),
            icon="account",
            description=organization.domain,
            is_exact=is_exact,
        )
