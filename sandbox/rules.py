"""What a sandbox allows beyond what the workflows it plays allow, and why not."""

from uuid import UUID

from django.utils.translation import gettext as _

from portal.core.errors import Refusal


class NobodyToPlay(Refusal):
    code = "sandbox-has-no-customer"


def check_somebody_to_play(customer_id: UUID | None) -> UUID:
    """Return the customer that is played. Raises: NobodyToPlay in a sandbox without any."""
    if customer_id is None:
        raise NobodyToPlay(
            _("Your sandbox has no customer yet whom it could play."),
            next_step=_("Add a customer, or accept a request as a new one."),
        )
    return customer_id
