"""What a sandbox allows beyond what the workflows it plays allow, and why not."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from portal.accounts.models import Organization, Partner
from portal.core.errors import InvalidInput, Refusal
from sandbox.models import Sandbox


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


# --- accounts --------------------------------------------------------------------------------------------------------
class SandboxOfSandbox(Refusal):
    code = "sandbox-of-a-sandbox"


class SandboxAccountExists(Refusal):
    code = "sandbox-account-exists"


class SandboxDomainTaken(Refusal):
    code = "sandbox-domain-taken"


class SandboxPairUnfit(InvalidInput):
    code = "sandbox-pair-unfit"


class SandboxClocksApart(Refusal):
    code = "sandbox-clocks-apart"


def account_domain(organization: Organization) -> str:
    """Return the domain that the sandbox account of a partner has, by which it is found."""
    return f"sandbox.{organization.domain}".lower()


def check_can_have_account(organization: Organization, holder: Organization | None) -> None:
    """A production partner has one sandbox account; ``holder`` is who has its domain already, if anybody.

    Raises: SandboxOfSandbox, SandboxAccountExists, SandboxDomainTaken.
    """
    names = {"name": organization.name}
    if organization.is_sandbox:
        raise SandboxOfSandbox(
            _("%(name)s is a sandbox account itself.") % names,
            next_step=_("Open the partner's production account."),
        )
    if holder is None:
        return
    if holder.is_sandbox and holder.is_partner:
        raise SandboxAccountExists(
            _("%(name)s has a sandbox account already: %(account)s.") % {**names, "account": holder.name},
            next_step=_("Its people choose it where they choose the organization they act for."),
        )
    raise SandboxDomainTaken(
        _("The domain of the sandbox account belongs to somebody else: %(domain)s.") % {"domain": holder.domain},
        next_step=_("Ask %(name)s to register under another domain.") % {"name": holder.name},
    )


def check_can_pair(original: Partner, other: Partner | None) -> None:
    """Share a sandbox with sandbox partners of the same market and cloud alone. Raises: SandboxPairUnfit."""
    if other is None:
        return
    if not other.organization.is_sandbox:
        raise SandboxPairUnfit(
            _("%(name)s is a production account, which no sandbox ever meets.") % {"name": other.organization.name},
            field="pair_with",
            next_step=_("Name its sandbox account."),
        )
    if (other.market, other.organization.cloud) != (original.market, original.organization.cloud):
        raise SandboxPairUnfit(
            _("%(name)s is of another market or cloud: nothing could be transferred.")
            % {"name": other.organization.name},
            field="pair_with",
            next_step=_("Name a sandbox partner of the same market and cloud."),
        )


def check_can_join(joining: Sandbox, host: Sandbox, other: Organization) -> None:
    """Two sandboxes whose clocks agree become one. Raises: SandboxPairUnfit, SandboxClocksApart."""
    if joining.pk == host.pk:
        raise SandboxPairUnfit(
            _("The two share a sandbox already: %(name)s.") % {"name": other.name},
            field="pair_with",
            next_step=_("Name another sandbox partner."),
        )
    apart = abs(joining.hours_ahead - host.hours_ahead)
    if apart:
        raise SandboxClocksApart(
            _("The clock of one sandbox is %(hours)s hours ahead of the other.") % {"hours": apart},
            who=_("an admin of the sandbox that is behind"),
            next_step=_("Let its clock jump by as much, or reset both; then put them together."),
        )
