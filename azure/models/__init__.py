"""What the programme sells itself: Azure and its dates, licenses, software."""

from azure.models.dates import OfferDate
from azure.models.tenants import SharedServicesTenant

__all__ = ["OfferDate", "SharedServicesTenant"]
