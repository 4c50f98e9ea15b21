"""Addresses of the API below /v1 that speak of bundles."""

from django.urls import path

from bundles.api import bundles
from portal.api.access import endpoint

app_name = "bundles_api"

urlpatterns = [
    path("bundles", endpoint(GET=bundles.list_bundles, POST=bundles.create_bundle), name="bundles"),
    path("bundles/<uuid:bundle_id>", endpoint(GET=bundles.get_bundle, PUT=bundles.put_bundle), name="bundle"),
    path("bundles/<uuid:bundle_id>/withdraw", endpoint(POST=bundles.withdraw_bundle), name="withdraw"),
    path("customers/<uuid:customer_id>/bundlesales", endpoint(POST=bundles.sell), name="sell"),
]
