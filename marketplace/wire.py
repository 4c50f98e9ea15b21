"""Subscriptions and operations as publishers read them, over the API and in webhooks (fulfillment reference)."""

import datetime
from typing import Any

from customers.enums import BillingFrequency
from marketplace.enums import OperationStatus
from marketplace.models import Operation, SaaSSubscription

NEVER = "0001-01-01T00:00:00"  # lastModified is no longer kept (section 3.2)
CHARGE_DURATIONS = {BillingFrequency.MONTHLY: "P1M", BillingFrequency.ANNUAL: "P1Y"}
READ_ONLY, EVERYTHING = ["Read"], ["Delete", "Update", "Read"]
ONE_DAY = datetime.timedelta(days=1)


def moment(at: datetime.datetime) -> str:
    """Return a time as the original writes it: UTC, seven decimals."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def midnight(day: datetime.date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


def subscription(saas: SaaSSubscription) -> dict[str, Any]:
    """Return the subscription object of section 3.2, its properties in the original's order. ``saas``: with_rows()."""
    row = saas.subscription
    return {
        "id": str(row.pk),
        "publisherId": saas.publisher.code,
        "offerId": saas.plan.offer.code,
        "name": row.friendly_name,
        "saasSubscriptionStatus": saas.status,
        "beneficiary": _person(saas.beneficiary_email, saas.beneficiary_object_id, row.customer_id),
        "purchaser": _person(saas.purchaser_email, saas.purchaser_object_id, row.billing_owner_id),
        "planId": saas.plan.code,
        **({"quantity": row.quantity} if saas.plan.is_per_seat else {}),
        "term": _term(saas),
        "autoRenew": row.auto_renew,
        "isTest": row.billing_owner.organization.is_sandbox,
        "isFreeTrial": row.is_trial,
        "allowedCustomerOperations": EVERYTHING if saas.publisher_may_change else READ_ONLY,
        "sandboxType": "Csp" if row.billing_owner.organization.is_sandbox else "None",
        "created": moment(saas.purchased_at),
        "lastModified": NEVER,
        "sessionMode": "None",
    }


def _person(email: str, object_id: object, tenant_id: object) -> dict[str, str]:
    """What is not known of a person is left out rather than sent as null (section 3.1)."""
    known = {"emailId": email, "objectId": str(object_id or ""), "tenantId": str(tenant_id)}
    return {name: value for name, value in known.items() if value}


def _term(saas: SaaSSubscription) -> dict[str, str]:
    """The last day is inclusive; before activation there is only the unit (section 1.3)."""
    row = saas.subscription
    if row.starts_on is None or row.ends_on is None:
        return {"termUnit": row.term}
    term = {
        "startDate": midnight(row.starts_on),
        "endDate": midnight(row.ends_on - ONE_DAY),
        "termUnit": row.term,
    }
    duration = CHARGE_DURATIONS.get(BillingFrequency(row.billing_frequency))
    return term | ({"chargeDuration": duration} if duration and duration != row.term else {})


def operation(found: Operation) -> dict[str, Any]:
    """Return the operation object of section 3.11. ``found``: with its plan, and the saas of with_rows()."""
    saas = found.saas
    return {
        "id": str(found.pk),
        "activityId": str(found.activity_id),
        "subscriptionId": str(saas.pk),
        "offerId": saas.plan.offer.code,
        "publisherId": saas.publisher.code,
        "planId": found.plan.code,
        **({"quantity": found.quantity} if found.plan.is_per_seat else {}),
        "action": found.action,
        "timeStamp": moment(found.created_at),
        "status": found.status,
        "errorStatusCode": found.error_code if found.status == OperationStatus.FAILED else "",
        "errorMessage": found.error_message if found.status == OperationStatus.FAILED else "",
        "operationRequestSource": found.source,
    }


def call(found: Operation) -> dict[str, Any]:
    """Return the body of a webhook: the operation, and the subscription as it is at this moment (section 4.4)."""
    body = operation(found)
    for name in ("errorStatusCode", "errorMessage"):
        del body[name]
    return body | {"subscription": subscription(found.saas), "purchaseToken": None}
