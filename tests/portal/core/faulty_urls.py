"""The portal's pages, and some that go wrong in every way."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_POST

from portal.accounts.access import public
from portal.core.errors import InvalidInput, Refusal
from portal.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401

ERRORS = {
    "bug": ValueError("a bug with canary-in-the-message"),
    "away": OperationalError("connection refused"),
    "closed": InterfaceError("connection already closed"),
    "query": ProgrammingError("no such column"),
    "forbidden": PermissionDenied(),
    "suspicious": SuspiciousOperation("odd"),
    "refused": Refusal("Not today.", who="Nobody", next_step="Come back tomorrow."),
    "invalid": InvalidInput("Too many.", field="quantity"),
}


@public("a test")
def raises(request, kind):
    raise ERRORS[kind]


@require_POST
@public("a test")
def takes_forms(request):
    return HttpResponse(f"{len(request.POST)} fields, {len(request.FILES)} files")


@public("a test")
def fine(request):
    return HttpResponse("<p>fine</p>")


def unmarked(request):
    return HttpResponse("nobody decided who may see this")


urlpatterns = [
    *urlpatterns,
    path("raises/<str:kind>/", raises),
    path("takes-forms/", takes_forms),
    path("fine/", fine),
    path("unmarked/", unmarked),
]
