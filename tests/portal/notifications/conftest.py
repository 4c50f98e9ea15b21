"""A real mail server for the outbox, and mails to put into it."""

import pytest

from tests.portal.notifications import builders
from tests.portal.notifications.mail_server import TestMailServer


@pytest.fixture
def mail_server(settings):
    """A running server that the outbox sends to."""
    server = TestMailServer()
    server.start()
    settings.EMAIL_BACKEND = "portal.notifications.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def sample_mail(settings):
    """The mail template "sample" beside the tests."""
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [*settings.TEMPLATES[0]["DIRS"], builders.TEMPLATES]}]
