"""Addresses of the API below /v1 that speak of service requests and of service health."""

from django.urls import path

from portal.api.access import endpoint
from support.api import health, requests

app_name = "support_api"
OF_CUSTOMER = "customers/<guid:customer_id>/servicerequests"

urlpatterns = [
    path("servicehealth", endpoint(GET=health.list_incidents), name="health"),
    path("servicehealth/<guid:incident_id>", endpoint(GET=health.get_incident), name="incident"),
    path("servicerequests", endpoint(GET=requests.list_requests), name="requests"),
    path("servicerequests/supporttopics", endpoint(GET=requests.list_topics), name="topics"),
    # One address for two things, as in the original: the id of a request, or the language of the agent who opens one.
    path(
        "servicerequests/<str:name>",
        endpoint(GET=requests.get_request, PATCH=requests.update_request, POST=requests.create_request),
        name="request",
    ),
    path(OF_CUSTOMER, endpoint(GET=requests.list_of_customer), name="of_customer"),
    path(
        f"{OF_CUSTOMER}/<guid:request_id>",
        endpoint(GET=requests.get_of_customer, PATCH=requests.update_of_customer),
        name="one_of_customer",
    ),
]
