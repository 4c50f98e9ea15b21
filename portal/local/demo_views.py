"""One-click sign-in as any person of the demo world. Mounted in a demo installation only, and 404 anywhere else."""

from itertools import groupby
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.access import public
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLE_SUMMARIES
from portal.core.countries import country_name
from portal.core.http import page_or_fragment
from portal.local.demo import accounts

METHOD = "demo"  # how the log says that the person signed in


@require_safe
@public("the demo world is open to everybody who can reach it; it holds invented people only")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show everybody one can sign in as, by organization."""
    _check_demo()
    text = request.GET.get("q", "").strip()[:100]
    context = {"groups": _groups(accounts.matching(text)), "text": text}
    return page_or_fragment(request, page="demo/sign_in.html", fragment="demo/_people.html", context=context)


@require_POST
@public("the demo world is open to everybody who can reach it; it holds invented people only")
def sign_in_as(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Sign in as one person for one organization, the second factor counted as done."""
    _check_demo()
    membership = next((one for one in accounts.memberships() if one.pk == membership_id), None)
    if membership is None:
        raise Http404
    adapter = get_adapter()
    if request.user.is_authenticated:
        adapter.logout(request)
    record_authentication(request, membership.user, method=METHOD)
    membership.user.backend = settings.AUTHENTICATION_BACKENDS[0]  # type: ignore[attr-defined]
    adapter.login(request, membership.user)
    request.session["organization_id"] = str(membership.organization_id)
    return redirect(settings.LOGIN_REDIRECT_URL)


def _check_demo() -> None:
    if not settings.DEMO:
        raise Http404


def _groups(memberships: list[Membership]) -> list[dict[str, Any]]:
    return [
        {
            "id": organization.pk,
            "name": organization.name,
            "facts": _facts(organization),
            "people": [_person(membership) for membership in members],
        }
        for organization, members in groupby(memberships, key=lambda membership: membership.organization)
    ]


def _facts(organization: Any) -> list[str]:
    facts = [str(OrganizationKind(organization.kind).label), country_name(organization.country)]
    if organization.cloud != Cloud.PUBLIC:
        facts.append(str(Cloud(organization.cloud).label))
    if organization.is_sandbox:
        facts.append(_("Sandbox"))
    return facts


def _person(membership: Membership) -> dict[str, Any]:
    return {
        "membership_id": membership.pk,
        "name": membership.user.name,
        "email": membership.user.email,
        "language": _language(membership.user.language),
        "roles": membership.role_labels,
        "summary": " ".join(str(ROLE_SUMMARIES[role]) for role in Role if role in membership.roles),
    }


def _language(code: str) -> str:
    return str(dict(settings.LANGUAGES).get(code, code))
