"""Bundles through the API: listed, defined, changed by versions, withdrawn, sold (A13). Not in the original."""

import datetime
import uuid
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import Field

from bundles.api import shapes
from bundles.models import BundleVersion
from bundles.queries import definitions as queries
from bundles.queries import sales
from bundles.queries.definitions import BundleFilter
from bundles.workflow import definitions as workflow
from bundles.workflow.definitions import Definition, WantedProduct
from bundles.workflow.sales import Sale, sell_bundle
from customers.enums import BillingFrequency, Term
from customers.queries import customer_of
from customers.subscription_changes import frequency_of
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of, paging_of, query_of
from portal.api.resources import page_of
from portal.core.errors import Refusal

TAG = "Bundles"
PAGE = {"size": "How many bundles a page holds.", "seekOperation": "First, Next or Previous, with the token."}


class BundleNotFound(Refusal):
    """The caller's company has no such bundle."""

    code = "bundle-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("Your company has no such bundle."), next_step=_("Compare the id with the list of bundles."))


class ProductBody(Body):
    catalog_item_id: Annotated[str, Field(min_length=1, max_length=100)]
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    billing_cycle: Annotated[str, Field(max_length=10)]

    def wanted(self) -> WantedProduct:
        """Return the product in our words; the availability in its id is the term."""
        term = self.catalog_item_id.rpartition(":")[2]
        known = term if term in Term.values else str(Term.NONE)
        frequency = frequency_of(self.billing_cycle, known) or BillingFrequency.ONE_TIME
        return WantedProduct(self.catalog_item_id, str(frequency), self.quantity)


class BundleBody(Body):
    """What a version of a bundle says."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    price: Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=2)]
    effective_start_date: datetime.date
    effective_end_date: datetime.date | None = None
    description: Annotated[str, Field(max_length=2_000)] = ""
    term_text: Annotated[str, Field(max_length=200)] = ""
    terms: Annotated[str, Field(max_length=20_000)] = ""
    products: Annotated[list[ProductBody], Field(min_length=1, max_length=15)]

    def definition(self) -> Definition:
        """Return the same in our words."""
        return Definition(
            name=self.name,
            price=self.price,
            valid_from=self.effective_start_date,
            valid_until=self.effective_end_date,
            description=self.description,
            term_text=self.term_text,
            terms=self.terms,
            products=[product.wanted() for product in self.products],
        )


class NewBundleBody(BundleBody):
    """A bundle with its audience: everybody, one customer, or the customers of one reseller."""

    customer_id: UUID | None = None
    reseller_id: UUID | None = None


class SaleBody(Body):
    """What is sold. The same ``id`` sent again is the same sale."""

    bundle_id: UUID
    quantity: Annotated[int, Field(ge=1, le=1_000)] = 1
    id: UUID | None = None
    partner_id_on_record: Annotated[str, Field(max_length=12)] = ""
    partner_on_record_attestation_accepted: bool = True


@api_requires(Permission.PRICING_VIEW, answer=shapes.Bundles, query=PAGE, tag=TAG)
def list_bundles(request: ApiRequest) -> HttpResponse:
    """List the bundles of the caller's company by name, each in the version that is sold."""
    query = query_of(request)
    paging = paging_of(request, query)
    page = queries.bundle_page(
        request.actor, BundleFilter(), today=timezone.now().date(), cursor=paging.cursor, size=paging.size
    )
    lines = queries.lines_of(list(page))
    items = [shapes.bundle(version, lines[version.pk]) for version in page]
    parameters = {"size": query["size"]} if "size" in query else {}
    return json_answer(page_of(items, page=page, path="/bundles", parameters=parameters))


@api_requires(Permission.PRICING_VIEW, answer=shapes.Bundle, tag=TAG)
def get_bundle(request: ApiRequest, bundle_id: UUID) -> HttpResponse:
    """Get a bundle in the version that is sold."""
    return _answer(_bundle(request, bundle_id))


@api_requires(Permission.PRICING_MANAGE, body=NewBundleBody, answer=shapes.Bundle, status=201, tag=TAG)
def create_bundle(request: ApiRequest) -> HttpResponse:
    """Define a bundle."""
    body = body_of(request, NewBundleBody)
    if body.customer_id is not None:
        customer_of(request.actor, body.customer_id)
    version = workflow.define_bundle(
        definition=body.definition(),
        customer_id=body.customer_id,
        reseller_id=body.reseller_id,
        actor=request.actor,
        now=timezone.now(),
    )
    return _answer(version, status=201)


@api_requires(Permission.PRICING_MANAGE, body=BundleBody, answer=shapes.Bundle, tag=TAG)
def put_bundle(request: ApiRequest, bundle_id: UUID) -> HttpResponse:
    """Write another version of a bundle; what was sold keeps its own."""
    body, old = body_of(request, BundleBody), _bundle(request, bundle_id)
    version = workflow.change_bundle(
        bundle_id=old.bundle_id, definition=body.definition(), actor=request.actor, now=timezone.now()
    )
    return _answer(version)


@api_requires(Permission.PRICING_MANAGE, answer=shapes.Bundle, tag=TAG)
def withdraw_bundle(request: ApiRequest, bundle_id: UUID) -> HttpResponse:
    """Sell a bundle no longer; what was sold stays."""
    old = _bundle(request, bundle_id)
    workflow.withdraw_bundle(bundle_id=old.bundle_id, actor=request.actor, now=timezone.now())
    return _answer(_bundle(request, bundle_id))


@api_requires(Permission.SUBSCRIPTION_BUY, body=SaleBody, answer=shapes.Sale, status=201, tag=TAG)
def sell(request: ApiRequest, customer_id: UUID) -> HttpResponse:
    """Sell a bundle to a customer: every product is ordered, or none."""
    body = body_of(request, SaleBody)
    customer = customer_of(request.actor, customer_id)
    sale = Sale(
        id=body.id or uuid.uuid4(),
        bundle_id=_bundle(request, body.bundle_id).bundle_id,
        quantity=body.quantity,
        partner_on_record=body.partner_id_on_record,
        is_attested=body.partner_on_record_attestation_accepted,
    )
    row = sell_bundle(customer_id=customer.customer_id, sale=sale, actor=request.actor, now=timezone.now())
    return json_answer(shapes.sale(row, sales.parts_of(row)), status=201)


def _bundle(request: ApiRequest, bundle_id: UUID) -> BundleVersion:
    """Raises: BundleNotFound."""
    try:
        return queries.bundle_of(request.actor, bundle_id)
    except Http404 as error:
        raise BundleNotFound from error


def _answer(version: BundleVersion, *, status: int = 200) -> HttpResponse:
    return json_answer(shapes.bundle(version, list(version.lines.order_by("position"))), status=status)
