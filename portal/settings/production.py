"""Production: refuses to start without its secrets, and sends browsers to HTTPS only."""

import os

from portal.settings.environment import faults

if found := list(faults(os.environ)):
    raise SystemExit(
        f"The portal cannot start. {' '.join(dict.fromkeys(found))} (docs/operation.md names every setting.)"
    )

import sentry_sdk

from portal.settings.base import *
from portal.settings.base import ALLAUTH_TRUSTED_PROXY_COUNT, BASE_URL, SENTRY_DSN, env
from portal.settings.logging import hidden

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

if BEHIND_PROXY := env.bool("BEHIND_PROXY", default=True):  # the proxy ends TLS and sets both X-Forwarded headers
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT or 1
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_NAME = "__Host-language"
SILENCED_SYSTEM_CHECKS = ["security.W002"]  # SecurityHeadersMiddleware sends X-Frame-Options, on early refusals too

if SENTRY_DSN:
    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,  # they hold tokens and passwords
        before_send=lambda event, hint: hidden(event),
        before_send_transaction=lambda event, hint: hidden(event),
        before_breadcrumb=lambda crumb, hint: hidden(crumb),
    )
