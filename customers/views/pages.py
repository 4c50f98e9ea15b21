"""The pages of one customer beside its subscriptions: account, administration rights, activity (reference 1.5, 1.9)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import linebreaksbr
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries
from customers.enums import AgreementMethod, Qualification, RelationshipKind
from customers.forms.account import BillToForm, PermissionsForm, QualificationForm
from customers.models import ResellerRelationship
from customers.navigation import first_page, same_page, show_customer
from customers.rules import newer_version
from customers.views.reasons import why_not_ask, why_not_attest
from customers.views.updates import update
from customers.workflow import customers as workflow
from customers.workflow.customers import BillTo
from portal.accounts.access import requires
from portal.accounts.enums import Cloud
from portal.accounts.permissions import Permission
from portal.audit import presentation
from portal.audit.queries import LogFilter, log_page
from portal.core.countries import country_name
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, redirect_to
from portal.core.listing import ListAddress

SWITCH_LIMIT = 8


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def customer(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Lead to the page of the customer that stands first for this role."""
    queries.customer_of(request.actor, customer_id)
    return redirect_to(request, reverse(first_page(request), args=[customer_id]))


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def switch(request: PortalRequest) -> HttpResponse:
    """Offer other customers while typing, each with the page one is on; a plain request leads to the list."""
    text = request.GET.get("q", "").strip()
    if not is_fragment_request(request):
        return redirect_to(request, ListAddress(reverse("customers:list"), {"q": text}).url())
    found = queries.find_customers(request.actor, text, limit=SWITCH_LIMIT) if text else []
    name = same_page(request)
    results = [{"name": row.customer_name, "url": reverse(name, args=[row.customer_id])} for row in found]
    return render(request, "customers/_switch.html", {"text": text, "results": results})


# --- account ---------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.CUSTOMER_VIEW)
def account(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show who the customer is, whom to bill, what it qualifies for and signed, and what it may buy by itself."""
    detail = queries.customer_detail(request.actor, customer_id)
    relationship, actor = detail.relationship, request.actor
    show_customer(request, relationship)
    return render(
        request,
        "customers/account.html",
        {
            "customer": relationship,
            "facts": _facts(relationship),
            "kind": RelationshipKind(relationship.kind).label,
            "profile": detail.profile,
            "qualification": Qualification(relationship.customer.qualification).label,
            "qualification_texts": {"url": reverse("customers:qualification", args=[customer_id])},
            "agreement": detail.agreement if actor.may(Permission.AGREEMENT_VIEW) else None,
            "agreement_method": AgreementMethod(detail.agreement.method).label if detail.agreement else "",
            "newer_version": newer_version(detail.agreement),
            "counterpart": relationship.counterpart,
            "counterpart_kind": _counterpart_kind(relationship),
            "assign_url": f"{reverse('customers:assign_tags')}?selected={customer_id}",
            "delete_page": settings.SANDBOX_DELETE_CUSTOMER_PAGE if actor.is_sandbox else "",
            "permissions_form": PermissionsForm.of(detail.profile),
            "why_not": {
                "tag": actor.why_not(Permission.CUSTOMER_TAG),
                "update": actor.why_not(Permission.CUSTOMER_UPDATE),
                "remove": actor.why_not(Permission.RELATIONSHIP_REMOVE),
                "delete": actor.why_not(Permission.SANDBOX_PLAY),
                "attest": why_not_attest(actor, relationship),
                "ask": why_not_ask(actor, relationship),
                "permissions": actor.why_not(Permission.CUSTOMER_SET_PERMISSIONS),
            },
        },
    )


def _facts(relationship: ResellerRelationship) -> dict[str, str]:
    """Return who the customer is, as text: the template is kept (portal.core.drawing)."""
    organization = relationship.customer.organization
    since = {"at": relationship.created_at, "day": True}
    return {
        "name": relationship.customer_name,
        "id": str(relationship.customer_id),
        "domain": relationship.customer_domain,
        "country": country_name(relationship.customer_country),
        "cloud": str(Cloud(organization.cloud).label),
        "kind": str(RelationshipKind(relationship.kind).label),
        "since": render_to_string("components/timestamp.html", since),
        "address": linebreaksbr(organization.address, autoescape=True),
        "registration_number": relationship.customer.registration_number,
    }


def _counterpart_kind(relationship: ResellerRelationship) -> str:
    is_provider = relationship.kind == RelationshipKind.PROVIDER
    return str((RelationshipKind.RESELLER if is_provider else RelationshipKind.PROVIDER).label)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_UPDATE)
def bill_to(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask whom to bill, and note it."""
    detail = queries.customer_detail(request.actor, customer_id)

    def save(form: Form) -> None:
        workflow.update_bill_to(
            relationship_id=detail.relationship.pk,
            bill_to=BillTo(**form.cleaned_data),
            actor=request.actor,
            now=timezone.now(),
        )

    form = BillToForm(request.POST) if request.method == "POST" else BillToForm.of(detail.profile)
    title = _("Bill-to information")
    return update(request, detail.relationship, form, save, title=title, done=_("Bill-to information saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_UPDATE)
def qualification(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask what the customer qualifies for, and note it."""
    relationship = queries.customer_of(request.actor, customer_id)

    def save(form: Form) -> None:
        workflow.set_qualification(
            relationship_id=relationship.pk,
            qualification=Qualification(form.cleaned_data["qualification"]),
            actor=request.actor,
            now=timezone.now(),
        )

    initial = {"qualification": relationship.customer.qualification}
    form = QualificationForm(request.POST) if request.method == "POST" else QualificationForm(initial=initial)
    title = _("Special qualifications")
    return update(request, relationship, form, save, title=title, done=_("Qualification saved."))


@require_POST
@requires(Permission.CUSTOMER_SET_PERMISSIONS)
def permissions(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Note what the customer may buy by itself."""
    relationship = queries.customer_of(request.actor, customer_id)
    form = PermissionsForm(request.POST)
    form.is_valid()  # two check boxes: nothing can be wrong
    workflow.set_customer_permissions(
        relationship_id=relationship.pk, **form.cleaned_data, actor=request.actor, now=timezone.now()
    )
    messages.success(request, _("Permissions saved."))
    return redirect_to(request, reverse("customers:account", args=[customer_id]))


# --- administration rights, activity ---------------------------------------------------------------------------------
@require_safe
@requires(Permission.CUSTOMER_VIEW)
def admin_relationships(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Say whether the partner may administer the customer's tenant, and since when."""
    relationship = queries.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    return render(request, "customers/admin_relationships.html", {"customer": relationship})


@require_safe
@requires(Permission.ACTIVITY_LOG_VIEW)
def activity(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List what happened with this customer, as far as the partner sees it, newest first."""
    relationship = queries.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    address = ListAddress.read(request, {"cursor": None})
    page = log_page(request.actor, LogFilter(customer=str(customer_id)), cursor=address.get("cursor"))
    reader = presentation.RowReader(request.actor)
    context: dict[str, Any] = {
        "customer": relationship,
        "rows": [reader.row(party) for party in page],
        "pager": address.pager(page),
        "log_url": f"{reverse('audit:log')}?history=all&customer={customer_id}",
    }
    return page_or_fragment(
        request, page="customers/activity.html", fragment="customers/_activity.html", context=context
    )
