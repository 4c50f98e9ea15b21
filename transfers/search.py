"""What search finds of transfers: one by its id (quality row 35)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import Result, as_uuid
from transfers import queries


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find the transfer whose id was pasted, as the partner or the customer that it concerns."""
    transfer_id = as_uuid(text)
    name = "transfers:detail" if actor.is_partner else "transfers:my_transfer"
    permission = Permission.TRANSFER_VIEW if actor.is_partner else Permission.PARTNER_RELATIONSHIP_MANAGE
    if transfer_id is None or not actor.may(permission):
        return
    transfer = queries.find_transfer(actor, transfer_id)
    if transfer is not None:
        yield Result(
            label=_("Transfer for %(customer)s") % {"customer": transfer.customer.organization.name},
            url=reverse(name, args=[transfer.pk]),
            kind=_("Transfers"),
            icon="transfers",
            description=transfer.get_status_display(),
            is_exact=True,
        )
