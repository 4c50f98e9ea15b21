"""Delete a customer of the sandbox, after its name was typed (P8)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers import queries as customer_queries
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.audit.field_names import FIELD_NAMES
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, posted
from sandbox import queries
from sandbox.forms import DeleteCustomerForm
from sandbox.workflow import customers as workflow
from sandbox.workflow import plays
from sandbox.workflow.reset import contents_of


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SANDBOX_PLAY)
def delete_customer(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Name what is lost, ask for the customer's name, and delete the customer."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    plays.check(request.actor)
    form = DeleteCustomerForm(posted(request), name=relationship.customer_name)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.delete_customer(customer_id=customer_id, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            done = _("%(customer)s is deleted from the sandbox.")
            messages.success(request, done % {"customer": relationship.customer_name})
            return redirect("customers:list")
    counts = contents_of(workflow.lost_with(customer_id, request.actor)).counts
    context = {
        "form": form,
        "refusal": refusal,
        "relationship": relationship,
        "lost": [(FIELD_NAMES[name], count) for name, count in counts.items() if count and name != "customers"],
        "others": [one.name for one in queries.others_with(customer_id, request.actor)],
    }
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "sandbox/delete_customer.html", context, status=status)
