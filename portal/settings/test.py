"""Settings of the test run: real servers, cheap passwords, no address that leads outside."""

import os
from urllib.parse import urlsplit

os.environ.setdefault("SECRET_KEY", "test-only-" + "x" * 50)

from portal.settings.base import *
from portal.settings.base import BASE_DIR, CACHES, DATABASES, INSTALLED_APPS, REDIS_URL, env

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
INSTALLED_APPS = [*INSTALLED_APPS, "portal.local"]
DEMO = True
MAILBOX_DIR = env.str("MAILBOX_DIR", default="") or None
APP_DATABASE_ROLE = env.str("APP_DATABASE_ROLE", default="portal_app")
BASE_URL = "http://testserver"

# One connection a test; the pool has tests of its own.
DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5, "prepare_threshold": 5}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
# Each process of the run has a Redis database of its own: no worker takes the tasks of another's test.
_runner = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
REDIS_URL = urlsplit(REDIS_URL)._replace(path=f"/{int(_runner) % 16}").geturl()
CELERY_BROKER_URL = CACHES["redis"]["LOCATION"] = REDIS_URL
CACHES["redis"]["KEY_PREFIX"] = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = BASE_DIR / ".build" / "collected-test"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing folder
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
