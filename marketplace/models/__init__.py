"""What publishers offer, what partners order, and what publishers are told of it."""

from marketplace.models.catalog import (
    Dimension,
    DimensionPrice,
    ExclusivePartner,
    Margin,
    Offer,
    Plan,
    PlanAudience,
    PlanPrice,
    Publisher,
)
from marketplace.models.orders import MAX_FURTHER, Cart, CartLine, Order, OrderLine
from marketplace.models.subscriptions import (
    LIST_COPIES,
    Operation,
    PurchaseToken,
    SaaSSubscription,
    UsageRecord,
    WebhookAttempt,
    WebhookCall,
)

__all__ = [
    "LIST_COPIES",
    "MAX_FURTHER",
    "Cart",
    "CartLine",
    "Dimension",
    "DimensionPrice",
    "ExclusivePartner",
    "Margin",
    "Offer",
    "Operation",
    "Order",
    "OrderLine",
    "Plan",
    "PlanAudience",
    "PlanPrice",
    "Publisher",
    "PurchaseToken",
    "SaaSSubscription",
    "UsageRecord",
    "WebhookAttempt",
    "WebhookCall",
]
