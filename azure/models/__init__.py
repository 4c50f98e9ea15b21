"""What the programme sells itself: Azure and its dates, licenses, software."""

from azure.models.access import RoleAssignment
from azure.models.dates import OfferDate
from azure.models.tenants import SharedServicesTenant
from azure.models.terms import LicenseAddition, ProductTerm
from azure.models.transitions import PlanTransition, TransitionItem

__all__ = [
    "LicenseAddition",
    "OfferDate",
    "PlanTransition",
    "ProductTerm",
    "RoleAssignment",
    "SharedServicesTenant",
    "TransitionItem",
]
