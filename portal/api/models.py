"""Apps and their secrets, what people allowed them, the keys that sign tokens, and answers kept for repeated requests.

Secrets, codes and refresh tokens stand here as hashes; only whoever got them can use them (quality row 21).
"""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Organization, User
from portal.api.enums import AppKind


class AppRegistrationQuerySet(models.QuerySet["AppRegistration"]):
    def visible_to(self, actor: Actor) -> Self:
        """The apps of the actor's organization that were not removed."""
        return self.filter(organization_id=actor.organization_id, removed_at__isnull=True)

    def locked(self, app_id: uuid.UUID) -> "AppRegistration":
        """The app, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=app_id)


class AppRegistration(models.Model):
    """A program that may ask for tokens of its organization. Its id is the client_id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="app_registrations")
    kind = models.CharField(max_length=10, choices=AppKind.choices)
    name = models.CharField(max_length=120)
    # What it may do by itself. Together with a person it may do what that person may.
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices))
    redirect_uris = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    principal_id = models.UUIDField(default=uuid.uuid4, editable=False)  # "oid" of tokens without a person
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=200, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = AppRegistrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="app_named", condition=~Q(name="")),
            models.CheckConstraint(name="app_has_roles", condition=~Q(roles=[])),
        ]

    def __str__(self) -> str:
        return self.name


class AppSecretQuerySet(models.QuerySet["AppSecret"]):
    def usable(self, now: datetime.datetime) -> Self:
        """Secrets that open the door: neither they nor their app is gone, and their time has not run out."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now, app__removed_at__isnull=True)


class AppSecret(models.Model):
    """A password of an app, shown once. ``prefix`` is what one still recognizes it by."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app = models.ForeignKey(AppRegistration, on_delete=models.PROTECT, related_name="secrets")
    description = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=8)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True)  # the last warning: so many days before

    objects = AppSecretQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="app_secret_expires_later", condition=Q(expires_at__gt=models.F("created_at")))
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="app_secret_due", condition=Q(revoked_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.app_id}"


class AppConsent(models.Model):
    """That a person let an app act for it in an organization (secure application model)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    app = models.ForeignKey(AppRegistration, on_delete=models.PROTECT, related_name="consents")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="app_consents")
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["app", "user"], name="app_consent_once", condition=Q(revoked_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.app_id} for {self.user_id}"


class AuthorizationCode(models.Model):
    """The one-time code with which an app comes back from the consent page."""

    code_hash = models.CharField(max_length=64, primary_key=True)
    consent = models.ForeignKey(AppConsent, on_delete=models.PROTECT, related_name="codes")
    redirect_uri = models.CharField(max_length=500)
    audience = models.CharField(max_length=200)
    scopes = models.CharField(max_length=500, blank=True)
    nonce = models.CharField(max_length=200, blank=True)
    code_challenge = models.CharField(max_length=128, blank=True)
    code_challenge_method = models.CharField(max_length=10, blank=True)
    has_second_factor = models.BooleanField(default=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code of {self.consent_id}"


class RefreshToken(models.Model):
    """The token an app keeps to act for a person again. It stays good for its time, as in the original."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    consent = models.ForeignKey(AppConsent, on_delete=models.PROTECT, related_name="refresh_tokens")
    audience = models.CharField(max_length=200)
    scopes = models.CharField(max_length=500, blank=True)
    has_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"refresh token of {self.consent_id}"


class SigningKey(models.Model):
    """A key pair that signs tokens. The newest signs; older ones are published while their tokens may be in use."""

    kid = models.CharField(max_length=40, primary_key=True)
    private_key = models.BinaryField()  # PEM, sealed
    public_key = models.TextField()  # PEM
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.kid


class StoredAnswer(models.Model):
    """The answer to a request that changes something, kept so that the same request again gets it again (P4).

    ``http_status`` is empty while the first attempt is still at work.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    app_id = models.UUIDField()
    request_id = models.CharField(max_length=64)  # MS-RequestId, in lower case
    fingerprint = models.CharField(max_length=64)  # hash of method, address and body
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "app_id", "request_id"], name="stored_answer_once")
        ]

    def __str__(self) -> str:
        return self.request_id
