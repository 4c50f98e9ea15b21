"""Addresses of the API below /v1 that speak of customers."""

from django.urls import URLPattern, path

from customers.api import (
    agreements,
    carts,
    changes,
    customers,
    orders,
    partnerships,
    products,
    profiles,
    relationships,
    requests,
    saved_views,
    subscriptions,
    tags,
)
from portal.api.access import endpoint

app_name = "customers_api"
ONE = "customers/<guid:customer_id>"
SUBSCRIPTION = f"{ONE}/subscriptions/<guid:subscription_id>"

PRODUCT, SKU = "products/<str:product>", "products/<str:product>/skus/<str:sku>"
AVAILABILITY = f"{SKU}/availabilities/<str:availability>"


def _products(prefix: str, name: str) -> list[URLPattern]:
    """The catalog, of a country or of a customer."""
    return [
        path(f"{prefix}products", endpoint(GET=products.list_products), name=f"{name}products"),
        path(f"{prefix}{PRODUCT}", endpoint(GET=products.get_product), name=f"{name}product"),
        path(f"{prefix}{PRODUCT}/skus", endpoint(GET=products.list_skus), name=f"{name}skus"),
        path(f"{prefix}{SKU}", endpoint(GET=products.get_sku), name=f"{name}sku"),
        path(f"{prefix}{SKU}/availabilities", endpoint(GET=products.list_availabilities), name=f"{name}availabilities"),
        path(f"{prefix}{AVAILABILITY}", endpoint(GET=products.get_availability), name=f"{name}availability"),
    ]


urlpatterns = [
    path("customers", endpoint(GET=customers.list_customers, POST=customers.create_customer), name="customers"),
    path("customers/relationshiprequests", endpoint(GET=relationships.get_request), name="request"),
    path(
        ONE,
        endpoint(GET=customers.get_customer, PATCH=customers.update_customer, DELETE=customers.delete_customer),
        name="customer",
    ),
    path(f"{ONE}/profiles/company", endpoint(GET=profiles.get_company), name="company"),
    path(f"{ONE}/profiles/billing", endpoint(GET=profiles.get_billing, PUT=profiles.put_billing), name="billing"),
    path(
        f"{ONE}/qualifications",
        endpoint(GET=profiles.get_qualifications, POST=profiles.add_qualification),
        name="qualifications",
    ),
    path(
        f"{ONE}/qualification",
        endpoint(GET=profiles.get_qualification, PUT=profiles.put_qualification),
        name="qualification",
    ),
    path(
        f"{ONE}/agreements", endpoint(GET=agreements.list_agreements, POST=agreements.add_agreement), name="agreements"
    ),
    path(
        f"{ONE}/directSignedMicrosoftCustomerAgreementStatus",
        endpoint(GET=agreements.direct_status),
        name="direct_status",
    ),
    path("tags", endpoint(GET=tags.list_tags, POST=tags.create_tags), name="tags"),
    path("customerviews", endpoint(GET=saved_views.list_views, POST=saved_views.save_view), name="views"),
    path("customerviews/<guid:view_id>", endpoint(DELETE=saved_views.delete_view), name="view"),
    path("tags/<guid:tag_id>", endpoint(DELETE=tags.delete_tag), name="tag"),
    path(f"{ONE}/tags", endpoint(GET=tags.get_customer_tags, PUT=tags.put_customer_tags), name="customer_tags"),
    path(f"{ONE}/relationships", endpoint(GET=relationships.list_partners), name="partners"),
    path(f"{ONE}/subscriptions", endpoint(GET=subscriptions.list_subscriptions), name="subscriptions"),
    path(
        SUBSCRIPTION,
        endpoint(GET=subscriptions.get_subscription, PATCH=changes.update_subscription),
        name="subscription",
    ),
    path(f"{SUBSCRIPTION}/addons", endpoint(GET=subscriptions.list_addons), name="addons"),
    path(f"{SUBSCRIPTION}/provisioningstatus", endpoint(GET=changes.provisioning_status), name="provisioning_status"),
    path(
        f"{SUBSCRIPTION}/transitionEligibilities",
        endpoint(GET=changes.transition_eligibilities),
        name="transition_eligibilities",
    ),
    path(f"{SUBSCRIPTION}/transitions", endpoint(POST=changes.add_transition), name="transitions"),
    path(f"{ONE}/carts", endpoint(POST=carts.create_cart), name="carts"),
    path(f"{ONE}/carts/<guid:cart_id>", endpoint(GET=carts.get_cart, PUT=carts.put_cart), name="cart"),
    path(f"{ONE}/carts/<guid:cart_id>/checkout", endpoint(POST=carts.checkout), name="checkout"),
    path(f"{ONE}/orders", endpoint(GET=orders.list_orders, POST=orders.create_order), name="orders"),
    path(f"{ONE}/orders/<str:order_id>", endpoint(GET=orders.get_order, PATCH=orders.update_order), name="order"),
    path(
        f"{ONE}/orders/<str:order_id>/provisioningstatus",
        endpoint(GET=orders.provisioning_status),
        name="order_provisioning_status",
    ),
    *_products("", ""),
    *_products(f"{ONE}/", "customer_"),
    path("extensions/product/checkInventory", endpoint(POST=products.check_inventory), name="inventory"),
    path(
        "relationshiprequests",
        endpoint(GET=requests.list_requests, POST=requests.create_request),
        name="customer_requests",
    ),
    path(
        "relationshiprequests/<guid:request_id>",
        endpoint(GET=requests.get_customer_request, DELETE=requests.revoke_request),
        name="customer_request",
    ),
    path("relationshiprequests/<guid:request_id>/send", endpoint(POST=requests.send_request), name="send_request"),
    path(
        "partnerships",
        endpoint(GET=partnerships.list_partnerships, POST=partnerships.create_partnership),
        name="partnerships",
    ),
    path(
        "partnerships/<guid:partnership_id>",
        endpoint(GET=partnerships.get_partnership, PATCH=partnerships.answer_partnership),
        name="partnership",
    ),
    path("agreements", endpoint(GET=agreements.list_metadata), name="metadata"),
    path("agreementtemplates/<str:template>/document", endpoint(GET=agreements.get_document), name="document"),
    path("validations/address", endpoint(POST=customers.validate_address), name="address"),
    path("domains/<str:domain>", endpoint(GET=customers.domain_taken), name="domain"),
    path("validations/checkdomainavailability/<str:domain>", endpoint(GET=customers.domain_free), name="domain_free"),
]
