"""A partner's own tenant for shared services: empty, its own, and one only (A2, section 9.7)."""

import pytest

from azure.enums import AzureEvent
from azure.models import SharedServicesTenant
from azure.rules import tenants as rules
from azure.workflow.tenants import keep_tenant
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from tests.azure.factories import PLAN, SHARED, buy, make_customer_of
from tests.customers.factories import make_indirect_relationships, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db


def keep(relationship, role=Role.ADMIN_AGENT):
    actor = make_actor(relationship.partner.organization, role)
    return keep_tenant(customer_id=relationship.customer_id, actor=actor, now=NOON)


def test_an_empty_account_becomes_the_own_tenant_and_holds_shared_services_alone():
    relationship = make_customer_of()
    keep(relationship)
    assert AuditEvent.objects.filter(event_type=AzureEvent.TENANT_KEPT).count() == 1
    assert buy(relationship, SHARED).product_family == "shared_services"
    with pytest.raises(rules.Refusal) as refused:
        buy(relationship, PLAN)
    assert refused.value.code == "azure-shared-services-tenant"
    with pytest.raises(rules.TenantKeptAlready):
        keep(make_customer_of(partner=relationship.partner.organization))


def test_what_is_used_or_known_to_others_or_served_by_a_reseller_is_no_own_tenant():
    used, shared = make_customer_of(), make_customer_of()
    make_subscription(used)
    make_relationship(customer=shared.customer)
    of_provider, _of_reseller = make_indirect_relationships(has_agreement=True)
    for relationship in (used, shared, of_provider):
        with pytest.raises(rules.TenantInUse):
            keep(relationship)
    with pytest.raises(PermissionDenied):
        keep(make_customer_of(), Role.HELPDESK_AGENT)
    assert not SharedServicesTenant.objects.exists()


def test_the_page_asks_first_and_the_catalogue_leads_there(client_for):
    relationship = make_customer_of()
    client = client_for(make_member(relationship.partner.organization))
    url = f"/customers/{relationship.customer_id}/shared-services/"
    assert url in client.get(f"/customers/{relationship.customer_id}/products/").content.decode()
    assert "This cannot be undone." in client.get(url).content.decode()
    assert not SharedServicesTenant.objects.exists()
    assert client.post(url).status_code == 302
    assert client.post(url).status_code == 409
    assert "has its tenant for shared services already" in client.get(url).content.decode()
