"""Addresses of the API below /v1/sandbox."""

from django.urls import path

from portal.api.access import endpoint
from sandbox.api import faults, plays, state

app_name = "sandbox_api"
REQUEST = "sandbox/relationshiprequests/<guid:request_id>"
CUSTOMER = "sandbox/customers/<guid:customer_id>"
SUBSCRIPTION = "sandbox/subscriptions/<guid:subscription_id>"

urlpatterns = [
    path("sandbox", endpoint(GET=state.get_sandbox), name="sandbox"),
    path("sandbox/clock", endpoint(POST=state.jump_clock), name="clock"),
    path("sandbox/reset", endpoint(POST=state.reset), name="reset"),
    path(
        "sandbox/relationshiprequests",
        endpoint(GET=plays.list_requests, POST=plays.create_request),
        name="requests",
    ),
    path(f"{REQUEST}/accept", endpoint(POST=plays.accept_request), name="accept"),
    path(f"{REQUEST}/decline", endpoint(POST=plays.decline_request), name="decline"),
    path(f"{CUSTOMER}/relationship", endpoint(DELETE=plays.remove_relationship), name="relationship"),
    path(f"{CUSTOMER}/agreement", endpoint(POST=plays.accept_agreement), name="agreement"),
    path(f"{CUSTOMER}/subscriptions", endpoint(POST=plays.add_subscription), name="subscriptions"),
    path(f"{SUBSCRIPTION}/activate", endpoint(POST=plays.activate), name="activate"),
    path("sandbox/faults", endpoint(GET=faults.list_faults), name="faults"),
    path("sandbox/faults/<str:fault>", endpoint(PUT=faults.switch), name="fault"),
    path(f"{SUBSCRIPTION}/fault", endpoint(PUT=faults.plan_item_fault), name="item_fault"),
    path("sandbox/operations", endpoint(GET=plays.list_changes), name="operations"),
    path(f"{SUBSCRIPTION}/operations/<guid:operation_id>", endpoint(PATCH=plays.decide), name="operation"),
]
