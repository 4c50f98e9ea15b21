"""The same MS-RequestId gets the same answer: executed once, however often and from wherever it is sent (P4)."""

import datetime
import hashlib
from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from portal.api.caller import Caller
from portal.api.errors import JSON, RequestIdReused, RequestInProgress
from portal.api.models import StoredAnswer
from portal.core import sealing

HEADER = "MS-RequestId"
LONGEST_ID = 64
KEPT = datetime.timedelta(hours=settings.API_ANSWER_HOURS)
ABANDONED = datetime.timedelta(minutes=5)  # a first attempt still without answer died with its process
STORED_HEADERS = ("Location", "ETag", "Content-Type")
NOT_STORED = frozenset({408, 409, 429})  # "try again" is no answer


def once(
    request: HttpRequest, caller: Caller, execute: Callable[[], HttpResponse], *, now: datetime.datetime
) -> HttpResponse:
    """Execute a request that changes something, or return the answer it got before.

    Raises: RequestIdReused, RequestInProgress.
    """
    request_id = request.headers.get(HEADER, "").strip().lower()
    if not request_id or len(request_id) > LONGEST_ID:
        return execute()
    row, is_first = _claim(request_id, _fingerprint(request), caller, now=now)
    if not is_first:
        return _again(row)
    try:
        with transaction.atomic():  # the change and its answer stand together, or neither does
            response = execute()
            _keep(row, response)
    except BaseException:
        StoredAnswer.objects.filter(pk=row.pk).delete()  # a fault is no answer: the client may try again
        raise
    return response


def sweep(now: datetime.datetime) -> int:
    """Delete answers kept long enough; return how many."""
    deleted, _by_model = StoredAnswer.objects.filter(created_at__lt=now - KEPT).delete()
    return deleted


def _claim(request_id: str, fingerprint: str, caller: Caller, *, now: datetime.datetime) -> tuple[StoredAnswer, bool]:
    """Return the row of the id, and whether it was made just now. The unique constraint decides between two at once."""
    key = {"organization_id": caller.tenant_id, "app_id": caller.app_id, "request_id": request_id}
    kept = StoredAnswer.objects.filter(**key)
    kept.filter(created_at__lt=now - KEPT).delete()
    kept.filter(http_status=None, created_at__lt=now - ABANDONED).delete()
    try:
        with transaction.atomic():
            return StoredAnswer.objects.create(**key, fingerprint=fingerprint, created_at=now), True
    except IntegrityError:
        row = kept.first()
    if row is None or (row.http_status is None and row.fingerprint == fingerprint):
        raise RequestInProgress
    if row.fingerprint != fingerprint:
        raise RequestIdReused
    return row, False


def _again(row: StoredAnswer) -> HttpResponse:
    body, kind = sealing.unseal(bytes(row.body)), row.headers.get("Content-Type", JSON)
    response = HttpResponse(body, status=row.http_status, content_type=kind)
    for name, value in row.headers.items():
        response.headers[name] = value
    return response


def _keep(row: StoredAnswer, response: HttpResponse) -> None:
    if response.status_code >= 500 or response.status_code in NOT_STORED:
        StoredAnswer.objects.filter(pk=row.pk).delete()
        return
    row.http_status = response.status_code
    row.body = sealing.seal(response.content)  # it may hold a first password
    row.headers = {name: response.headers[name] for name in STORED_HEADERS if name in response.headers}
    row.save(update_fields=["http_status", "body", "headers"])


def _fingerprint(request: HttpRequest) -> str:
    """Return what makes two requests the same: method, address and body."""
    parts = (str(request.method).encode(), request.get_full_path().encode(), request.body)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
