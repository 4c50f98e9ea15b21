"""What publishers read and send, for the OpenAPI document and for who checks answers (fulfillment reference).

A property that may be missing is left out rather than sent as null (section 3.1). Of what publishers send, properties
that are not named here are passed over.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from marketplace.enums import FulfillmentStatus, OperationAction, OperationStatus, UsageStatus


class PublisherPerson(TypedDict):
    emailId: NotRequired[str]
    objectId: NotRequired[str]
    tenantId: NotRequired[str]


class PublisherTerm(TypedDict):
    """Without days before the activation; the last day is inclusive."""

    startDate: NotRequired[str]
    endDate: NotRequired[str]
    termUnit: str
    chargeDuration: NotRequired[str]


class SaaSSubscriptionObject(TypedDict):
    """A purchase (section 3.2); ``quantity`` only where the price is per seat."""

    id: str
    publisherId: str
    offerId: str
    name: str
    saasSubscriptionStatus: FulfillmentStatus
    beneficiary: PublisherPerson
    purchaser: PublisherPerson
    planId: str
    quantity: NotRequired[int]
    term: PublisherTerm
    autoRenew: bool
    isTest: bool
    isFreeTrial: bool
    allowedCustomerOperations: list[Literal["Delete", "Update", "Read"]]
    sandboxType: Literal["Csp", "None"]
    created: str
    lastModified: str
    sessionMode: Literal["None"]


# The name of the link cannot be an attribute's.
SaaSSubscriptions = TypedDict(
    "SaaSSubscriptions", {"subscriptions": list[SaaSSubscriptionObject], "@nextLink": NotRequired[str]}
)


class ResolvedPurchase(TypedDict):
    """Which purchase a token names (section 3.3)."""

    id: str
    subscriptionName: str
    offerId: str
    planId: str
    quantity: NotRequired[int]
    subscription: SaaSSubscriptionObject


class MeteredQuantity(TypedDict):
    dimensionId: str
    units: str


class RecurrentTerm(TypedDict):
    currency: str
    price: float
    termUnit: str
    termDescription: str
    meteredQuantityIncluded: NotRequired[list[MeteredQuantity]]


class MeteringDimension(TypedDict):
    id: str
    currency: str
    pricePerUnit: float
    unitOfMeasure: str
    displayName: str


class PlanComponents(TypedDict):
    recurrentBillingTerms: list[RecurrentTerm]
    meteringDimensions: list[MeteringDimension]


class AvailablePlan(TypedDict):
    """A plan that a purchase may move to (section 3.7); limits only where the price is per seat."""

    planId: str
    displayName: str
    isPrivate: bool
    description: str
    minQuantity: NotRequired[int]
    maxQuantity: NotRequired[int]
    hasFreeTrials: bool
    isPricePerSeat: bool
    isStopSell: bool
    market: str
    planComponents: PlanComponents


class AvailablePlans(TypedDict):
    plans: list[AvailablePlan]


class _OperationFacts(TypedDict):
    id: str
    activityId: str
    subscriptionId: str
    offerId: str
    publisherId: str
    planId: str
    quantity: NotRequired[int]
    action: OperationAction
    timeStamp: str
    status: OperationStatus
    operationRequestSource: str


class SaaSOperationObject(_OperationFacts):
    """A change and what became of it (section 3.11)."""

    errorStatusCode: str
    errorMessage: str


class SaaSOperations(TypedDict):
    operations: list[SaaSOperationObject]


class PublisherNotification(_OperationFacts):
    """What the portal posts to a publisher's webhook (section 4.4): the change, and the purchase at that moment."""

    subscription: SaaSSubscriptionObject
    purchaseToken: None


class AcceptedUsage(TypedDict):
    usageEventId: str
    status: UsageStatus
    messageTime: str
    resourceId: str
    quantity: float
    dimension: str
    effectiveStartTime: str
    planId: str


class UsageConflict(TypedDict):
    acceptedMessage: AcceptedUsage


class UsageProblem(TypedDict):
    code: str
    message: str
    additionalInfo: NotRequired[UsageConflict]


class ReportedUsage(TypedDict):
    """An event with what became of it (sections 5.1 and 5.2). Its own properties come back as they were sent."""

    usageEventId: NotRequired[str]
    status: UsageStatus
    messageTime: str
    resourceId: NotRequired[object]
    resourceUri: NotRequired[object]
    quantity: NotRequired[object]
    dimension: NotRequired[object]
    effectiveStartTime: NotRequired[object]
    planId: NotRequired[object]
    error: NotRequired[UsageProblem]


class ReportedUsageBatch(TypedDict):
    result: list[ReportedUsage]
    count: int


class UsageOfDay(TypedDict):
    """What was reported for one day, resource and dimension (section 5.3)."""

    usageDate: str
    usageResourceId: str
    dimension: str
    planId: str
    planName: str
    offerId: str
    offerName: str
    offerType: str
    azureSubscriptionId: str
    reconStatus: str
    submittedQuantity: float
    processedQuantity: float
    submittedCount: int


class ActivationBody(TypedDict):
    """Both are accepted and not needed."""

    planId: NotRequired[str]
    quantity: NotRequired[int | str]


class PublisherChangeBody(TypedDict):
    """One of the two (sections 3.8 and 3.9)."""

    planId: NotRequired[str]
    quantity: NotRequired[int]


class PublisherDecisionBody(TypedDict):
    """``Success`` or ``Failure``, whatever the case (section 3.12)."""

    status: str


class UsageEventBody(TypedDict):
    """One hour's usage of a dimension; ``resourceUri`` may stand for ``resourceId``."""

    resourceId: NotRequired[str]
    resourceUri: NotRequired[str]
    quantity: float
    dimension: str
    effectiveStartTime: str
    planId: str


class UsageBatchBody(TypedDict):
    """1 to 25 events."""

    request: list[UsageEventBody]
