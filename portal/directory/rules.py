"""What a group may be called, and who can be in it."""

from django.utils.translation import gettext as _

from portal.accounts.models import Membership
from portal.core.errors import InvalidInput, Refusal
from portal.directory.enums import BUILT_IN_GROUPS
from portal.directory.models import Group


class MemberDeactivated(Refusal):
    """Who was shut out of the organization gets no rights there."""

    code = "group-member-deactivated"


def check_name(name: str, *, others: list[str]) -> None:
    """A group has a name of its own, and not one of those that follow a role. Raises: InvalidInput."""
    if name.lower() in {built_in.lower() for built_in in BUILT_IN_GROUPS}:
        raise InvalidInput(
            _("%(name)s exists already: everybody with the role of that name is in it.") % {"name": name}, field="name"
        )
    if name.lower() in {other.lower() for other in others}:
        raise InvalidInput(_("Your organization has a group of this name."), field="name")


def check_can_join(group: Group, membership: Membership) -> None:
    """Only people who may act for the organization are put into its groups. Raises: MemberDeactivated."""
    if not (membership.is_active and membership.user.is_active):
        raise MemberDeactivated(
            _("%(name)s is deactivated and cannot be added to %(group)s.")
            % {"name": membership.user.name, "group": group.name},
            who=_("an admin who manages your organization's users"),
            next_step=_("First reactivate the person under User management."),
        )
