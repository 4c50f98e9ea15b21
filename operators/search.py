"""What search finds for the programme operator: partners by name, Microsoft ID or PartnerID (quality row 35)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from operators import queries
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import LIMIT, Result, as_uuid


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find partners, for those who operate the programme."""
    if not text or not actor.may(Permission.PROGRAMME_OPERATE):
        return
    page = queries.partner_page(queries.PartnerFilter(text=text))
    for partner in page.rows[:LIMIT]:
        yield Result(
            label=partner.organization.name,
            url=reverse("operators:partner", args=[partner.pk]),
            kind=_("Partners"),
            icon="customers",
            description=partner.organization.get_kind_display(),
            is_exact=as_uuid(text) == partner.pk,
        )
