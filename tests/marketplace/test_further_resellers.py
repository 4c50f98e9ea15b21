"""Further resellers of a purchase: verified by PartnerID, added, removed, told (M3, section 7.2)."""

import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from marketplace.models import Order, SaaSSubscription
from marketplace.workflow import changes, resellers
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Partner, PartnerLocation
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput
from tests.factories import make_member, make_partner
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_plan,
    reread,
)

pytestmark = pytest.mark.django_db


def text(response):
    shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)))


def number_of(organization):
    return PartnerLocation.objects.get(partner_id=organization.pk).partner_id_number


def make_reseller(**fields):
    return make_partner(OrganizationKind.INDIRECT_RESELLER, **fields)


@pytest.fixture
def provider():
    return make_indirect_buying_relationship()[0]


@pytest.fixture
def saas(provider):
    return make_active(provider, now=timezone.now())


@pytest.fixture
def as_role(provider, client_for):
    return lambda role: client_for(make_member(provider.partner.organization, role))


def url(saas):
    return reverse("marketplace:further_resellers", args=[saas.pk])


def add(saas, number):
    return resellers.add_further_reseller(
        subscription_id=saas.pk, number=number, actor=admin_of(saas), now=timezone.now()
    )


def test_a_typed_partner_id_is_verified_first_and_added_then(saas, as_role):
    other = make_reseller(name="Fjord Services")
    client = as_role(Role.ADMIN_AGENT)
    answer = client.post(url(saas), {"further_typed": number_of(other), "further_step": "verify"})
    assert "Fjord Services – Headquarters" in text(answer)
    assert reread(saas).further_partner_ids == []
    client.post(url(saas), {"further_typed": number_of(other), "further_step": "add"})
    assert reread(saas).further_partner_ids == [number_of(other)]
    assert number_of(other) in text(client.get(reverse("marketplace:subscription", args=[saas.pk])))
    logged = AuditEvent.objects.filter(subject_id=str(saas.pk)).latest("pk")
    assert logged.after == {"further partner IDs": number_of(other)}
    client.post(url(saas), {"further_step": f"drop:{number_of(other)}"})
    assert reread(saas).further_partner_ids == []


def test_what_cannot_be_named_is_told_in_a_sentence(saas, as_role):
    named = number_of(make_reseller())
    add(saas, named)
    direct, unsigned = make_partner(name="Direct AB"), make_reseller(name="Late AB", agreement_signed=False)
    sandbox = make_reseller(is_sandbox=True)
    sentences = {
        "12": "A PartnerID has 5 to 12 digits.",
        "99999": "No partner has the PartnerID 99999.",
        number_of(sandbox): "No partner has the PartnerID",
        number_of(direct): "Direct AB is not an indirect reseller.",
        number_of(unsigned): "Late AB has not signed the partner agreement in force.",
        saas.subscription.partner_on_record: "on record as the first reseller already",
        named: "This PartnerID is named already.",
    }
    client = as_role(Role.ADMIN_AGENT)
    for number, sentence in sentences.items():
        for step in ("verify", "add"):
            answer = client.post(url(saas), {"further_typed": number, "further_step": step})
            assert answer.status_code == 422
            assert sentence in text(answer)
    assert reread(saas).further_partner_ids == [named]


def test_five_can_be_named_and_no_sixth(saas, as_role):
    for _number in range(5):
        add(saas, number_of(make_reseller()))
    with pytest.raises(InvalidInput, match="At most 5"):
        add(saas, number_of(make_reseller()))
    assert "More cannot be named" in text(as_role(Role.ADMIN_AGENT).get(url(saas)))


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT])
def test_other_agents_read_why_they_name_none(role, saas, as_role):
    client, number = as_role(role), number_of(make_reseller())
    assert "Admin agent" in text(client.get(url(saas)))
    for step in ("verify", "add", "drop:4711"):
        assert client.post(url(saas), {"further_typed": number, "further_step": step}).status_code == 403
    assert reread(saas).further_partner_ids == []


def test_who_is_no_provider_reads_why_there_are_none(client_for):
    saas = make_active(make_buying_relationship(), now=timezone.now())
    client = client_for(make_member(saas.subscription.billing_owner.organization, Role.ADMIN_AGENT))
    assert "Only indirect providers name resellers" in text(client.get(url(saas)))
    answer = client.post(url(saas), {"further_typed": number_of(make_reseller()), "further_step": "add"})
    assert answer.status_code == 409
    assert "Further resellers" not in text(client.get(reverse("marketplace:subscription", args=[saas.pk])))


def test_the_review_verifies_adds_and_drops_without_buying_and_the_order_keeps_them(provider, as_role):
    plan, client = make_plan(), as_role(Role.SALES_AGENT)
    catalogue = reverse("marketplace:offer", args=[provider.customer_id, plan.offer_id])
    sent = {"plan": plan.pk, "price": "P1M:monthly", "quantity": 3, "friendly_name": ""}
    assert client.post(catalogue, sent).status_code == 302
    review = reverse("marketplace:review", args=[provider.customer_id])
    first = number_of(provider.counterpart.organization)
    one, two = number_of(make_reseller(name="Fjord Services")), number_of(make_reseller())
    page = client.get(review)
    assert "Further resellers" in text(page)
    form = page.context["form"]
    answers = {"cart": form.initial["cart"], "total": form.initial["total"], "credited": first, "attested": "on"}

    verified = client.post(review, {**answers, "further_typed": one, "further_step": "verify"})
    assert "Fjord Services – Headquarters" in text(verified)
    added = client.post(review, {**answers, "further": two, "further_typed": one, "further_step": "add"})
    content = added.content.decode()
    assert f'name="further" value="{one}"' in re.sub(r"\s+", " ", content)
    assert client.post(review, {**answers, "further_typed": one}).status_code == 422, "typed, and not added"
    assert client.post(review, {**answers, "further": first}).status_code == 422
    assert not Order.objects.exists()

    bought = client.post(review, {**answers, "further": [one, two]})
    order = Order.objects.get()
    assert bought.headers["Location"] == reverse("marketplace:order", args=[order.pk])
    assert order.further_partner_ids == [one, two]
    assert SaaSSubscription.objects.get().further_partner_ids == [one, two]
    assert f"{one}, {two}" in text(client.get(reverse("marketplace:order", args=[order.pk])))


def test_a_further_reseller_that_becomes_the_first_is_named_once(saas):
    partner = Partner.objects.get(pk=saas.subscription.reseller_id)
    second = PartnerLocation.objects.create(
        partner=partner, partner_id_number="7654321", name="Branch", country="FR", is_headquarters=False
    )
    add(saas, second.partner_id_number)
    changes.change_partner_on_record(
        subscription_id=saas.pk,
        reseller_id=partner.pk,
        number=second.partner_id_number,
        actor=admin_of(saas),
        now=timezone.now(),
    )
    assert reread(saas).further_partner_ids == []


def test_for_htmx_the_review_answers_with_the_resellers_alone(provider, as_role):
    plan, client = make_plan(), as_role(Role.SALES_AGENT)
    sent = {"plan": plan.pk, "price": "P1M:monthly", "quantity": 3, "friendly_name": ""}
    client.post(reverse("marketplace:offer", args=[provider.customer_id, plan.offer_id]), sent)
    review = reverse("marketplace:review", args=[provider.customer_id])
    typed = {"further_typed": number_of(make_reseller(name="Fjord Services")), "further_step": "verify"}
    answer = client.post(review, typed, headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith("<fieldset")
    assert "Fjord Services – Headquarters" in text(answer)
