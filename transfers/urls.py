"""Addresses of transfers: the workspace, the pages of one customer, one transfer, and the customer's own pages."""

from django.urls import path

from transfers.views import bulk, details, drafts, lineage, lists, my_transfers, requests, review

app_name = "transfers"

urlpatterns = [
    path("transfers/", lists.transfers, name="list"),
    path("transfers/export.csv", lists.export, name="export"),
    path("transfers/new/", requests.new, name="new"),
    path("transfers/bulk/", bulk.bulk, name="bulk"),
    path("transfers/bulk/template.csv", bulk.bulk_template, name="bulk_template"),
    path("transfers/bulk/<uuid:run_id>/", bulk.bulk_run, name="bulk_run"),
    path("transfers/bulk/<uuid:run_id>/progress/", bulk.bulk_progress, name="bulk_progress"),
    path("transfers/bulk/<uuid:run_id>/rows.csv", bulk.bulk_rows, name="bulk_rows"),
    path("transfers/bulk/<uuid:run_id>/confirm/", bulk.bulk_confirm, name="bulk_confirm"),
    path("transfers/bulk/<uuid:run_id>/check/", bulk.bulk_check, name="bulk_check"),
    path("transfers/bulk/<uuid:run_id>/stop/", bulk.bulk_stop, name="bulk_stop"),
    path("transfers/<uuid:transfer_id>/", details.detail, name="detail"),
    path("transfers/<uuid:transfer_id>/live/", details.live, name="live"),
    path("transfers/<uuid:transfer_id>/items.csv", details.items, name="items"),
    path("transfers/<uuid:transfer_id>/statement/", details.statement, name="statement"),
    path("transfers/<uuid:transfer_id>/review/", review.review, name="review"),
    path("transfers/<uuid:transfer_id>/review/summary/", review.summary, name="review_summary"),
    path("transfers/<uuid:transfer_id>/review/confirm/", review.confirm, name="confirm"),
    path("transfers/<uuid:transfer_id>/review/faults/", review.plan_fault, name="plan_fault"),
    path("transfers/<uuid:transfer_id>/seen/", review.seen, name="seen"),
    path("transfers/<uuid:transfer_id>/accept/", review.accept, name="accept"),
    path("transfers/<uuid:transfer_id>/decline/", review.decline, name="decline"),
    path("transfers/<uuid:transfer_id>/retry/", details.retry, name="retry"),
    path("transfers/<uuid:transfer_id>/cancel/", drafts.cancel, name="cancel"),
    path("transfers/<uuid:transfer_id>/send/", drafts.send_draft, name="send_draft"),
    path("transfers/<uuid:transfer_id>/delete/", drafts.delete_draft, name="delete_draft"),
    path("transfers/lineage/<uuid:subscription_id>/", lineage.lineage, name="lineage"),
    path("customers/<uuid:customer_id>/transfers/", lists.customer_transfers, name="customer_transfers"),
    path("customers/<uuid:customer_id>/transfers/new/", requests.create, name="create"),
    path("my-transfers/", my_transfers.my_transfers, name="my_transfers"),
    path("my-transfers/<uuid:transfer_id>/", my_transfers.my_transfer, name="my_transfer"),
]
