"""Settings that hold in every environment. Each environment variable is read in one place, here or in a file beside."""

from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal.settings.domain import *
from portal.settings.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()

PRODUCT_NAME = "Partner Portal"
DOCS_URL = env.str("DOCS_URL", default="")  # where this installation's own manual stands; linked on the help page
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
DEMO = False  # demo people with one-click sign-in; only the embedded settings turn this on
MAILBOX_DIR: str | None = None  # folder of the capture mail server; only in the embedded run

DEBUG = False
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",  # the widgets' own templates, for PortalRenderer
    "portal.core",
    "portal.accounts",
    "portal.audit",
    "portal.notifications",
    "portal.webhooks",
    "portal.api",
    "portal.directory",
    "portal.backup",
    "customers",
    "billing",
    "marketplace",
    "transfers",
    "azure",
    "bundles",
    "support",
    "sandbox",
    "operators",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_htmx",
    "django_structlog",
    "django_prometheus",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "portal.core.middleware.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.core.middleware.ProbeMiddleware",
    "portal.core.middleware.RequestLogMiddleware",
    "portal.api.middleware.ApiMiddleware",
    "portal.core.middleware.MalformedRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.SessionLimitsMiddleware",
    "portal.accounts.middleware.ActorMiddleware",
    "portal.accounts.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.core.middleware.RefusalMiddleware",
    "portal.accounts.middleware.SecondFactorMiddleware",
    "portal.accounts.middleware.AccessMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.accounts.context.shell",
            ],
            "builtins": ["portal.core.templatetags.dates", "portal.core.templatetags.includes"],
        },
    },
]
FORM_RENDERER = "portal.core.forms.PortalRenderer"

# --- database, cache, sessions ---------------------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", default="postgresql://portal_app@127.0.0.1:5432/portal")}
DATABASES["default"] |= {
    "ATOMIC_REQUESTS": False,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "pool": {
            "min_size": env.int("DATABASE_POOL_MIN", default=1),
            "max_size": env.int("DATABASE_POOL_MAX", default=8),
            # A thread waits for a connection only while the database is away: then it gives up soon, and the pool
            # forgets its growing waits between attempts, so that the portal is back as soon as the database is.
            "timeout": 2,
            "reconnect_timeout": 2,
        },
        "connect_timeout": 5,
        "prepare_threshold": 5,  # PostgreSQL keeps the plans of what portal.core.statements asks often
        **DATABASES["default"].get("OPTIONS", {}),  # what stands in the address, such as ?sslmode=verify-full
    },
}
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    # Counters of failed sign-ins: they must outlive an emptied Redis, so they stand in PostgreSQL (decision 0007).
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "throttle",
        "OPTIONS": {"MAX_ENTRIES": 100_000, "CULL_FREQUENCY": 4},
    },
    # Copies of rows that PostgreSQL holds: sessions, worker heartbeats. May vanish at any moment.
    "redis": {
        "BACKEND": "portal.core.cache.SpareCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        "KEY_PREFIX": "portal",
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "redis"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_IDLE_SECONDS = 30 * 60
SESSION_ABSOLUTE_SECONDS = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_USE_SESSIONS = False
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.core.error_views.csrf_failure"

# --- sign-in (P2, decision 0005) --------------------------------------------------------------------------------------
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int(
    "TRUSTED_PROXY_COUNT", default=0
)  # how many last hops of X-Forwarded-For are ours
ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come in by invitation, which proves the mailbox
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",  # requests, right or wrong
    "password": "10/15m/ip,10/15m/key",  # wrong passwords; right ones are given back
    "login_failed": "10/15m/ip,10/15m/key",  # wrong codes and passkeys
    "passkey": "10/15m/ip",  # wrong passkeys while nobody is named yet
    "reset_password": "10/15m/ip,10/15m/key",
    "reset_password_link": "10/15m/ip",
    "change_email": "10/15m/ip,10/15m/key",  # each one mails an address that the person chose
    "change_email_link": "10/15m/ip",
    "join": "20/15m/ip",
    "mailbox_code": "10/15m/ip,5/15m/key",
}
PASSWORD_RESET_MINUTES = 60
EMAIL_CHANGE_MINUTES = 60
ACCOUNT_FORMS = {"login": "portal.accounts.sign_in.forms.SignInForm"}
MFA_ADAPTER = "portal.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = PRODUCT_NAME
MFA_TOTP_TOLERANCE = 1  # clocks may differ by half a minute
MFA_FORMS = {
    "authenticate": "portal.accounts.sign_in.forms.CodeForm",
    "authenticate_webauthn": "portal.accounts.sign_in.forms.PasskeyForm",
    "login_webauthn": "portal.accounts.sign_in.forms.PasskeySignInForm",
}
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
USERSESSIONS_TRACK_ACTIVITY = False  # a write on every GET; SessionLimitsMiddleware notes the activity once a minute
SOCIALACCOUNT_ADAPTER = "portal.accounts.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
OIDC_PROVIDERS = env.json("OIDC_PROVIDERS", default=[])
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": OIDC_PROVIDERS}}
COLLEAGUE_INVITATION_DAYS = 7
PARTNER_AGREEMENT_VERSION = "2026-01"  # the version in force; partners who signed an older one are asked again (T6)

# --- languages (P9) --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("sv", _("Swedish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- pages -----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".build" / "collected"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / ".build" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
REQUEST_MAX_BYTES = 10 * 1024 * 1024  # of a whole request, files included
UPLOAD_MAX_BYTES = 32 * 1024 * 1024  # of a request to a page that takes long lists as files (quality row 27)
LONG_UPLOAD_MAX_BYTES = 256 * 1024 * 1024  # of one to a page that takes files of a million rows
UNPACKED_MAX_BYTES = 1024**3  # of a CSV file in such a request, unpacked
UNPACKED_MAX_RATIO = 100  # of text to what is packed, beyond its first UNPACKED_ANY_RATIO_BYTES; exports: 10 to 20
UNPACKED_ANY_RATIO_BYTES = 32 * 1024**2
REQUEST_MAX_ADDRESS_LENGTH = 6000  # path and query together
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- mail ------------------------------------------------------------------------------------------------------------
_mail = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
if _mail["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend":
    _mail["EMAIL_BACKEND"] = "portal.notifications.smtp.EmailBackend"  # knows whether a cut-off mail may have arrived
vars().update(_mail)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"{PRODUCT_NAME} <portal@localhost>")

# --- background work -------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 570
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # above any run time
    "unacked_restore_interval": 10,  # a killed worker's task is handed out again after some ten seconds
    "unacked_restore_throttle": 1,
    # A page that queues a task waits at most some two seconds for an absent broker, then goes on without it.
    "socket_connect_timeout": 0.7,
    "socket_timeout": 1.2,
    "max_retries": 0,
    "retry_on_timeout": False,
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_DB_REUSE_MAX = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# --- operation -------------------------------------------------------------------------------------------------------
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")  # where the web processes leave their counters
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
READY_WORKER_SECONDS = 45
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestLogMiddleware has looked at it
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # one line per request, when it is done; the first only for debugging
DJANGO_STRUCTLOG_USER_ID_FIELD = "pk"
LOGGING = logging_config(level=env.str("LOG_LEVEL", default="INFO"))
PROMETHEUS_EXPORT_MIGRATIONS = False
SENTRY_DSN = env.str("SENTRY_DSN", default="")
