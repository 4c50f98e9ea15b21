"""A customer's own page: who its partners are, what they may do, and what was signed (R2, R6, R10)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers import queries
from customers.enums import RelationshipKind, RelationshipStatus
from customers.forms.entrance import AcceptForm
from customers.rules import current_agreement_version
from customers.workflow import relationships as workflow
from customers.workflow.agreements import accept_agreement
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted


@require_safe
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_partners(request: PortalRequest) -> HttpResponse:
    """List the relationships and agreements of the signed-in customer."""
    agreements = queries.agreements_of_customer(request.actor)
    version = current_agreement_version()
    context = {
        "relationships": queries.partners_of_customer(request.actor),
        "agreements": agreements,
        "version": version,
        "up_to_date": {agreement.partner_id for agreement in agreements if agreement.version == version},
    }
    return render(request, "customers/my_partners.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def take_back_rights(request: PortalRequest, relationship_id: UUID) -> HttpResponse:
    """Ask whether to end a partner's administration rights, and do it."""
    relationship = queries.partner_of_customer(request.actor, relationship_id)
    if relationship is None:
        raise Http404
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.take_back_admin_rights(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The administration rights are taken back. The relationship stays."))
            return redirect("customers:my_partners")
    return page_or_fragment(
        request,
        page="customers/take_back_rights.html",
        fragment="customers/_take_back_rights_dialog.html",
        context={"relationship": relationship, "refusal": refusal},
        status=refusal.http_status if refusal else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def agreement(request: PortalRequest, relationship_id: UUID) -> HttpResponse:
    """Show the customer agreement, and record that the customer accepts it with this partner (R7)."""
    relationship = queries.partner_of_customer(request.actor, relationship_id)
    is_billing = relationship is not None and relationship.kind != RelationshipKind.RESELLER
    if relationship is None or not is_billing or relationship.status != RelationshipStatus.ACTIVE:
        raise Http404
    form = AcceptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        accept_agreement(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("The customer agreement is accepted."))
        return redirect("customers:my_partners")
    version = current_agreement_version()
    context = {
        "relationship": relationship,
        "form": form,
        "agreement_version": version,
        "agreement_template": f"agreements/customer/{version}.html",
    }
    return render(request, "customers/accept_agreement.html", context, status=422 if form.errors else 200)
