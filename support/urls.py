"""Addresses of support: the workspace, the pages of one customer, one case."""

from django.urls import path

from support.views import actions, cases, contacts, health, lists

app_name = "support"
ONE = "support/cases/<uuid:case_id>/"

urlpatterns = [
    path("support/cases/", lists.cases, name="list"),
    path("support/cases/export.csv", lists.export, name="export"),
    path("support/cases/new/", cases.new, name="new"),
    path("support/whom-to-ask/", contacts.whom_to_ask, name="whom_to_ask"),
    path("support/health/", health.health, name="health"),
    path("support/health/new/", health.new_incident, name="new_incident"),
    path("support/health/<uuid:incident_id>/", health.incident, name="incident"),
    path("support/health/<uuid:incident_id>/update/", health.update_incident, name="update_incident"),
    path(ONE, cases.case, name="case"),
    path(f"{ONE}attachments/<uuid:attachment_id>/", cases.attachment, name="attachment"),
    path(f"{ONE}answer/", actions.answer, name="answer"),
    path(f"{ONE}ask/", actions.ask, name="ask"),
    path(f"{ONE}resolve/", actions.resolve, name="resolve"),
    path(f"{ONE}reopen/", actions.reopen, name="reopen"),
    path(f"{ONE}close/", actions.close, name="close"),
    path(f"{ONE}severity/", actions.severity, name="severity"),
    path(f"{ONE}assign/", actions.assign, name="assign"),
    path("customers/<uuid:customer_id>/service-requests/", lists.customer_cases, name="customer_cases"),
]
