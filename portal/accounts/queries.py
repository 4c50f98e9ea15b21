"""Who is who: what pages and sign-in read about people and organisations."""

import datetime
import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce
from django.http import Http404

from portal.accounts.actor import Actor
from portal.accounts.enums import OPEN_PARTNERSHIPS, AccountEvent, InvitationStatus, OrganizationKind, Role, UserState
from portal.accounts.models import (
    Membership,
    Organization,
    Partner,
    PartnerLocation,
    Partnership,
    User,
    UserInvitation,
)
from portal.accounts.permissions import Permission, permissions_of, roles_allowing
from portal.audit.models import AuditEvent
from portal.core.fields import name_key
from portal.core.statements import ListStatement, ModelStatement

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes only stand in for one


def partners_to_ask(version: str) -> QuerySet[Partner]:
    """Return the partners that did not sign this version of the partner agreement and were not asked for it yet."""
    asked = AuditEvent.objects.filter(
        subject_id=Cast(OuterRef("pk"), CharField()),
        event_type=AccountEvent.PARTNER_AGREEMENT_REQUESTED,
        after__agreement_version=version,
    )
    return Partner.objects.exclude(agreement_version=version).filter(~Exists(asked))


def unused_partner_id() -> str:
    """Return a PartnerID that nobody has."""
    while True:
        number = f"9{secrets.randbelow(10**8):08d}"
        if not PartnerLocation.objects.filter(partner_id_number=number).exists():
            return number


def memberships_of(user: User) -> list[Membership]:
    """Return the person's active memberships with their organisations, by name (one query).

    Each also says whether the person has a second factor (``has_second_factor``), for no query of its own.
    """
    memberships = _MEMBERSHIPS.objects(user.pk)
    for membership in memberships:
        membership.user = user
    return memberships


def _has_second_factor() -> Exists:
    return Exists(Authenticator.objects.filter(user=OuterRef("user"), type__in=SECOND_FACTORS))


def _memberships(user_id: UUID) -> QuerySet[Membership]:
    return Membership.objects.filter(user_id=user_id, is_active=True).order_by("organization__name_key", "pk")


_MEMBERSHIPS = ModelStatement(_memberships, "organization", has_second_factor=_has_second_factor())


def make_actor(membership: Membership, user: User, *, app_id: UUID | None = None) -> Actor:
    """Return the person acting for the organisation of one membership, perhaps through an app."""
    organization = membership.organization
    return Actor(
        user_id=user.pk,
        name=str(user),
        email=user.email,
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=OrganizationKind(organization.kind),
        roles=frozenset(Role(role) for role in membership.roles),
        is_sandbox=organization.is_sandbox,
        app_id=app_id,
    )


def choose_membership(memberships: list[Membership], organization_id: UUID | str | None) -> Membership | None:
    """Return the membership in the chosen organisation, else the first, else ``None``."""
    for membership in memberships:
        if str(membership.organization_id) == str(organization_id):
            return membership
    return memberships[0] if memberships else None


def people_with_role(organization_id: UUID, *roles: Role) -> list[User]:
    """Return the active people of an organisation who hold one of the roles: who mails go to (T7)."""
    memberships = Membership.objects.active().with_role(*roles).filter(organization_id=organization_id)
    return [membership.user for membership in memberships.select_related("user").order_by("user__email")]


def organization_names(ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of organizations by id: what a list reads of them."""
    return dict(_NAMES.rows("names", keeps_plan=True, ids=list(ids))) if ids else {}


_NAMES = ListStatement(lambda _shape, ids: Organization.objects.filter(pk__in=ids).values_list("pk", "name"))

NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)  # sorts people who never signed in to one end

# Sorting of the user list: parameter of the address -> columns of keyset paging.
USER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("user__name_key", "pk"),
    "-name": ("-user__name_key", "-pk"),
    "email": ("user__email", "pk"),
    "-email": ("-user__email", "-pk"),
    "last_sign_in": ("last_sign_in", "pk"),
    "-last_sign_in": ("-last_sign_in", "-pk"),
}


def user_list(actor: Actor, *, text: str = "", role: str = "", state: str = "") -> QuerySet[Membership]:
    """Return the people of the actor's organisation whose name or address holds ``text``; one of USER_ORDERS sorts.

    An empty ``role`` or ``state`` (a UserState) leaves nobody out.
    """
    members = Membership.objects.visible_to(actor).select_related("user")
    members = members.annotate(last_sign_in=Coalesce("user__last_login", Value(NEVER)))
    if text:
        members = members.filter(Q(user__name_key__contains=name_key(text)) | Q(user__email__contains=text.lower()))
    if role:
        members = members.with_role(Role(role))
    if state:
        is_active = Q(is_active=True, user__is_active=True)
        members = members.filter(is_active if state == UserState.ACTIVE else ~is_active)
    return members


def user_detail(actor: Actor, user_id: UUID) -> Membership:
    """Return one person of the actor's organisation, with what ``with_sign_in`` adds. Raises: Http404."""
    members = Membership.objects.visible_to(actor).filter(user_id=user_id).select_related("user")
    membership = with_sign_in(members).first()
    if membership is None:
        raise Http404
    return membership


def with_sign_in(members: QuerySet[Membership]) -> QuerySet[Membership]:
    """Add ``has_second_factor``, and ``acts_elsewhere``: whether the person belongs to other organizations too."""
    elsewhere = Membership.objects.active().filter(user=OuterRef("user")).exclude(organization=OuterRef("organization"))
    facts = {"has_second_factor": _has_second_factor(), "acts_elsewhere": Exists(elsewhere)}
    return members.annotate(**facts)


def other_admin_count(membership: Membership, role: Role) -> int:
    """Count the active people beside this one who hold the role in the same organisation."""
    others = Membership.objects.active().with_role(role).filter(organization_id=membership.organization_id)
    return others.exclude(pk=membership.pk).count()


def still_may(actor: Actor, permission: Permission) -> bool:
    """Say whether the person has the right at this moment, whatever it had when the request began (quality row 16)."""
    members = Membership.objects.active().filter(user_id=actor.user_id, organization_id=actor.organization_id)
    roles = members.values_list("roles", flat=True).first()
    return permission in permissions_of(frozenset(Role(role) for role in roles or ()))


def invitation_list(actor: Actor, *, status: str = "") -> QuerySet[UserInvitation]:
    """Return the invitations of the actor's organisation."""
    invitations = UserInvitation.objects.visible_to(actor).select_related("invited_by")
    return invitations.filter(status=InvitationStatus(status)) if status else invitations


def invitation_detail(actor: Actor, invitation_id: UUID) -> UserInvitation:
    """Return one invitation of the actor's organisation. Raises: Http404."""
    invitation = invitation_list(actor).filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404
    return invitation


def invitation_by_hash(token_hash: str) -> UserInvitation | None:
    """Return the invitation that a unique link leads to, whatever became of it."""
    invitations = UserInvitation.objects.filter(token_hash=token_hash)
    return invitations.select_related("organization", "invited_by").first()


def invitation_by_id(invitation_id: UUID | str | None) -> UserInvitation | None:
    """Return the invitation that a session remembers after its link was opened."""
    invitations = UserInvitation.objects.filter(pk=invitation_id) if invitation_id else UserInvitation.objects.none()
    return invitations.select_related("organization", "invited_by").first()


def account_of(email: str) -> User | None:
    """Return the person with this address, if there is one."""
    return User.objects.filter(email=email.lower()).first()


def organization_of(actor: Actor) -> Organization:
    """Return the actor's organisation."""
    return Organization.objects.get(pk=actor.organization_id)


def partner_of(actor: Actor) -> Partner | None:
    """Return what the actor's organisation has as a partner, with its places; ``None`` for any other kind."""
    partners = Partner.objects.filter(pk=actor.organization_id).prefetch_related("locations")
    return partners.first()


def places_of(actor: Actor) -> QuerySet[PartnerLocation]:
    """Return the places the actor's organisation works from; none unless it is a partner."""
    return PartnerLocation.objects.filter(partner_id=actor.organization_id)


def partnerships_of(actor: Actor) -> list[Partnership]:
    """Return the open partnerships of the actor's organisation with providers or resellers, by name of the other."""
    mine = Q(provider_id=actor.organization_id) | Q(reseller_id=actor.organization_id)
    partnerships = Partnership.objects.filter(mine, status__in=OPEN_PARTNERSHIPS)
    partnerships = partnerships.select_related("provider__organization", "reseller__organization")
    return list(partnerships.order_by("provider__organization__name_key", "reseller__organization__name_key", "pk"))


def names_by_role(organization_id: UUID, *, limit: int = 5) -> dict[Role, Sequence[str]]:
    """Return for each role the names of some active people who hold it: whom to ask (P3). One query."""
    members = Membership.objects.active().filter(organization_id=organization_id).select_related("user")
    names: dict[Role, list[str]] = defaultdict(list)
    for membership in members.order_by("user__name_key", "pk"):
        for role in membership.roles:
            if len(names[Role(role)]) < limit:
                names[Role(role)].append(str(membership.user))
    return dict(names)


def who_can(actor: Actor, permission: Permission, *, limit: int = 5) -> list[str]:
    """Return the names of some colleagues whose role allows something: whom to ask (P3)."""
    roles = roles_allowing(permission, kind=actor.organization_kind)
    return [str(person) for person in people_with_role(actor.organization_id, *roles)[:limit]]
