"""Logging as JSON lines on standard output, one request id from page to task to mail."""

import re
from typing import Any

import structlog

_TOKEN_IN_PATH = re.compile(r"(?P<before>/(?:key|accept|invitation|join)/)[^/\s\"]{16,}")


def hide_tokens(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Cut tokens out of logged paths: a unique link must never stand in a log (quality row 21)."""
    for key, value in event.items():
        if isinstance(value, str) and "/" in value:
            event[key] = _TOKEN_IN_PATH.sub(r"\g<before>[hidden]", value)
    return event


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    hide_tokens,
]


def logging_config(*, level: str) -> dict[str, Any]:
    """Return Django's ``LOGGING`` and configure structlog to go through it."""
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
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
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": [*SHARED_PROCESSORS, structlog.processors.format_exc_info],
            },
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"handlers": [], "propagate": True},
            "celery": {"level": "WARNING"},
            "granian": {"level": "WARNING"},
        },
    }
