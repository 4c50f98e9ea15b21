"""One form of a customer's account page: shown in the side panel or as a page of its own, saved, and back."""

from collections.abc import Callable

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse

from customers.models import ResellerRelationship
from customers.navigation import show_customer
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


def update(
    request: PortalRequest,
    relationship: ResellerRelationship,
    form: Form,
    save: Callable[[Form], None],
    *,
    title: str,
    done: str,
) -> HttpResponse:
    """Show the form; save what was sent, or say at the form why it was not."""
    account_url = reverse("customers:account", args=[relationship.customer_id])
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            save(form)
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, done)
            return redirect_to(request, account_url)
    show_customer(request, relationship)
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return page_or_fragment(
        request,
        page="customers/update.html",
        fragment="customers/_update_panel.html",
        context={
            "customer": relationship,
            "form": form,
            "title": title,
            "account_url": account_url,
            "refusal": refusal,
        },
        status=status,
    )
