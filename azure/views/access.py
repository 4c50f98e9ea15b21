"""Who has access to a customer's Azure subscriptions; access is given and taken here (A4, A5; section 9.5)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from azure.enums import ADMIN_AGENTS_GROUP, AccessRole, PrincipalKind
from azure.forms.access import TYPED, GiveAccessForm
from azure.models import RoleAssignment
from azure.queries import access as queries
from azure.queries import principals
from azure.rules import access as rules
from azure.rules.access import Access
from azure.workflow import access as workflow
from customers.enums import ProductFamily
from customers.models import ResellerRelationship, Subscription
from customers.navigation import show_customer
from customers.queries import customer_of
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, explanation_of
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page

TONES = {AccessRole.OWNER: "warning", AccessRole.CONTRIBUTOR: "info", AccessRole.READER: "neutral"}
HISTORY = 20  # ended assignments that a page shows
LONGEST_SEARCH = 100


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def customer_access(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List a customer's Azure subscriptions with who has access to each."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    return _list(request, customer_id, relationship.customer_name)


@require_safe
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_access(request: PortalRequest) -> HttpResponse:
    """Show the people of a customer who has access to their Azure subscriptions."""
    return _list(request, request.actor.organization_id, "")


def _list(request: PortalRequest, customer_id: UUID, customer_name: str) -> HttpResponse:
    address = ListAddress.read(request, {"cursor": None})
    found = queries.azure_subscriptions_of(request.actor, customer_id)
    page = keyset_page(found, order=queries.ACCESS_ORDER, cursor=address.get("cursor"))
    accesses = queries.accesses_to([row.entitlement for row in page])
    return page_or_fragment(
        request,
        page="azure/access_list.html",
        fragment="azure/_access_list.html",
        context={
            "customer_name": customer_name,
            "customer_id": customer_id,
            "rows": [_summary(access) for access in accesses],
            "pager": address.pager(page),
        },
    )


def _summary(access: Access) -> dict[str, Any]:
    """Lay out a subscription with the companies that have access to it."""
    return {
        "name": access.subscription.friendly_name,
        "url": reverse("azure:access", args=[access.subscription.pk]),
        "owner": access.owner.name,
        "names": sorted({row.organization.name for row in access.assignments}),
        "count": len(access.assignments),
        "former": [organization.name for organization in access.former_partners],
        "owner_has_none": access.owner_has_none,
    }


@require_safe
@requires(Permission.AZURE_ACCESS_VIEW)
def access(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show who has access to an Azure subscription, and what is to be done after a transfer."""
    found = _access(request, subscription_id)
    reason = _why_not(request, found)
    gone = principals.gone(found.assignments)
    context = _frame(request, found) | {
        "rows": [_row(row, found, reason, gone) for row in found.assignments],
        "ended": [_ended(row) for row in queries.ended_assignments(found.subscription.entitlement)[:HISTORY]],
        "owner": found.owner,
        "former": found.former_partners,
        "owner_has_none": found.owner_has_none,
        "is_own": found.owner.pk == request.actor.organization_id,
        "credit": _credit(found) if found.owner.pk == request.actor.organization_id else "",
        "give_url": reverse("azure:give_access", args=[subscription_id]),
        "reason": reason,
    }
    return page_or_fragment(request, page="azure/access.html", fragment="azure/_access.html", context=context)


def _access(request: PortalRequest, subscription_id: UUID) -> Access:
    """Return what the address names. Raises: Http404."""
    try:
        return queries.access_of(request.actor, subscription_id)
    except Subscription.DoesNotExist as error:
        raise Http404 from error


def _frame(request: PortalRequest, found: Access) -> dict[str, Any]:
    """Return what the pages of one subscription share: its name, and the way up."""
    subscription, actor = found.subscription, request.actor
    is_customer = actor.organization_id == subscription.customer_id
    relationship = None
    if not is_customer:
        own = ResellerRelationship.objects.visible_to(actor).active().filter(customer_id=subscription.customer_id)
        relationship = own.first()
    if relationship is not None:
        show_customer(request, relationship)
    return {
        "name": subscription.friendly_name,
        "entitlement": subscription.entitlement,
        "customer_name": subscription.customer.organization.name,
        "customer_id": subscription.customer_id if relationship else None,
        "is_customer": is_customer,
    }


def _why_not(request: PortalRequest, found: Access) -> str:
    """Return why the actor can neither give nor take access; nothing if it can (X5)."""
    return explanation_of(rules.check_may_manage, found, actor=request.actor)


def _row(row: RoleAssignment, found: Access, reason: str, gone: Collection[UUID]) -> dict[str, Any]:
    return _facts(row) | {
        "gone": row.pk in gone,
        "given_at": row.given_at,
        "given_by": row.given_by_name or _("Came with the subscription"),
        "is_former": row.organization in found.former_partners,
        "reason": reason or _why_not_take(row, found),
        "take_url": reverse("azure:take_access", args=[found.subscription.pk, row.pk]),
    }


def _credit(found: Access) -> str:
    """Say whether usage of today earns the billing owner credit, and by whose role."""
    if found.subscription.product_family != ProductFamily.AZURE_SUBSCRIPTION:
        return _("Not earned: only usage under an Azure plan earns it.")
    rows = found.earns_with(timezone.now().date())
    whole = [row for row in rows if not row.service]
    if whole:
        return _("Earned: %(name)s of %(organization)s is %(role)s.") % {
            "name": whole[0].principal_name,
            "organization": whole[0].organization.name,
            "role": whole[0].get_role_display(),
        }
    if rows:
        services = ", ".join(sorted({row.service for row in rows}))
        return _("Earned only for: %(services)s.") % {"services": services}
    return _("Not earned: nobody of your company or its reseller is Owner or Contributor.")


def _why_not_take(row: RoleAssignment, found: Access) -> str:
    return explanation_of(rules.check_not_last_owner, found, row)


def _ended(row: RoleAssignment) -> dict[str, Any]:
    return _facts(row) | {"removed_at": row.removed_at, "removed_by": row.removed_by_name}


def _facts(row: RoleAssignment) -> dict[str, Any]:
    role = AccessRole(row.role)
    return {
        "id": row.pk,
        "name": row.shown_name,
        "is_group": row.principal_kind == PrincipalKind.GROUP,
        "kind": PrincipalKind(row.principal_kind).label,
        "organization": row.organization.name,
        "role": role.label,
        "tone": TONES[role],
        "service": row.service,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.AZURE_ACCESS_MANAGE)
def give_access(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Ask whom to give which role, and give it."""
    found = _access(request, subscription_id)
    rules.check_may_manage(found, actor=request.actor)
    actor = request.actor
    form = GiveAccessForm(
        posted(request),
        organizations=rules.choices(found, actor=actor),
        find=lambda key: principals.principal_of(found, actor=actor, key=key),
        initial=_initial(request),
    )
    refusal: Refusal | None = None
    is_search = "find" in request.POST
    if request.method == "POST" and not is_search and form.is_valid():
        try:
            workflow.give_access(
                entitlement_id=found.subscription.entitlement, grant=form.grant(), actor=actor, now=timezone.now()
            )
        except InvalidInput as invalid:
            form.add_error(invalid.field, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("Access is given."))
            return redirect_to(request, reverse("azure:access", args=[subscription_id]))
    status = 200 if is_search else 422 if form.errors else refusal.http_status if refusal else 200
    context = _frame(request, found) | _picker(request, found, form, is_search=is_search)
    return page_or_fragment(
        request,
        page="azure/give_access.html",
        fragment="azure/_give_access_panel.html",
        context=context | {"refusal": refusal, "give_url": request.path, "back_url": _back(subscription_id)},
        status=status,
    )


def _initial(request: PortalRequest) -> dict[str, str]:
    """Return what a link may have chosen before: the admin agents of a company."""
    organization = request.GET.get("organization", "")
    key = principals.built_in_key(organization, ADMIN_AGENTS_GROUP)
    return {"organization": organization, "principal": key} if organization else {}


def _picker(request: PortalRequest, found: Access, form: GiveAccessForm, *, is_search: bool) -> dict[str, Any]:
    """Lay out whom one can choose; what is marked stays in sight whatever is searched for."""
    text = request.POST.get("q", "").strip()[:LONGEST_SEARCH]
    marked = form.wanted
    companies = principals.companies(found, actor=request.actor, text=text)
    shown = {one.key for company in companies for one in (*company.groups, *company.people)}
    kept = principals.principal_of(found, actor=request.actor, key=marked) if marked not in shown else None
    return {
        "form": form,
        "shows_errors": not is_search,
        "companies": companies,
        "text": text,
        "marked": marked,
        "kept": kept,
        "typed": TYPED,
        "has_hits": bool(shown),
    }


def _back(subscription_id: UUID) -> str:
    return reverse("azure:access", args=[subscription_id])


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.AZURE_ACCESS_MANAGE)
def take_access(request: PortalRequest, subscription_id: UUID, assignment_id: UUID) -> HttpResponse:
    """Ask whether to take a role away, and do it."""
    found = _access(request, subscription_id)
    row = next((one for one in found.assignments if one.pk == assignment_id), None)
    if row is None:
        raise Http404
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.take_access(
                entitlement_id=row.entitlement_id, assignment_id=row.pk, actor=request.actor, now=timezone.now()
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The role is taken away."))
            return redirect_to(request, _back(subscription_id))
    context = _frame(request, found) | {
        "row": _facts(row),
        "is_self": row.organization_id == request.actor.organization_id,
        "ends_credit": _ends_credit(found, row, request),
        "refusal": refusal,
        "back_url": _back(subscription_id),
        "take_url": request.path,
    }
    return page_or_fragment(
        request,
        page="azure/take_access.html",
        fragment="azure/_take_access_dialog.html",
        context=context,
        status=refusal.http_status if refusal else 200,
    )


def _ends_credit(found: Access, row: RoleAssignment, request: PortalRequest) -> bool:
    """Say whether the partner that reads this earns no credit any more without the role."""
    earning = found.earns_with(timezone.now().date())
    return found.owner.pk == request.actor.organization_id and row in earning and len(earning) == 1
