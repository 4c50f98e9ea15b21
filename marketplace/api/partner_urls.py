"""Addresses of the partner API that speak of the marketplace (API reference, sections 4.6 and 5)."""

from django.urls import path

from marketplace.api import activation, wishes
from portal.api.access import endpoint

app_name = "marketplace_partner_api"
SUBSCRIPTION = "customers/<guid:customer_id>/subscriptions/<guid:subscription_id>"
ORDER = "customers/<guid:customer_id>/orders/<str:order_id>"

urlpatterns = [
    path(f"{SUBSCRIPTION}/activationlinks", endpoint(GET=activation.links_of_subscription), name="activation_links"),
    path(f"{ORDER}/activationlinks", endpoint(GET=activation.links_of_order), name="order_activation_links"),
    path(
        f"{ORDER}/lineitems/<str:number>/activationlinks",
        endpoint(GET=activation.links_of_line),
        name="line_activation_links",
    ),
    path(f"{SUBSCRIPTION}/wishes", endpoint(POST=wishes.ask), name="wishes"),
    path(f"{SUBSCRIPTION}/activate", endpoint(POST=activation.activate), name="activate"),
]
