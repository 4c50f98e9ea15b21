"""What the pages about apps read."""

import datetime
from uuid import UUID

from django.db.models import Count, Max, Prefetch, Q, QuerySet
from django.http import Http404

from portal.accounts.actor import Actor
from portal.api.models import AppConsent, AppRegistration, AppSecret
from portal.api.rules import WARNED_DAYS


def apps_of(actor: Actor, *, now: datetime.datetime) -> QuerySet[AppRegistration]:
    """Return the apps of the actor's organization by name, with how many secrets work and until when (one query)."""
    works = Q(secrets__revoked_at__isnull=True, secrets__expires_at__gt=now)
    apps = AppRegistration.objects.visible_to(actor).annotate(
        secret_count=Count("secrets", filter=works), good_until=Max("secrets__expires_at", filter=works)
    )
    return apps.order_by("name", "pk")


def app_of(actor: Actor, app_id: UUID) -> AppRegistration:
    """Return an app of the actor's organization with its secrets, newest first. Raises: Http404."""
    newest = AppSecret.objects.order_by("-created_at", "-pk")
    apps = AppRegistration.objects.visible_to(actor).prefetch_related(Prefetch("secrets", queryset=newest))
    app = apps.select_related("organization").filter(pk=app_id).first()
    if app is None:
        raise Http404
    return app


def consents_of(actor: Actor) -> list[AppConsent]:
    """Return the apps that may act for the actor, newest first."""
    consents = AppConsent.objects.filter(
        user_id=actor.user_id, revoked_at__isnull=True, app__organization_id=actor.organization_id
    ).filter(app__removed_at__isnull=True)
    return list(consents.select_related("app").order_by("-given_at", "-pk"))


def secrets_to_warn_of(now: datetime.datetime) -> list[UUID]:
    """Return the secrets that run out soon; which of them were warned of is decided under their lock."""
    soon = now + datetime.timedelta(days=max(WARNED_DAYS))
    return list(AppSecret.objects.usable(now).filter(expires_at__lte=soon).values_list("pk", flat=True))
