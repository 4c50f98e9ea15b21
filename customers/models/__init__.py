"""Customers, who may sell to them, the links that ask for it, what they signed, and what they have."""

from customers.models.carts import WireCart
from customers.models.customers import MAX_TAG_LENGTH, Customer, SavedView, Tag
from customers.models.imports import IMPORT_PERMISSIONS, ImportRow, ImportRun
from customers.models.invitations import InvitationLink, MailboxProof, RelationshipInvitation
from customers.models.markets import Market, MarketCountry
from customers.models.relationships import MAX_TAGS, CustomerAgreement, CustomerProfile, ResellerRelationship
from customers.models.subscriptions import Subscription

__all__ = [
    "IMPORT_PERMISSIONS",
    "MAX_TAGS",
    "MAX_TAG_LENGTH",
    "Customer",
    "CustomerAgreement",
    "CustomerProfile",
    "ImportRow",
    "ImportRun",
    "InvitationLink",
    "MailboxProof",
    "Market",
    "MarketCountry",
    "RelationshipInvitation",
    "ResellerRelationship",
    "SavedView",
    "Subscription",
    "Tag",
    "WireCart",
]
