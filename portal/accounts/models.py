"""Organisations, the partners among them, people, and who belongs where with which roles.

Long because these point at one another, down to the links that a person gets by mail.
"""

import datetime
import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import (
    OPEN_PARTNERSHIPS,
    PARTNER_KINDS,
    Cloud,
    InvitationStatus,
    OrganizationKind,
    PartnershipStatus,
    Role,
    UserState,
)
from portal.accounts.permissions import role_labels
from portal.core.fields import NameKeyField


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def locked(self, organization_id: uuid.UUID) -> "Organization":
        """The organisation, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=organization_id)


class Organization(models.Model):
    """A tenant: partner, customer, publisher or the programme operator. Its id is the "Microsoft ID" on pages."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20, choices=OrganizationKind.choices)
    name = models.CharField(max_length=200)
    name_key = NameKeyField()
    domain = models.CharField(max_length=253)
    country = models.CharField(max_length=2)  # ISO 3166-1; decides the market
    cloud = models.CharField(max_length=20, choices=Cloud.choices, default=Cloud.PUBLIC)
    language = models.CharField(max_length=8, default="en")
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    address = models.TextField(max_length=500, blank=True)
    is_sandbox = models.BooleanField(default=False)  # P8: sandbox data never meets production data
    created_at = models.DateTimeField()

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("domain"), name="organization_domain_once"),
            models.CheckConstraint(name="organization_kind_known", condition=Q(kind__in=OrganizationKind.values)),
            models.CheckConstraint(name="organization_country_iso", condition=Q(country__regex=r"^[A-Z]{2}$")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_partner(self) -> bool:
        return self.kind in PARTNER_KINDS


class PartnerQuerySet(models.QuerySet["Partner"]):
    def locked(self, partner_id: uuid.UUID) -> "Partner":
        """The partner, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=partner_id)

    def held(self, partner_id: uuid.UUID) -> "Partner":
        """The partner, kept as it is until the open transaction ends; many may hold it at once, nobody change it."""
        return self.raw("SELECT * FROM accounts_partner WHERE organization_id = %s FOR SHARE", [partner_id])[0]


class Partner(models.Model):
    """What a partner organisation has beyond any other: market, currency, and the signed partner agreement (T6)."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True)
    market = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    agreement_version = models.CharField(max_length=20, blank=True)
    agreement_signed_at = models.DateTimeField(null=True, blank=True)
    agreement_signed_by = models.CharField(max_length=200, blank=True)
    becoming_reseller_of = models.ForeignKey(  # T4, decision 0022: on its way from direct bill to this provider
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    becoming_reseller_since = models.DateTimeField(null=True, blank=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="partner_becoming_reseller_of_whom_and_since_when",
                condition=Q(becoming_reseller_of__isnull=True, becoming_reseller_since__isnull=True)
                | Q(becoming_reseller_of__isnull=False, becoming_reseller_since__isnull=False),
            ),
            models.CheckConstraint(name="partner_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(
                name="partner_agreement_signed_when_and_by_whom",
                condition=Q(agreement_signed_at__isnull=True, agreement_signed_by="", agreement_version="")
                | (Q(agreement_signed_at__isnull=False) & ~Q(agreement_signed_by="") & ~Q(agreement_version="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization_id)


class PartnerLocation(models.Model):
    """A place a partner works from, with its own PartnerID. Exactly one is the headquarters."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="locations")
    partner_id_number = models.CharField(max_length=12, unique=True)  # shown as PartnerID (formerly MPN ID)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2)
    is_headquarters = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner"], name="partner_one_headquarters", condition=Q(is_headquarters=True)
            ),
            models.CheckConstraint(
                name="partner_id_number_digits", condition=Q(partner_id_number__regex=r"^[0-9]{5,12}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.partner_id_number})"


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    def visible_to(self, actor: Actor) -> Self:
        """The partnerships in which the actor's organisation is the provider or the reseller."""
        return self.filter(Q(provider_id=actor.organization_id) | Q(reseller_id=actor.organization_id))

    def locked(self, partnership_id: uuid.UUID) -> "Partnership":
        """The partnership, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=partnership_id)

    def hold(self, *, provider_id: uuid.UUID, reseller_id: uuid.UUID) -> None:
        """Keep the partnership of the two as it is until the open transaction ends, if they have one."""
        list(
            self.raw(
                "SELECT id FROM accounts_partnership"
                " WHERE provider_id = %s AND reseller_id = %s AND status = %s FOR SHARE",
                [provider_id, reseller_id, PartnershipStatus.ACTIVE],
            )
        )


class Partnership(models.Model):
    """An indirect provider and an indirect reseller that work together, or might (A10, R10)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="reseller_partnerships")
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="provider_partnerships")
    status = models.CharField(max_length=20, choices=PartnershipStatus.choices)
    requested_by_provider = models.BooleanField(default=True)  # else the reseller asked; the other side answers
    requested_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # declined, withdrawn or ended: then

    objects = PartnershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller"],
                name="partnership_open_once",
                condition=Q(status__in=OPEN_PARTNERSHIPS),
            ),
            models.CheckConstraint(
                name="partnership_dates_match_status",
                condition=Q(status=PartnershipStatus.REQUESTED, accepted_at__isnull=True, ended_at__isnull=True)
                | Q(status=PartnershipStatus.ACTIVE, accepted_at__isnull=False, ended_at__isnull=True)
                | Q(
                    status__in=[PartnershipStatus.DECLINED, PartnershipStatus.WITHDRAWN],
                    accepted_at__isnull=True,
                    ended_at__isnull=False,
                )
                | Q(status=PartnershipStatus.ENDED, ended_at__isnull=False),
            ),
            models.CheckConstraint(name="partnership_of_two_partners", condition=~Q(provider=models.F("reseller"))),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} – {self.reseller_id}"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; ``password`` None means that only other ways of signing in work."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in. What it may do stands in its memberships, never here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    name_key = NameKeyField()  # whoever saves ``name`` with update_fields names this too
    language = models.CharField(max_length=8, default="en")
    shortcuts_enabled = models.BooleanField(default=True)  # single keys can be switched off (quality row 35)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email"))),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, actor: Actor) -> Self:
        """The people of the actor's organisation, deactivated ones too."""
        return self.filter(organization_id=actor.organization_id)

    def active(self) -> Self:
        """Memberships that count: neither they nor the person are deactivated."""
        return self.filter(is_active=True, user__is_active=True)

    def with_role(self, *roles: Role) -> Self:
        """Memberships that hold at least one of the roles."""
        return self.filter(roles__overlap=list(roles))

    def locked(self, membership_id: uuid.UUID) -> "Membership":
        """The membership, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=membership_id)


class Membership(models.Model):
    """A person's place in an organisation, with its roles there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)

    has_second_factor: bool  # set by queries.memberships_of() and with_sign_in() alone
    acts_elsewhere: bool  # set by queries.with_sign_in() alone

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_once"),
            models.CheckConstraint(
                name="membership_deactivated_at_iff_inactive",
                condition=Q(is_active=True, deactivated_at__isnull=True)
                | Q(is_active=False, deactivated_at__isnull=False),
            ),
        ]
        indexes = [
            GinIndex(fields=["roles"], name="membership_roles"),
            models.Index(fields=["organization", "is_active"], name="membership_of_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} @ {self.organization_id}"

    @property
    def role_labels(self) -> list[str]:
        return role_labels(self.roles)

    @property
    def state(self) -> UserState:
        """Whether the person may act for the organisation; a person deactivated everywhere may not either."""
        return UserState.ACTIVE if self.is_active and self.user.is_active else UserState.DEACTIVATED


class UserInvitationQuerySet(models.QuerySet["UserInvitation"]):
    def visible_to(self, actor: Actor) -> Self:
        """Invitations of the actor's organisation."""
        return self.filter(organization_id=actor.organization_id)

    def open(self) -> Self:
        """Invitations nobody has answered, withdrawn or closed yet."""
        return self.filter(status=InvitationStatus.OPEN)

    def due(self, now: datetime.datetime) -> Self:
        """Open invitations whose time has run out."""
        return self.open().filter(expires_at__lte=now)

    def locked(self, invitation_id: uuid.UUID) -> "UserInvitation":
        """The invitation, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=invitation_id)


class UserInvitation(models.Model):
    """A colleague asked to join an organisation with some roles. The link holds the token, we only its hash."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="user_invitations")
    email = models.EmailField()
    name = models.CharField(max_length=200)
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices))
    language = models.CharField(max_length=8, default="en")
    status = models.CharField(max_length=10, choices=InvitationStatus.choices, default=InvitationStatus.OPEN)
    token_hash = models.CharField(max_length=64, unique=True)  # of the newest link; sending again ends the older one
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)  # accepted, revoked or expired: then

    objects = UserInvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                name="user_invitation_open_once",
                condition=Q(status=InvitationStatus.OPEN),
            ),
            models.CheckConstraint(name="user_invitation_email_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(name="user_invitation_has_roles", condition=~Q(roles=[])),
            models.CheckConstraint(
                name="user_invitation_closed_at_iff_closed",
                condition=Q(status=InvitationStatus.OPEN, closed_at__isnull=True)
                | (~Q(status=InvitationStatus.OPEN) & Q(closed_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="user_invitation_by_time"),
            models.Index(fields=["expires_at"], name="user_invitation_due", condition=Q(status=InvitationStatus.OPEN)),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization_id}"

    @property
    def role_labels(self) -> list[str]:
        return role_labels(self.roles)


class MailedLinkQuerySet(models.QuerySet[Any]):
    def open(self, now: datetime.datetime) -> Self:
        """Those whose link still works."""
        return self.filter(expires_at__gt=now, user__is_active=True)


class MailedLink(models.Model):
    """A link mailed to a person. It holds the token, we only its hash; using it deletes the row."""

    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = MailedLinkQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"until {self.expires_at}"


class PasswordReset(MailedLink):
    """A person's wish for a new password."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_resets")

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="password_reset_due")]


class EmailChange(MailedLink):
    """A person's wish to sign in by another address; a newer wish takes the place of the older one."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="email_change")
    email = models.EmailField()

    class Meta:
        constraints = [models.CheckConstraint(name="email_change_lower_case", condition=Q(email=Lower("email")))]
        indexes = [models.Index(fields=["expires_at"], name="email_change_due")]
