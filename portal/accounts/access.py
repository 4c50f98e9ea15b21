"""Who may open a view. Every view says so; a view that does not is refused at run time and fails the build.

``@requires(Permission.X)`` guards a view and marks it, ``@signed_in("reason")`` opens it to everyone signed in,
``@public("reason")`` to all. Views of libraries are named in THIRD_PARTY_VIEWS.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.actor import Actor, denied
from portal.accounts.permissions import Permission
from portal.accounts.sign_in import fresh
from portal.accounts.sign_in.sessions import UNSAVED
from portal.core.errors import Refusal
from portal.core.http import redirect_to, way_back

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Row = TypeVar("Row")


class NoMembership(Refusal):
    """The person is signed in but belongs to no organisation, or to none any more."""

    code = "no-membership"
    http_status = 403

    def __init__(self) -> None:
        super().__init__(
            _("You do not belong to any organization at the moment."),
            who=_("An account admin of your organization can invite you, or reactivate you."),
            next_step=_("You can still change your profile and your sign-in, in the menu behind your initials."),
        )


@dataclass(frozen=True)
class Access:
    """The mark on a view: a permission, or the reason why none is needed."""

    permission: Permission | None = None
    reason: str = ""
    public: bool = False
    without_organization: bool = False  # open to people who belong to no organisation, too


def requires(permission: Permission) -> Callable[[View], View]:
    """Open the view only to those whose role has the permission."""
    return _guard(Access(permission=permission))


def signed_in(reason: str, *, without_organization: bool = False) -> Callable[[View], View]:
    """Open the view to everyone signed in; ``reason`` says why no permission is needed.

    ``without_organization``: also to people who belong to none; ``request.actor`` is then ``None``.
    """
    return _guard(Access(reason=reason, without_organization=without_organization))


def public(reason: str) -> Callable[[View], View]:
    """Open the view to all; ``reason`` says why."""

    def mark(view: View) -> View:
        view.access = Access(reason=reason, public=True)  # type: ignore[attr-defined]
        return view

    return mark


def fresh_sign_in(view: View) -> View:
    """Ask for a fresh sign-in (five minutes) before a sensitive step (quality row 18), then go on with that step."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_response(request)
        return view(request, *args, **kwargs) if fresh.is_fresh(request) else fresh.ask(request)

    guarded.asks_for_fresh_sign_in = True  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def _guard(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            refused = check_access(request, access)
            return refused if refused is not None else view(request, *args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return mark


def check_access(request: HttpRequest, access: Access) -> HttpResponse | None:
    """Return the way to sign-in for strangers. Raises: PermissionDenied, NoMembership."""
    if access.public:
        return None
    if not request.user.is_authenticated:
        return sign_in_response(request)
    actor: Actor | None = request.actor  # type: ignore[attr-defined]
    if actor is None and not access.without_organization:
        raise NoMembership
    if access.permission is not None and actor is not None:
        actor.require(access.permission)
    return None


def while_allowed(actor: Actor, permission: Permission, rows: Iterable[Row], *, every: int) -> Iterator[Row]:
    """Hand on the rows of a running export as long as the actor has the right, asked anew after ``every`` rows.

    Raises: PermissionDenied.
    """
    for number, row in enumerate(rows):
        if number and number % every == 0 and not queries.still_may(actor, permission):
            raise denied(permission, kind=actor.organization_kind)
        yield row


def sign_in_response(request: HttpRequest) -> HttpResponse:
    """Redirect to sign-in and back to the page; for htmx by HX-Redirect, so that no sign-in page lands inside a panel.

    Who sent a form is told that it was not saved; it is not kept, because somebody else may sign in.
    """
    url = redirect_to_login(way_back(request), resolve_url(settings.LOGIN_URL)).url
    return redirect_to(request, url if request.method in ("GET", "HEAD") else f"{url}&{UNSAVED}=1")


# Views of libraries cannot carry our mark, so their URL names stand here. A name missing here is refused.
THIRD_PARTY_VIEWS: dict[str, Access] = dict.fromkeys(
    ("account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn"),
    Access(reason="part of signing in and out", public=True),
)


def access_of(view: Callable[..., Any], view_name: str | None) -> Access | None:
    """Return the mark of a view, wherever it stands; ``None`` means nobody decided, so nobody may.

    ``view_name`` is the URL's name with its namespaces. Only django-allauth's own views count by name: a view of ours
    that happened to take one of those names would otherwise slip through.
    """
    own: Access | None = getattr(view, "access", None)
    if own is not None or not getattr(view, "__module__", "").startswith("allauth."):
        return own
    return THIRD_PARTY_VIEWS.get(view_name or "")
