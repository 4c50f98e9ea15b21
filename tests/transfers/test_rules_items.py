"""Which items move and why others do not: one case per line of section 6.3 (T5, X1)."""

import datetime
import uuid
from typing import Any

import pytest

from customers.enums import (
    BillingFrequency,
    MoveRestriction,
    PendingOperation,
    ProductFamily,
    ReservationScope,
    SubscriptionStatus,
)
from transfers.enums import TYPE_OF_FAMILY, Level, ProductType
from transfers.reasons import REASONS
from transfers.rules import Context, ItemFacts, can_move, following, item_findings, processing_finding

TODAY = datetime.date(2026, 11, 20)
F, S = ProductFamily, SubscriptionStatus


def item(family: str = F.LICENSE_BASED, **fields: Any) -> ItemFacts:
    defaults = {
        "id": uuid.uuid4(),
        "family": family,
        "status": S.ACTIVE,
        "is_trial": False,
        "pending_operation": "",
        "parent_id": None,
        "scope": "",
        "move_restriction": "",
        "billing_frequency": BillingFrequency.MONTHLY,
        "ends_on": datetime.date(2027, 11, 20),
        "friendly_name": "Office",
    }
    return ItemFacts(**defaults | fields)


def context(*others: ItemFacts, **fields: Any) -> Context:
    children: dict[uuid.UUID, list[ItemFacts]] = {}
    for other in others:
        if other.parent_id:
            children.setdefault(other.parent_id, []).append(other)
    return Context(today=TODAY, items={one.id: one for one in others}, children=children, **fields)


def codes(one: ItemFacts, held: Context | None = None) -> list[str]:
    return [finding.code for finding in item_findings(one, held or context())]


@pytest.mark.parametrize("family", sorted(TYPE_OF_FAMILY))
def test_what_is_active_and_of_a_kind_that_moves_can_move(family):
    assert can_move(item(family), context())


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (F.SOFTWARE, "software-does-not-move"),
        (F.PERPETUAL_SOFTWARE, "perpetual-software-does-not-move"),
        (F.THIRD_PARTY, "third-party-does-not-move"),
        (F.SHARED_SERVICES, "shared-services-do-not-move"),
        (F.AZURE_PLAN, "azure-plan-stays"),
    ],
)
def test_each_kind_that_never_moves_has_its_own_reason(family, code):
    assert codes(item(family)) == [code]


def test_every_family_either_moves_or_has_a_reason():
    for family in ProductFamily:
        assert (family in TYPE_OF_FAMILY) == can_move(item(family), context())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        *[({"status": status}, "item-not-active") for status in SubscriptionStatus if status != S.ACTIVE],
        ({"is_trial": True}, "trial-does-not-move"),
        ({"ends_on": TODAY}, "term-is-over"),
        *[
            ({"pending_operation": operation}, "operation-running")
            for operation in PendingOperation
            if operation != PendingOperation.TRANSFER
        ],
        ({"pending_operation": PendingOperation.TRANSFER}, "in-another-transfer"),
    ],
)
def test_each_state_that_keeps_an_item_has_its_own_reason(fields, code):
    assert codes(item(**fields)) == [code]


def test_a_kind_that_was_not_asked_for_stays():
    licenses_only = context(product_types=frozenset({ProductType.LICENSE_BASED}))

    assert codes(item(F.SAVINGS_PLAN), licenses_only) == ["type-not-requested"]
    assert codes(item(F.LICENSE_BASED), licenses_only) == []


@pytest.mark.parametrize("family", [F.AZURE_SUBSCRIPTION, F.AZURE_LEGACY, F.RESERVATION, F.SAVINGS_PLAN])
def test_azure_items_need_the_targets_azure_plan(family):
    assert "azure-plan-missing-at-target" in codes(item(family), context(target_has_azure_plan=False))
    assert codes(item(F.LICENSE_BASED), context(target_has_azure_plan=False)) == []


def test_the_previous_azure_offer_moves_with_a_warning():
    (finding,) = item_findings(item(F.AZURE_LEGACY), context())

    assert (finding.code, finding.level) == ("converts-to-azure-plan", Level.AMBER)


@pytest.mark.parametrize("family", [F.RESERVATION, F.SAVINGS_PLAN])
def test_commitments_warn_of_what_happens_to_the_money(family):
    prepaid = item(family, billing_frequency=BillingFrequency.UPFRONT)
    monthly = item(family)
    differ = context(currencies_differ=True, cycle_ends={monthly.id: datetime.date(2026, 12, 10)})

    assert codes(prepaid, differ) == ["prepaid-stays-as-it-is"]
    assert codes(monthly, differ) == ["ends-at-next-cycle"]
    assert codes(monthly) == []


def test_an_add_on_moves_with_its_base_and_not_alone():
    base = item(friendly_name="Base")
    addon = item(parent_id=base.id, friendly_name="Add-on")
    held = context(base, addon)

    assert codes(addon, held) == ["moves-with-its-base"]
    assert following(base, held) == [addon]
    assert can_move(base, held)


def test_an_add_on_whose_base_is_gone_stands_for_itself():
    addon = item(parent_id=uuid.uuid4())

    assert codes(addon, context(addon)) == []


def test_a_dependent_that_cannot_move_keeps_its_base_and_is_named():
    base = item()
    addon = item(parent_id=base.id, status=S.SUSPENDED, friendly_name="Voice")

    (finding,) = item_findings(base, context(base, addon))

    assert finding.code == "dependent-item-cannot-move"
    assert "Voice" in finding.message


@pytest.mark.parametrize(
    ("scope", "status", "moves_along"),
    [
        (ReservationScope.SINGLE, S.ACTIVE, True),
        (ReservationScope.SHARED, S.ACTIVE, False),
        (ReservationScope.SINGLE, S.SUSPENDED, False),
        (ReservationScope.SINGLE, S.DELETED, False),
    ],
)
def test_a_reservation_follows_its_subscription_only_if_single_and_active(scope, status, moves_along):
    azure = item(F.AZURE_SUBSCRIPTION)
    reservation = item(F.RESERVATION, parent_id=azure.id, scope=scope, status=status)
    held = context(azure, reservation)

    assert following(azure, held) == ([reservation] if moves_along else [])
    assert can_move(azure, held)


@pytest.mark.parametrize("restriction", ["", *MoveRestriction])
def test_a_marketplace_product_inside_an_azure_subscription_follows_unless_restricted(restriction):
    azure = item(F.AZURE_SUBSCRIPTION)
    product = item(F.THIRD_PARTY, parent_id=azure.id, move_restriction=restriction, friendly_name="Firewall")
    held = context(azure, product)

    assert codes(azure, held) == (["marketplace-product-inside"] if restriction else [])
    assert following(azure, held) == [product]
    assert codes(product, held) == ["third-party-does-not-move"]


def test_an_azure_subscription_is_not_held_by_the_plan_above_it():
    plan = item(F.AZURE_PLAN)
    azure = item(F.AZURE_SUBSCRIPTION, parent_id=plan.id)

    assert codes(azure, context(plan, azure)) == []


def test_processing_asks_the_same_rules_but_not_about_its_own_mark():
    marked = item(pending_operation=PendingOperation.TRANSFER)

    assert processing_finding(marked, context()) is None
    assert processing_finding(marked._replace(status=S.SUSPENDED), context()).code == "item-not-active"
    assert processing_finding(item(pending_operation=PendingOperation.RENEWAL), context()).code == "operation-running"
    assert processing_finding(item(F.AZURE_SUBSCRIPTION), context(target_has_azure_plan=False)) is not None
    assert processing_finding(item(F.RESERVATION), context(currencies_differ=True)) is None


@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_says_what_who_and_how(code):
    reason = REASONS[code]

    assert str(reason.message).endswith((".", "%(message)s"))
    assert str(reason.who)
    assert not str(reason.next_step) or str(reason.next_step).endswith(".")
    assert code == code.lower()
    assert " " not in code
