"""The Django project and whatever the domain apps share."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
