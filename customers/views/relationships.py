"""Remove the relationship with a customer: what stands in the way, what it means, and then the list (R11, 4.9)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers import queries, rules
from customers.enums import RelationshipKind
from customers.models import ResellerRelationship
from customers.navigation import show_customer
from customers.workflow import relationships as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RELATIONSHIP_REMOVE)
def remove_relationship(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List what must end first; when nothing must, name the consequences, ask, and remove."""
    relationship = queries.customer_of(request.actor, customer_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.remove_relationship(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
        except rules.RelationshipInUse as refused:  # the page lists what is in the way
            refusal = refused
        else:
            removed = _("The reseller relationship with %(customer)s is removed.")
            messages.success(request, removed % {"customer": relationship.customer_name})
            return redirect_to(request, reverse("customers:list"))
    show_customer(request, relationship)
    return page_or_fragment(
        request,
        page="customers/remove_relationship.html",
        fragment="customers/_remove_relationship_dialog.html",
        context={
            "customer": relationship,
            "blockers": rules.removal_blockers(relationship),
            "consequences": _consequences(relationship),
            "account_url": reverse("customers:account", args=[customer_id]),
        },
        status=refusal.http_status if refusal else 200,
    )


def _consequences(relationship: ResellerRelationship) -> list[str]:
    """Say what the removal does (section 4.9, "Effects")."""
    said = [
        _("The customer leaves your list, and you can buy nothing more for it."),
        _("You are no longer a support contact of the customer."),
    ]
    if relationship.has_admin_rights:
        said.append(_("You lose the administration rights in the customer's tenant."))
    if relationship.kind == RelationshipKind.PROVIDER and relationship.counterpart:
        both = _("The relationship of your reseller %(reseller)s with this customer ends as well.")
        said.append(both % {"reseller": relationship.counterpart.organization.name})
    if relationship.kind == RelationshipKind.RESELLER and relationship.counterpart:
        stays = _("Your indirect provider %(provider)s keeps its relationship with this customer.")
        said.append(stays % {"provider": relationship.counterpart.organization.name})
    said.append(_("The portal sends the customer no mail: give the notices that your contract with it asks for."))
    said.append(_("To undo this, request a new relationship. The customer must accept it."))
    return said
