"""Who acts, and for which organisation. Workflow, rules and queries take nothing else about a person."""

from dataclasses import dataclass, field
from uuid import UUID

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from portal.accounts.enums import PARTNER_KINDS, OrganizationKind, Role
from portal.accounts.permissions import Permission, permissions_of, roles_allowing
from portal.core.errors import PermissionDenied


@dataclass(frozen=True)
class Actor:
    """A person (or app) acting for one organisation. Page sessions, API tokens and commands all become one."""

    user_id: UUID
    name: str
    email: str
    organization_id: UUID
    organization_name: str
    organization_kind: OrganizationKind
    roles: frozenset[Role]
    is_sandbox: bool = False
    app_id: UUID | None = None  # the app registration through which the API is called
    is_played: bool = False  # by the sandbox, in the place of a customer or publisher (P8)
    permissions: frozenset[Permission] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles))

    @property
    def is_partner(self) -> bool:
        return self.organization_kind in PARTNER_KINDS

    @property
    def partner_id(self) -> UUID | None:
        """The partner acted for; ``None`` for people of customers, publishers and the operator."""
        return self.organization_id if self.is_partner else None

    @property
    def name_in_log(self) -> str:
        """Return the name as events keep it: what a sandbox played says so."""
        return _("%(name)s (played by the sandbox)") % {"name": self.name} if self.is_played else self.name

    @property
    def initials(self) -> str:
        words = self.name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied, naming the roles that may, unless the actor may do this."""
        if not self.may(permission):
            raise denied(permission, kind=self.organization_kind)

    def why_not(self, permission: Permission) -> str:
        """Return why a command is disabled and who may use it; nothing if the actor may (X5, quality row 38)."""
        return "" if self.may(permission) else denied(permission, kind=self.organization_kind).explanation


def who_may(permission: Permission, *, kind: OrganizationKind) -> str:
    """Return the names of the roles that allow this, as one phrase: "Admin agent or Sales agent"."""
    roles = [str(role.label) for role in roles_allowing(permission, kind=kind)]
    return get_text_list(roles, _("or")) if roles else _("Nobody in this kind of organization")


def denied(permission: Permission, *, kind: OrganizationKind) -> PermissionDenied:
    """Return the refusal that names the action, the roles that may, and the next step (P3, T2)."""
    return PermissionDenied(
        _("Your role does not allow this: %(action)s.") % {"action": permission.label},
        who=who_may(permission, kind=kind),
        next_step=_("Ask a colleague with one of these roles, or ask your account admin to give you the role."),
    )
