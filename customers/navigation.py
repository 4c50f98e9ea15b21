"""The Customers workspace, and the pages that stand in the left navigation of one customer (reference 1.3, 1.5)."""

from functools import cache, lru_cache
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest
from portal.core.navigation import Item, ObjectNavigation, Workspace, show_object

NO_ID = UUID(int=0)
WORKSPACES = (
    Workspace(
        key="customers",
        label=_("Customers"),
        icon="customers",
        description=_("Find customers, see what they have, request relationships."),
        items=(
            Item(
                _("Customer list"),
                "customers:list",
                Permission.CUSTOMER_VIEW,
                description=_("All customers of your company."),
            ),
            Item(
                _("Relationship requests"),
                "customers:invitations",
                Permission.CUSTOMER_VIEW,
                description=_("Who was asked to become a customer, and how far each request has come."),
            ),
            Item(
                _("Import"),
                "customers:imports",
                Permission.CUSTOMER_ADD,
                description=_("Bring customers and subscriptions along as CSV files."),
                kinds=frozenset({OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER}),
            ),
            Item(
                _("Indirect resellers"),
                "customers:partnerships",
                Permission.CUSTOMER_VIEW,
                description=_("Resellers your company works with, and requests for a partnership."),
                kinds=frozenset({OrganizationKind.INDIRECT_PROVIDER}),
            ),
            Item(
                _("Indirect providers"),
                "customers:partnerships",
                Permission.CUSTOMER_VIEW,
                description=_("Providers your company works with, and requests for a partnership."),
                kinds=frozenset({OrganizationKind.INDIRECT_RESELLER, OrganizationKind.DIRECT_BILL}),
            ),
        ),
        actions=(
            Item(
                _("Request a relationship"),
                "customers:new_relationship",
                Permission.RELATIONSHIP_REQUEST,
                icon="link",
                description=_("Send a customer the unique link by which it makes you its partner."),
            ),
            Item(
                _("Add customer"),
                "customers:add_customer",
                Permission.CUSTOMER_ADD,
                icon="person-add",
                description=_("Create the account of a new customer and its first administrator."),
                kinds=frozenset({OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER}),
            ),
        ),
    ),
    Workspace(
        key="my-partners",
        label=_("My partners"),
        icon="customers",
        description=_("Who may buy for your organization, and which rights they hold."),
        items=(Item(_("My partners"), "customers:my_partners", Permission.PARTNER_RELATIONSHIP_MANAGE),),
    ),
)

# Each takes the customer's id. Other apps name theirs in the setting CUSTOMER_NAVIGATION.
PRODUCT_ITEMS = (Item(_("Subscriptions"), "customers:subscriptions", Permission.SUBSCRIPTION_VIEW),)
CUSTOMER_ITEMS = (
    Item(_("Order history"), "customers:orders", Permission.SUBSCRIPTION_VIEW),
    Item(_("Admin relationships"), "customers:admin_relationships", Permission.CUSTOMER_VIEW),
    Item(_("Account"), "customers:account", Permission.CUSTOMER_VIEW),
    Item(_("Activity"), "customers:activity", Permission.ACTIVITY_LOG_VIEW),
)


@cache
def _customer_items() -> dict[str, Item]:
    """Every page of a customer by its URL name, in the order of the setting."""
    found = (item for name in settings.CUSTOMER_NAVIGATION for item in import_string(name))
    return {item.url_name: item for item in found}


def items_for(actor: Actor) -> list[Item]:
    """Return the pages of a customer that are for the person's kind of organization and that it may open."""
    return [item for item in _customer_items().values() if item.is_for(actor)]


def first_page(request: PortalRequest) -> str:
    """Return the URL name of the page that a click on a customer's name opens: Subscriptions, for those who may."""
    return "customers:subscriptions" if request.actor.may(Permission.SUBSCRIPTION_VIEW) else "customers:account"


def same_page(request: PortalRequest) -> str:
    """Return the URL name in ``page`` of the address, if it is a page of a customer, else the first page's."""
    wanted = request.GET.get("page", "")
    return wanted if wanted in {item.url_name for item in items_for(request.actor)} else first_page(request)


def show_customer(request: PortalRequest, relationship: ResellerRelationship) -> None:
    """Let the page stand in the navigation of this customer, with the way to another one (same page, if it has it)."""
    here = f"{request.resolver_match.namespace}:{request.resolver_match.url_name}" if request.resolver_match else ""
    same_page = f"?page={here}" if here in _customer_items() else ""
    items, list_url, switch_url = _frame(request.actor, get_language())
    shown = ObjectNavigation(
        title=relationship.customer_name,
        key=str(relationship.customer_id),
        items=items,
        list_url=list_url,
        switch_url=switch_url + same_page if switch_url else "",
        switch_label=_("Switch customer"),
    )
    show_object(request, shown)


@lru_cache(maxsize=1_000)
def _frame(actor: Actor, _language: str | None) -> tuple[list[tuple[str, str]], str, str]:
    """Return the pages of any customer with "{key}" for its id, and the addresses of the list and of the switch."""
    items = [
        (str(item.label), reverse(item.url_name, args=[NO_ID]).replace(str(NO_ID), "{key}"))
        for item in items_for(actor)
    ]
    if not actor.may(Permission.CUSTOMER_VIEW):  # a billing admin may open few pages of a customer only
        return items, "", ""
    return items, reverse("customers:list"), reverse("customers:switch")
