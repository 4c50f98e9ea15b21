"""Request and response types, and the one way to answer a page, a fragment or a refusal."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.datastructures import MultiValueDict
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from portal.core.errors import Refusal

if TYPE_CHECKING:
    from portal.accounts.actor import Actor
    from portal.accounts.models import Membership, User

View = TypeVar("View", bound=Callable[..., HttpResponse])


class PortalRequest(HttpRequest):
    """An HttpRequest as the middleware leaves it, for the type checker."""

    htmx: HtmxDetails
    user: "User"
    actor: "Actor"
    memberships: "list[Membership]"
    organization_id: UUID | None
    open_actions: int  # of the actor, where a page has counted them


def is_fragment_request(request: HttpRequest) -> bool:
    """Say whether htmx asks for a fragment: an htmx request that is neither boosted nor restoring history."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def takes_upload(view: View) -> View:
    """Let the view take a file up to UPLOAD_MAX_BYTES; all others end at REQUEST_MAX_BYTES."""
    view.takes_upload = "UPLOAD_MAX_BYTES"  # type: ignore[attr-defined]
    return view


def takes_long_upload(view: View) -> View:
    """Let the view take a file up to LONG_UPLOAD_MAX_BYTES from those who may open it."""
    view.takes_upload = "LONG_UPLOAD_MAX_BYTES"  # type: ignore[attr-defined]
    return view


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with, for ``Form(posted(request))``; ``None`` while it is only shown.

    Not ``request.POST or None``: a form sent with nothing in it counts as sent.
    """
    return request.POST if request.method == "POST" else None


def posted_files(request: HttpRequest) -> MultiValueDict[str, UploadedFile] | None:
    """Return the files beside it, for ``Form(posted(request), posted_files(request))``; ``None`` while it is shown."""
    return request.FILES if request.method == "POST" else None


def page_or_fragment(
    request: HttpRequest, *, page: str, fragment: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """Render the fragment for htmx and the page, which includes that fragment, for everybody else."""
    template = fragment if is_fragment_request(request) else page
    response = render(request, template, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to ``url``, by HX-Redirect when htmx asked."""
    if is_fragment_request(request):
        return HttpResponseClientRedirect(url)
    return HttpResponseRedirect(url)


def way_back(request: HttpRequest) -> str:
    """Return the address of the page one is on: of a fragment or a form that is the page it stands in."""
    if is_fragment_request(request):
        return str(request.htmx.current_url_abs_path or "/")  # type: ignore[attr-defined]
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    origin = f"{request.scheme}://{request.get_host()}"
    return referer.removeprefix(origin) if referer.startswith(f"{origin}/") else "/"


def refusal_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer an uncaught refusal as a message fragment for htmx, as a page in the shell otherwise."""
    response = page_or_fragment(
        request,
        page="errors/refusal.html",
        fragment="errors/_refusal.html",
        context={"refusal": refusal},
        status=refusal.http_status,
    )
    if is_fragment_request(request):
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def absolute_url(base_url: str, name: str, *args: object) -> str:
    """Return the absolute address of a page, for mails and messages."""
    return base_url + reverse(name, args=args)
