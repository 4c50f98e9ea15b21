"""Addresses of the API below /v1 that speak of transfers."""

from django.urls import path

from portal.api.access import endpoint
from transfers.api import transfers

app_name = "transfers_api"
OF_CUSTOMER = "customers/<guid:customer_id>/transfers"
ONE = f"{OF_CUSTOMER}/<guid:transfer_id>"
_one = endpoint(GET=transfers.get_transfer, PATCH=transfers.answer_transfer)

urlpatterns = [
    path("transfers", endpoint(GET=transfers.list_all_transfers), name="all_transfers"),
    path(OF_CUSTOMER, endpoint(GET=transfers.list_transfers, POST=transfers.create_transfer), name="transfers"),
    path(ONE, _one, name="transfer"),
    path("customers/<guid:customer_id>/transfer/<guid:transfer_id>", _one, name="transfer_alias"),  # a known typo (2.2)
    path(f"{ONE}/retry", endpoint(POST=transfers.retry_transfer), name="retry"),
    path(f"{ONE}/eligibility", endpoint(GET=transfers.list_eligibility), name="eligibility"),
]
