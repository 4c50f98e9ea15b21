"""Addresses of first-party products: offers and dates."""

from django.urls import path

from azure.views import catalogue, details, offers, ordering

app_name = "azure"

urlpatterns = [
    path("customers/<uuid:customer_id>/products/", catalogue.products, name="products"),
    path("customers/<uuid:customer_id>/products/order/", ordering.order, name="order"),
    path("azure/subscriptions/<uuid:subscription_id>/", details.subscription, name="subscription"),
    path("azure/offers/", offers.offers, name="offers"),
    path("azure/dates/", offers.dates, name="dates"),
]
