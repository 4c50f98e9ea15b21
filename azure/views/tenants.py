"""Making a customer the partner's own tenant for shared services (section 9.7)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from azure.queries.dates import buyer_of
from azure.rules.tenants import check_can_keep
from azure.workflow.tenants import keep_tenant
from customers.navigation import show_customer
from customers.queries import customer_of
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, redirect_to


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def keep(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask, and make the customer the own tenant."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    now, products_url = timezone.now(), reverse("azure:products", args=[customer_id])
    refusal: Refusal | None = None
    try:
        if request.method == "POST":
            keep_tenant(customer_id=customer_id, actor=request.actor, now=now)
            messages.success(request, _("This is your tenant for shared services now."))
            return redirect_to(request, products_url)
        check_can_keep(buyer_of(request.actor.organization_id, customer_id, today=now.date()))
    except Refusal as refused:
        refusal = refused
    context = {
        "customer": relationship,
        "refusal": refusal,
        "products_url": products_url,
        "consequences": [
            _("Azure partner shared services (MS-AZR-0159P) can be ordered here, and nothing else of Azure."),
            _("It is for your company's own use. This cannot be undone."),
        ],
    }
    status = refusal.http_status if refusal and request.method == "POST" else 200
    return render(request, "azure/keep_tenant.html", context, status=status)
