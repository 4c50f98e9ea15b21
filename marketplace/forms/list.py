"""The addresses of the catalogue and of the list of subscriptions: filters, order and place."""

from django.http import HttpRequest

from customers.queries import as_uuid
from marketplace.enums import SOLD_TERMS, FulfillmentStatus, OfferCategory
from marketplace.queries import OFFER_ORDERS, SUBSCRIPTION_ORDERS, OfferFilter, SubscriptionFilter
from marketplace.queries.browsing import CatalogueFilter
from portal.core.listing import ListAddress

YES, NO = "yes", "no"
CATALOGUE_FILTERS = ("q", "category", "publisher", "term", "trial", "exclusive", "refused")
SUBSCRIPTION_FILTERS = ("q", "status", "renewing", "cancelable", "autorenew")
STATUSES = (*FulfillmentStatus.values, "all")
DEFAULT_SORT = "newest"


def read_catalogue(request: HttpRequest) -> ListAddress:
    """Return what the address says of the catalogue; a publisher that is no id counts as not given."""
    allowed = {
        "q": None,
        "category": OfferCategory.values,
        "publisher": None,
        "term": [str(term) for term in SOLD_TERMS],
        "trial": (YES,),
        "exclusive": (YES, NO),
        "refused": (YES,),
        "sort": OFFER_ORDERS.keys(),
        "cursor": None,
    }
    read = ListAddress.read(request, allowed)
    values = {name: value for name, value in read.values.items() if name != "publisher" or as_uuid(value)}
    return ListAddress(path=read.path, values=values)


def catalogue_filter(address: ListAddress) -> CatalogueFilter:
    """Return the filters that the address of the catalogue names."""
    offers = OfferFilter(
        text=address.get("q"),
        category=address.get("category"),
        publisher_id=as_uuid(address.get("publisher")),
        trial_only=address.get("trial") == YES,
    )
    return CatalogueFilter(
        offers,
        term=address.get("term"),
        exclusive=address.get("exclusive"),
        with_refused=address.get("refused") == YES,
    )


def read_subscriptions(request: HttpRequest, path: str = "") -> ListAddress:
    """Return what the address says of the list of subscriptions."""
    allowed = {
        "q": None,
        "status": STATUSES,
        "renewing": (YES,),
        "cancelable": (YES,),
        "autorenew": (YES, NO),
        "sort": SUBSCRIPTION_ORDERS.keys(),
        "cursor": None,
        "count": (YES,),
    }
    read = ListAddress.read(request, allowed)
    return ListAddress(path=path or read.path, values=read.values)


def subscription_filter(address: ListAddress) -> SubscriptionFilter:
    """Return the filters that the address of the list of subscriptions names."""
    return SubscriptionFilter(
        text=address.get("q"),
        status=address.get("status"),
        renewing_soon=address.get("renewing") == YES,
        can_cancel=address.get("cancelable") == YES,
        auto_renew=address.get("autorenew"),
    )


def subscription_sort(address: ListAddress) -> str:
    """Return the order of the list: newest first, and what renews soon by its day, unless the address says it.

    What has ended is not sorted by the end of its term: it is over.
    """
    sort = address.get("sort") or ("ends" if address.get("renewing") else DEFAULT_SORT)
    return DEFAULT_SORT if sort == "ends" and is_over(address) else sort


def is_over(address: ListAddress) -> bool:
    """Say whether the list holds what has ended, whose terms have no end to sort by."""
    return address.get("status") in ("all", FulfillmentStatus.UNSUBSCRIBED)
