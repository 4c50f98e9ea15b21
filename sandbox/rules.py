"""What a sandbox allows beyond what the workflows it plays allow, and why not."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.accounts.models import Organization
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


class SandboxShared(Refusal):
    code = "sandbox-shared"


class WrongJump(Refusal):
    code = "sandbox-wrong-jump"
    http_status = 422


def check_apart(others: Sequence[Organization]) -> None:
    """Only what belongs to the sandbox alone is deleted or made older. Raises: SandboxShared."""
    if others:
        names = ", ".join(organization.name for organization in others[:5])
        raise SandboxShared(
            _("Something in this sandbox belongs to others as well: %(names)s.") % {"names": names},
            who=_("the operator of the programme"),
            next_step=_("Ask for both to be put into one sandbox, or end what they share."),
        )


def check_jump(hours: int) -> None:
    """The clock goes forward only, by hours or days, and not beyond a lifetime. Raises: WrongJump."""
    if not 1 <= hours <= settings.SANDBOX_LONGEST_JUMP_HOURS:
        days = settings.SANDBOX_LONGEST_JUMP_HOURS // 24
        raise WrongJump(
            _("The clock of a sandbox jumps forward only, by an hour to %(days)s days at a time.") % {"days": days},
            next_step=_("To go back, reset the sandbox."),
        )
