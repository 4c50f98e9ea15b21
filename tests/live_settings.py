"""Settings of a real web server or worker that a test starts: the pool and the Redis cache as in production."""

import os

from portal.settings.base import *  # noqa: F403
from portal.settings.base import CACHES, INSTALLED_APPS

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
CACHES["redis"]["KEY_PREFIX"] = os.environ["LIVE_CACHE_PREFIX"]
INSTALLED_APPS = [*INSTALLED_APPS, "portal.local"]
DEMO = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
