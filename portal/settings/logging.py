"""Logging as JSON lines on standard output, one request id from page to task to mail. No secret stands in a log."""

import re
from typing import Any

import structlog

HIDDEN = "[hidden]"
# The token of a unique link, whatever page it belongs to; the word before it stays readable.
_TOKEN_IN_PATH = re.compile(r"(?P<before>/(?:key|accept|invitation|join)/)[^/\s\"'?#]{8,}")
# Anything long and random: tokens, session keys, hashes. A UUID (36 characters) is an id and stays; so do words.
_RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9])[\w-]{40,}")
# The value of a field that is named like a secret, in a query, a form or a dump of one.
_NAMED = re.compile(
    r"(?P<before>(?:\b\w*(?:password|secret|token|authorization)\w*['\"]?\s*[=:]|[?&](?:code|state|key)=)\s*)"
    r"(?P<quote>['\"]?)[^'\"&\s,})]{4,}",
    re.IGNORECASE,
)


def hide_secrets(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut secrets out of everything that is logged, tracebacks included (quality rows 21 and 23)."""
    return {key: hidden(value) for key, value in event.items()}


def hidden(value: Any) -> Any:
    """Return a value, whatever is inside it, without what looks like a secret."""
    if isinstance(value, str):
        value = _TOKEN_IN_PATH.sub(rf"\g<before>{HIDDEN}", value)
        value = _NAMED.sub(rf"\g<before>\g<quote>{HIDDEN}", value)
        return _RANDOM.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {key: hidden(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(inner) for inner in value]
    return value


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
]


def logging_config(*, level: str) -> dict[str, Any]:
    """Return Django's ``LOGGING`` and configure structlog to go through it."""
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    hide_secrets,
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": SHARED_PROCESSORS,
            },
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # RequestLogMiddleware has a line for each request and each exception; these say the same again.
            "django.request": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "propagate": True},
            "celery": {"level": "WARNING"},
            "granian": {"level": "WARNING"},
            "psycopg.pool": {"level": "ERROR"},  # it repeats every attempt; "database_away" says it once per request
        },
    }
