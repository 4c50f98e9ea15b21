"""Addresses of the API below /v1 that speak of transfers."""

from django.urls import path

from portal.api.access import endpoint
from transfers.api import drafts, lineage, transfers

app_name = "transfers_api"
OF_CUSTOMER = "customers/<guid:customer_id>/transfers"
ONE = f"{OF_CUSTOMER}/<guid:transfer_id>"
DRAFTS = "customers/<guid:customer_id>/transferdrafts"
DRAFT = f"{DRAFTS}/<guid:transfer_id>"
_one = endpoint(GET=transfers.get_transfer, PATCH=transfers.answer_transfer)

urlpatterns = [
    path("transfers", endpoint(GET=transfers.list_all_transfers), name="all_transfers"),
    path(OF_CUSTOMER, endpoint(GET=transfers.list_transfers, POST=transfers.create_transfer), name="transfers"),
    path(ONE, _one, name="transfer"),
    path("customers/<guid:customer_id>/transfer/<guid:transfer_id>", _one, name="transfer_alias"),  # a known typo (2.2)
    path(f"{ONE}/retry", endpoint(POST=transfers.retry_transfer), name="retry"),
    path(f"{ONE}/eligibility", endpoint(GET=transfers.list_eligibility), name="eligibility"),
    path(f"{ONE}/statement", endpoint(GET=drafts.get_statement), name="statement"),
    path(
        "customers/<guid:customer_id>/transferseligibility",
        endpoint(GET=drafts.list_subscriptions),
        name="subscriptions_eligibility",
    ),
    path(
        "customers/<guid:customer_id>/subscriptions/<guid:subscription_id>/lineage",
        endpoint(GET=lineage.get_lineage),
        name="lineage",
    ),
    path("transferdrafts", endpoint(GET=drafts.list_drafts), name="drafts"),
    path(DRAFTS, endpoint(POST=drafts.create_draft), name="new_draft"),
    path(DRAFT, endpoint(GET=drafts.get_draft, DELETE=drafts.delete_draft), name="draft"),
    path(f"{DRAFT}/send", endpoint(POST=drafts.send_draft), name="send_draft"),
]
