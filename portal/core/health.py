"""/healthz, /readyz and /metrics: for load balancers and monitoring. ProbeMiddleware answers them early."""

import time
from collections.abc import Callable
from hmac import compare_digest
from ipaddress import ip_address

import redis
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from portal.accounts.access import public
from portal.core import metrics
from portal.core.tasks import WORKER_HEARTBEAT


@require_safe
@public("load balancers ask without signing in; the answer holds no data")
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@public("load balancers ask without signing in; the answer holds no data")
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and a live worker are there, else 503 naming what is not."""
    broker = _broker()
    worker = _worker() if broker == "ok" else "unknown"
    found = {"database": _database(), "broker": broker, "worker": worker}
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _broker() -> str:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "unreachable"
    return "ok"


def _worker() -> str:
    beat = caches["redis"].get(WORKER_HEARTBEAT)
    alive = beat is not None and time.time() - beat < settings.READY_WORKER_SECONDS
    return "ok" if alive else "no sign of life"


@require_safe
@public("monitoring asks from loopback or with a token; anyone else gets 404")
def metrics_text(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus text to loopback or to the bearer of METRICS_TOKEN."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    allowed = bool(settings.METRICS_TOKEN) and compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    if not allowed and not _from_loopback(request):
        raise Http404
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _from_loopback(request: HttpRequest) -> bool:
    """Say whether the caller itself is on this machine; a forwarded request never is."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics_text,
}
