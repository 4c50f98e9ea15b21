"""Groups that follow a role, and what happens to the others."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role

# Groups of partners in the original's own names, which are not translated: whoever holds the role is a member (3.1).
BUILT_IN_GROUPS = {"AdminAgents": Role.ADMIN_AGENT, "HelpdeskAgents": Role.HELPDESK_AGENT}


class DirectoryEvent(models.TextChoices):
    """What happens to groups; the same names in log and webhook."""

    CREATED = "group-created", _("Group created")
    OFFER_CHANGED = "group-offer-changed", _("Group offered to other companies, or no longer")
    MEMBER_ADDED = "group-member-added", _("Member added to a group")
    MEMBER_REMOVED = "group-member-removed", _("Member removed from a group")
    REMOVED = "group-removed", _("Group removed")
