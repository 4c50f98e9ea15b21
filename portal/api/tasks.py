"""Celery entry points of the API: warnings about secrets, and clearing away."""

import structlog
from celery import shared_task
from django.utils import timezone

from portal.api import queries, repeats
from portal.api.tokens import keys
from portal.api.workflow import apps, grants

logger = structlog.get_logger(__name__)


@shared_task(name="api.sweep")
def sweep() -> None:
    """Warn of secrets that run out, each in a transaction of its own; clear away answers, codes, tokens and keys."""
    now = timezone.now()
    for secret_id in queries.secrets_to_warn_of(now):
        try:
            apps.warn_of_expiry(secret_id=secret_id, now=now)
        except Exception:  # its siblings must not wait (quality row 7); the next sweep tries it again
            logger.exception("app_secret_not_warned_of", secret_id=str(secret_id))
    repeats.sweep(now)
    grants.forget_old(now)
    keys.signing_key(now)
    keys.forget_old(now)
