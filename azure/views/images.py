"""What can be deployed in an Azure subscription, and why not the rest (A11)."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from azure.images import IMAGES, Image
from azure.queries.subscriptions import subscription_of
from azure.rules.images import HOSTS, check_can_deploy
from customers.models import Subscription
from customers.questions import show_its_customer
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import refusal_of
from portal.core.http import PortalRequest


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def images(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """List images of publishers with what the rules say of each."""
    row = subscription_of(request.actor, subscription_id)
    if row.product_family not in HOSTS:
        raise Http404
    relationship = show_its_customer(request, row.customer_id)
    context = {
        "customer": relationship,
        "customer_name": row.customer.organization.name,
        "name": row.friendly_name,
        "detail_url": reverse("azure:subscription", args=[row.pk]),
        "rows": [_image(image, row) for image in IMAGES],
    }
    return render(request, "azure/images.html", context)


def _image(image: Image, row: Subscription) -> dict[str, Any]:
    refusal = refusal_of(check_can_deploy, image.kind, row)
    return {
        "name": image.name,
        "publisher": image.publisher,
        "kind": image.kind.label,
        "refusal": refusal,
    }
