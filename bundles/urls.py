"""Addresses of bundles."""

from django.urls import path

from bundles.views import definitions, lists, sales

app_name = "bundles"

urlpatterns = [
    path("pricing/bundles/", lists.bundles, name="list"),
    path("pricing/bundles/export.csv", lists.export, name="export"),
    path("pricing/bundles/new/", definitions.new, name="new"),
    path("pricing/bundles/<uuid:bundle_id>/", lists.bundle, name="bundle"),
    path("pricing/bundles/<uuid:bundle_id>/change/", definitions.change, name="change"),
    path("pricing/bundles/<uuid:bundle_id>/withdraw/", definitions.withdraw, name="withdraw"),
    path("pricing/bundles/<uuid:bundle_id>/sell/", sales.choose_customer, name="choose_customer"),
    path("customers/<uuid:customer_id>/bundles/", sales.customer_bundles, name="customer"),
    path("customers/<uuid:customer_id>/bundles/<uuid:bundle_id>/sell/", sales.sell, name="sell"),
    path("pricing/bundles/sales/<uuid:sale_id>/", sales.sale, name="sale"),
    path("pricing/bundles/sales/<uuid:sale_id>/<uuid:subscription_id>/take-out/", sales.take_out, name="take_out"),
]
