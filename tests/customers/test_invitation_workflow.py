"""Relationship requests from the unique link to the relationship: requirements R1-R4, R6-R8, R10."""

import datetime

import pytest

from customers import rules
from customers.enums import CustomerEvent, InvitationStatus, RelationshipKind
from customers.models import CustomerAgreement, InvitationLink, RelationshipInvitation, ResellerRelationship
from customers.workflow import invitations
from customers.workflow.relationships import take_back_admin_rights
from portal.accounts.enums import Cloud, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Partnership
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from portal.core.links import hash_token
from portal.notifications.models import OutgoingEmail
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def terms_of(partner, reseller=None, **changes):
    values = {
        "partner_id": partner.pk,
        "reseller_id": reseller.pk if reseller else None,
        "cloud": Cloud.PUBLIC,
        "include_admin_rights": False,
        "language": "fr",
        "customer_label": "Boulangerie Dupont",
        "expected_tenant_id": None,
        "expected_domain": "",
        "recipient_email": "marie@dupont.example",
        "message_subject": "Votre partenaire",
        "message_text": "Bonjour,\n[[link]]\nMerci",
    }
    return invitations.RequestTerms(**values | changes)


def request(partner, agent=None, **changes):
    agent = agent or make_actor(partner)
    return invitations.request_relationship(terms=terms_of(partner, **changes), actor=agent, now=NOON)


def customer_admin(**fields):
    customer = make_organization(OrganizationKind.CUSTOMER, **fields)
    return make_actor(customer, Role.CUSTOMER_ADMIN), customer


def provider_with_reseller():
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    reseller = make_partner(OrganizationKind.INDIRECT_RESELLER)
    Partnership.objects.create(
        provider=provider.partner,
        reseller=reseller.partner,
        status=PartnershipStatus.ACTIVE,
        requested_at=NOON,
        accepted_at=NOON,
    )
    return provider, reseller


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT])
def test_admin_and_sales_agents_request_a_relationship(role):
    partner = make_partner()

    invitation, token = request(partner, make_actor(partner, role))

    assert invitation.status == InvitationStatus.PENDING
    assert invitation.expires_at == NOON + 30 * DAY
    assert len(token) >= 43


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN_AGENT, Role.SALES_AGENT}))
def test_nobody_else_requests_a_relationship(role):
    partner = make_partner()

    with pytest.raises(PermissionDenied) as refused:
        request(partner, make_actor(partner, role))

    assert "Admin agent" in str(refused.value.who)
    assert not RelationshipInvitation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_only_the_hash_of_the_token_is_stored():
    _invitation, token = request(make_partner())

    link = InvitationLink.objects.get()
    assert link.token_hash == hash_token(token)
    stored = str(RelationshipInvitation.objects.values().get()) + str(AuditEvent.objects.values().get())
    assert token not in stored


def test_accepting_starts_the_relationship_signs_the_agreement_and_tells_both_sides():
    partner = make_partner()
    agent = make_actor(partner)
    invitation, token = request(partner, agent, include_admin_rights=True)
    marie, customer = customer_admin()

    relationship = invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON + DAY)

    assert (relationship.partner_id, relationship.customer_id) == (partner.pk, customer.pk)
    assert relationship.kind == RelationshipKind.DIRECT
    assert relationship.has_admin_rights
    assert rules.has_signed_agreement(partner_id=partner.pk, customer_id=customer.pk)
    invitation.refresh_from_db()
    assert (invitation.status, invitation.customer_id) == (InvitationStatus.ACCEPTED, customer.pk)
    event = AuditEvent.objects.get(event_type=CustomerEvent.RELATIONSHIP_ACCEPTED)
    assert set(event.parties.values_list("organization_id", flat=True)) == {partner.pk, customer.pk}
    assert OutgoingEmail.objects.filter(event_id=event.public_id, recipient=agent.email).exists()


def test_the_link_works_once():
    _invitation, token = request(make_partner())
    marie, _customer = customer_admin()
    invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON)

    with pytest.raises(rules.LinkUnusable) as refused:
        invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON)

    assert refused.value.state == InvitationStatus.ACCEPTED
    assert ResellerRelationship.objects.count() == 1
    assert CustomerAgreement.objects.count() == 1


def test_a_provider_and_its_reseller_both_get_the_customer():
    provider, reseller = provider_with_reseller()
    _invitation, token = request(provider, reseller=reseller)
    marie, customer = customer_admin()

    invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON)

    kinds = dict(ResellerRelationship.objects.filter(customer_id=customer.pk).values_list("partner_id", "kind"))
    assert kinds == {provider.pk: RelationshipKind.PROVIDER, reseller.pk: RelationshipKind.RESELLER}
    event = AuditEvent.objects.get(event_type=CustomerEvent.INDIRECT_RELATIONSHIP_ACCEPTED)
    assert event.parties.count() == 3


def test_a_reseller_asks_through_its_provider():
    provider, reseller = provider_with_reseller()

    invitation, _token = request(provider, make_actor(reseller), reseller=reseller)

    assert invitation.partner_id == provider.pk
    assert RelationshipInvitation.objects.visible_to(make_actor(provider)).get() == invitation
    assert RelationshipInvitation.objects.visible_to(make_actor(reseller)).get() == invitation
    assert not RelationshipInvitation.objects.visible_to(make_actor()).exists()


def test_a_provider_must_name_one_of_its_own_resellers():
    provider, _reseller = provider_with_reseller()
    stranger = make_partner(OrganizationKind.INDIRECT_RESELLER)

    with pytest.raises(rules.ResellerNotYours):
        request(provider)
    with pytest.raises(rules.ResellerNotYours):
        request(provider, reseller=stranger)


def test_nobody_asks_in_the_name_of_another_partner():
    with pytest.raises(rules.ResellerNotYours):
        request(make_partner(), make_actor())


def test_a_request_in_the_us_government_cloud_always_includes_administration_rights():
    partner = make_partner(country="US", cloud=Cloud.US_GOVERNMENT)

    with pytest.raises(InvalidInput) as refused:
        request(partner, cloud=Cloud.US_GOVERNMENT, include_admin_rights=False)

    assert refused.value.field == "include_admin_rights"


def test_a_partner_invites_in_its_own_cloud_only():
    with pytest.raises(rules.CloudMismatch):
        request(make_partner(), cloud=Cloud.US_GOVERNMENT, include_admin_rights=True)


@pytest.mark.parametrize("text", ["no link at all", "[[link]] twice [[link]]"])
def test_the_message_must_hold_the_link_exactly_once(text):
    with pytest.raises(InvalidInput) as refused:
        request(make_partner(), message_text=text)

    assert refused.value.field == "message_text"


def test_one_request_is_open_per_customer_and_partner():
    partner = make_partner()
    request(partner, expected_domain="dupont.example")

    with pytest.raises(rules.InvitationOpenAlready):
        request(partner, expected_domain="dupont.example")

    request(make_partner(), expected_domain="dupont.example")  # another partner may ask


def test_a_customer_outside_the_market_is_refused_before_sending_and_at_acceptance():
    partner = make_partner()
    abroad, canadian = customer_admin(country="CA")

    with pytest.raises(rules.OutsideMarket, match="Canada"):
        request(partner, expected_tenant_id=canadian.pk)

    _invitation, token = request(partner)
    with pytest.raises(rules.OutsideMarket):
        invitations.accept_invitation(token_hash=hash_token(token), actor=abroad, now=NOON)
    assert not ResellerRelationship.objects.exists()


def test_a_request_bound_to_a_tenant_or_domain_is_for_nobody_else():
    marie, customer = customer_admin(domain="dupont.example")
    other, _other_customer = customer_admin()
    _by_domain, token = request(make_partner(), expected_domain="dupont.example")

    with pytest.raises(rules.WrongTenant):
        invitations.accept_invitation(token_hash=hash_token(token), actor=other, now=NOON)

    assert invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON).customer_id == customer.pk


def test_only_an_administrator_of_the_customer_accepts():
    _invitation, token = request(make_partner())
    customer = make_organization()
    membership = make_member(customer, Role.CUSTOMER_ADMIN)
    membership.roles = []
    membership.save()
    from portal.accounts.queries import make_actor as actor_of

    with pytest.raises(rules.NotCustomerAdministrator):
        invitations.accept_invitation(
            token_hash=hash_token(token), actor=actor_of(membership, membership.user), now=NOON
        )


def test_a_partner_cannot_become_the_customer_of_a_partner():
    _invitation, token = request(make_partner())

    with pytest.raises(rules.PartnersCannotBeCustomers):
        invitations.accept_invitation(token_hash=hash_token(token), actor=make_actor(), now=NOON)


def test_sending_again_gives_a_new_link_and_kills_the_old_one():
    partner = make_partner()
    agent = make_actor(partner)
    invitation, old = request(partner, agent)

    _same, new = invitations.resend_invitation(invitation_id=invitation.pk, actor=agent, now=NOON + 5 * DAY)

    marie, _customer = customer_admin()
    with pytest.raises(rules.LinkUnusable) as refused:
        invitations.accept_invitation(token_hash=hash_token(old), actor=marie, now=NOON + 5 * DAY)
    assert refused.value.state == "replaced"
    assert invitations.accept_invitation(token_hash=hash_token(new), actor=marie, now=NOON + 34 * DAY)


def test_a_revoked_request_cannot_be_accepted():
    partner = make_partner()
    agent = make_actor(partner)
    invitation, token = request(partner, agent)
    invitations.revoke_invitation(invitation_id=invitation.pk, actor=agent, now=NOON)
    marie, _customer = customer_admin()

    with pytest.raises(rules.LinkUnusable) as refused:
        invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON)

    assert refused.value.state == InvitationStatus.REVOKED
    with pytest.raises(rules.InvitationNotPending):
        invitations.revoke_invitation(invitation_id=invitation.pk, actor=agent, now=NOON)


def test_an_expired_request_cannot_be_accepted_even_before_the_sweeper_ran():
    _invitation, token = request(make_partner())
    marie, _customer = customer_admin()

    with pytest.raises(rules.LinkUnusable) as refused:
        invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON + 30 * DAY)

    assert refused.value.state == InvitationStatus.EXPIRED


def test_the_sweeper_expires_what_is_due_once():
    partner = make_partner()
    due, _token = request(partner)
    invitations.request_relationship(terms=terms_of(partner), actor=make_actor(partner), now=NOON + DAY)

    assert invitations.expire_invitations(now=NOON + 30 * DAY) == 1
    assert invitations.expire_invitations(now=NOON + 30 * DAY) == 0

    due.refresh_from_db()
    assert due.status == InvitationStatus.EXPIRED
    assert AuditEvent.objects.filter(event_type=CustomerEvent.RELATIONSHIP_REQUEST_EXPIRED).count() == 1


def test_declining_tells_the_partner_the_reason():
    partner = make_partner()
    agent = make_actor(partner)
    invitation, token = request(partner, agent)
    marie, _customer = customer_admin()

    invitations.decline_invitation(
        token_hash=hash_token(token), reason="We have a partner already.", actor=marie, now=NOON
    )

    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.DECLINED
    mail = OutgoingEmail.objects.get(recipient=agent.email)
    assert "We have a partner already." in mail.text


def test_the_unique_link_stands_nowhere_in_the_stored_mail():
    partner = make_partner()
    agent = make_actor(partner)
    invitation, token = request(partner, agent)

    invitations.send_invitation(
        invitation_id=invitation.pk,
        link=f"https://portal.example/{token}",
        message=invitations.Message("marie@dupont.example", "Votre partenaire", "Bonjour,\n[[link]]"),
        actor=agent,
        now=NOON,
    )

    mail = OutgoingEmail.objects.get(recipient="marie@dupont.example")
    assert mail.language == "fr"
    assert token not in mail.text + mail.html + mail.subject
    assert mail.sealed_secrets


def test_another_partner_can_neither_send_nor_revoke_a_request_nor_make_a_new_link_for_it():
    invitation, _token = request(make_partner())
    stranger = make_actor()
    message = invitations.Message("marie@dupont.example", "Votre partenaire", "[[link]]")

    for change, more in (
        (invitations.send_invitation, {"link": "https://portal.example/x", "message": message}),
        (invitations.resend_invitation, {}),
        (invitations.revoke_invitation, {}),
    ):
        with pytest.raises(RelationshipInvitation.DoesNotExist):
            change(invitation_id=invitation.pk, actor=stranger, now=NOON, **more)

    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.PENDING
    assert invitation.links.filter(replaced_at__isnull=True).count() == 1


def test_only_the_customer_itself_takes_back_the_rights_it_gave():
    _invitation, token = request(make_partner(), include_admin_rights=True)
    marie, _customer = customer_admin()
    relationship = invitations.accept_invitation(token_hash=hash_token(token), actor=marie, now=NOON)
    other, _other_customer = customer_admin()

    with pytest.raises(ResellerRelationship.DoesNotExist):
        take_back_admin_rights(relationship_id=relationship.pk, actor=other, now=NOON)
    take_back_admin_rights(relationship_id=relationship.pk, actor=marie, now=NOON)

    relationship.refresh_from_db()
    assert not relationship.has_admin_rights
