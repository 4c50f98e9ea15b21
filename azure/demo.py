"""First-party products of the demo world: bought and changed by the functions that the pages call (P10)."""

import datetime
import uuid

from azure.queries.catalogue import article_of
from azure.queries.dates import buyer_of
from azure.workflow import changes
from azure.workflow.purchases import Purchase, Review, buy_product
from customers.models import ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor
from portal.directory import workflow as directory
from portal.directory.models import Group

BELFORT = "belfortcloud.example"
HOUR = datetime.timedelta(hours=1)
# (customer, product, SKU, quantity, friendly name, hours ago)
PURCHASES = (
    ("boulangerie-marchetti.example", "CFQ7TTC0LDPB", "0001", 4, "Fournil", 60),
    ("nordisk-travaru.example", "DG7GMGF0DZRZ", "0003", 2, "Sågverksservrar", 30),
    ("clinique-des-lilas.example", "DG7GMGF0D65N", "0002", 1, "Serveur de radiologie", 20),
)
# (organization, name, description, whether others can choose it)
GROUPS = (
    (BELFORT, "Astreinte Azure", "Interventions le soir et le week-end", True),
    ("clinique-des-lilas.example", "Exploitation", "Serveurs de la clinique", True),
    ("clinique-des-lilas.example", "Direction", "", False),
)
GROUP_SIZE = 3


def load(*, now: datetime.datetime) -> None:
    """Buy a few products for customers of one partner, and more licenses of one of them."""
    people = Membership.objects.active().with_role(Role.ADMIN_AGENT).select_related("user", "organization")
    member = people.filter(organization__domain=BELFORT).order_by("created_at", "pk").first()
    if member is None:
        return
    actor = make_actor(member, member.user)
    for customer, product_id, sku_id, quantity, name, hours in PURCHASES:
        bought = _buy(actor, customer, product_id, sku_id, quantity, name, now=now - hours * HOUR)
        if bought is not None and quantity == PURCHASES[0][3]:
            changes.change_quantity(subscription_id=bought.pk, quantity=quantity + 2, actor=actor, now=now - 3 * HOUR)
    for domain, name, description, is_offered in GROUPS:
        _make_group(domain, name, description, is_offered=is_offered, now=now)


def _make_group(domain: str, name: str, description: str, *, is_offered: bool, now: datetime.datetime) -> None:
    """Let whoever manages an organization's users put everybody into a group."""
    people = Membership.objects.active().select_related("user", "organization").filter(organization__domain=domain)
    manager = people.with_role(Role.GLOBAL_ADMIN, Role.CUSTOMER_ADMIN).order_by("created_at", "pk").first()
    if manager is None or Group.objects.filter(organization_id=manager.organization_id, name=name).exists():
        return
    actor = make_actor(manager, manager.user)
    group = directory.create_group(
        name=name, description=description, is_offered=is_offered, actor=actor, now=now - 2 * HOUR
    )
    for person in people.order_by("created_at", "pk")[:GROUP_SIZE]:
        directory.add_member(group_id=group.pk, membership_id=person.pk, actor=actor, now=now - 2 * HOUR)


def _buy(
    actor: Actor, customer: str, product_id: str, sku_id: str, quantity: int, name: str, *, now: datetime.datetime
) -> Subscription | None:
    """Buy a product in its last way, where the price lists of the day have it."""
    own = ResellerRelationship.objects.active().filter(partner_id=actor.organization_id, customer_domain=customer)
    relationship = own.first()
    if relationship is None:
        return None
    article = article_of(
        buyer_of(actor.organization_id, relationship.customer_id, today=now.date()), product_id, sku_id
    )
    if article is None or not article.ways:
        return None
    way = article.ways[-1]
    return buy_product(
        customer_id=relationship.customer_id,
        purchase=Purchase(
            order_id=uuid.uuid5(relationship.customer_id, name),
            product_id=product_id,
            sku_id=sku_id,
            term=way.term,
            billing_frequency=way.billing_frequency,
            quantity=quantity,
            friendly_name=name,
        ),
        review=Review(is_attested=True),
        actor=actor,
        now=now,
    )
