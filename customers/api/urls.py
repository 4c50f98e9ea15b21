"""Addresses of the API below /v1 that speak of customers."""

from django.urls import path

from customers.api import agreements, changes, customers, profiles, relationships, subscriptions
from portal.api.access import endpoint

app_name = "customers_api"
ONE = "customers/<guid:customer_id>"
SUBSCRIPTION = f"{ONE}/subscriptions/<guid:subscription_id>"

urlpatterns = [
    path("customers", endpoint(GET=customers.list_customers, POST=customers.create_customer), name="customers"),
    path("customers/relationshiprequests", endpoint(GET=relationships.get_request), name="request"),
    path(ONE, endpoint(GET=customers.get_customer, PATCH=customers.update_customer), name="customer"),
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
    path("agreements", endpoint(GET=agreements.list_metadata), name="metadata"),
    path("agreementtemplates/<str:template>/document", endpoint(GET=agreements.get_document), name="document"),
    path("validations/address", endpoint(POST=customers.validate_address), name="address"),
    path("domains/<str:domain>", endpoint(GET=customers.domain_taken), name="domain"),
    path("validations/checkdomainavailability/<str:domain>", endpoint(GET=customers.domain_free), name="domain_free"),
]
