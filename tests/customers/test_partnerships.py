"""Partnerships of providers and resellers: asked, answered, ended, and told to both sides (R10, A10)."""

import datetime

import pytest

from customers import rules
from customers.enums import InvitationStatus
from customers.workflow import invitations, partnerships
from customers.workflow.relationships import remove_relationship, start_relationships
from portal.accounts.enums import AccountEvent, Cloud, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Partnership
from portal.core.errors import PermissionDenied
from portal.core.links import hash_token
from portal.notifications.models import ActionItem
from tests.customers.factories import (
    make_indirect_relationships,
    make_partnership,
    make_relationship,
    make_subscription,
)
from tests.customers.test_invitation_workflow import customer_admin, terms_of
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.portal.accounts.helpers import actor_of, event_names, mails_to, traces

pytestmark = pytest.mark.django_db
PROVIDER, RESELLER, DIRECT = (
    OrganizationKind.INDIRECT_PROVIDER,
    OrganizationKind.INDIRECT_RESELLER,
    OrganizationKind.DIRECT_BILL,
)
LATER = NOON + datetime.timedelta(hours=1)
HTMX = {"headers": {"HX-Request": "true"}}


def admin_of(organization):
    return make_actor(organization, Role.GLOBAL_ADMIN)


def ask(own, other, actor=None):
    return partnerships.request_partnership(partner_id=other.pk, actor=actor or admin_of(own), now=NOON)


def act(change, partnership, organization):
    return change(partnership_id=partnership.pk, actor=admin_of(organization), now=LATER)


@pytest.fixture
def provider():
    return make_partner(PROVIDER)


@pytest.fixture
def reseller():
    return make_partner(RESELLER)


# --- asking ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("own", "other"), [(PROVIDER, RESELLER), (RESELLER, PROVIDER), (PROVIDER, DIRECT)])
def test_either_side_asks_and_the_other_accepts(own, other):
    asking, asked = make_partner(own), make_partner(other)

    partnership = ask(asking, asked)
    accepted = act(partnerships.accept_partnership, partnership, asked)

    assert (accepted.status, accepted.accepted_at) == (PartnershipStatus.ACTIVE, LATER)
    assert accepted.provider.organization.kind == PROVIDER
    assert accepted.requested_by_provider == (own == PROVIDER)
    for side in (asking, asked):
        assert event_names(side) == [AccountEvent.PARTNERSHIP_REQUESTED, AccountEvent.PARTNERSHIP_ACCEPTED]


def test_a_direct_bill_partner_asks_a_provider_while_it_is_still_direct_bill(provider):
    direct = make_partner(DIRECT)

    partnership = ask(direct, provider)

    assert (partnership.provider_id, partnership.reseller_id) == (provider.pk, direct.pk)
    assert partnership.status == PartnershipStatus.REQUESTED


@pytest.mark.parametrize(
    ("own", "other"), [(PROVIDER, PROVIDER), (RESELLER, RESELLER), (RESELLER, DIRECT), (DIRECT, DIRECT)]
)
def test_a_partnership_joins_a_provider_and_a_reseller_and_nobody_else(own, other):
    with pytest.raises(rules.NotProviderAndReseller):
        ask(make_partner(own), make_partner(other))

    assert traces() == (0, 0, 0)


def test_nobody_asks_itself(provider):
    with pytest.raises(rules.UnknownPartner):
        ask(provider, provider)


def test_sandbox_and_production_do_not_meet(provider):
    with pytest.raises(rules.UnknownPartner):
        ask(provider, make_partner(RESELLER, is_sandbox=True))


def test_partners_of_two_markets_or_clouds_do_not_meet(provider, reseller):
    elsewhere = make_partner(RESELLER)
    elsewhere.partner.market = "brazil"
    elsewhere.partner.save()

    with pytest.raises(rules.PartnerOutsideMarket):
        ask(provider, elsewhere)
    with pytest.raises(rules.CloudMismatch):
        ask(provider, make_partner(RESELLER, cloud=Cloud.US_GOVERNMENT))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}))
def test_only_global_admins_and_admin_agents_ask(role, provider, reseller):
    with pytest.raises(PermissionDenied):
        ask(provider, reseller, make_actor(provider, role))


def test_a_second_request_of_the_same_two_leads_to_the_first(provider, reseller):
    first = ask(provider, reseller)

    for own, other, words in ((provider, reseller, "asked this partner"), (reseller, provider, "asked you")):
        with pytest.raises(rules.PartnershipOpenAlready, match=words) as refused:
            ask(own, other)
        assert str(first.pk) in refused.value.next_url
    act(partnerships.accept_partnership, first, reseller)
    with pytest.raises(rules.PartnershipOpenAlready, match="have a partnership"):
        ask(provider, reseller)


# --- answering -------------------------------------------------------------------------------------------------------
def test_who_asked_withdraws_and_who_was_asked_declines(provider, reseller):
    partnership = ask(provider, reseller)

    for change in (partnerships.accept_partnership, partnerships.decline_partnership):
        with pytest.raises(rules.NotYoursToAnswer):
            act(change, partnership, provider)
    with pytest.raises(rules.NotYoursToAnswer):
        act(partnerships.withdraw_partnership, partnership, reseller)

    assert act(partnerships.decline_partnership, partnership, reseller).status == PartnershipStatus.DECLINED
    again = ask(provider, reseller)
    assert act(partnerships.withdraw_partnership, again, provider).status == PartnershipStatus.WITHDRAWN


@pytest.mark.parametrize("closing", ["accept", "decline", "withdraw"])
def test_an_answered_request_is_not_answered_again(closing, provider, reseller):
    partnership = ask(provider, reseller)
    changes = {
        "accept": (partnerships.accept_partnership, reseller),
        "decline": (partnerships.decline_partnership, reseller),
        "withdraw": (partnerships.withdraw_partnership, provider),
    }
    act(changes[closing][0], partnership, changes[closing][1])
    before = traces()

    for change, organization in changes.values():
        with pytest.raises(rules.PartnershipNotOpen):
            act(change, partnership, organization)
    assert traces() == before


def test_an_admin_agent_asks_but_only_a_global_admin_answers(provider, reseller):
    partnership = ask(provider, reseller, make_actor(provider))

    with pytest.raises(PermissionDenied) as refused:
        partnerships.accept_partnership(partnership_id=partnership.pk, actor=make_actor(reseller), now=NOON)

    assert str(Role.GLOBAL_ADMIN.label) in str(refused.value.who)


def test_nobody_answers_for_others(provider, reseller):
    partnership = ask(provider, reseller)

    with pytest.raises(Partnership.DoesNotExist):
        act(partnerships.accept_partnership, partnership, make_partner(RESELLER))


def test_the_other_side_is_asked_by_mail_and_in_the_action_center_until_it_answers(provider, reseller):
    boss = make_member(reseller, Role.GLOBAL_ADMIN, language="sv")
    helper = make_member(reseller, Role.HELPDESK_AGENT)
    agent = make_member(provider, Role.ADMIN_AGENT)

    partnership = ask(provider, reseller, actor_of(agent))

    (mail,) = mails_to(boss.user.email)
    assert (mail.language, provider.name in mail.subject, f"/partnerships/{partnership.pk}/" in mail.text) == (
        "sv",
        True,
        True,
    )
    assert not mails_to(helper.user.email)
    assert not mails_to(agent.user.email)
    item = ActionItem.objects.get(organization=reseller)
    assert (item.kind, item.roles, item.completed_at) == ("recommended", ["global_admin"], None)

    partnerships.accept_partnership(partnership_id=partnership.pk, actor=actor_of(boss), now=LATER)

    item.refresh_from_db()
    assert item.completed_at == LATER
    assert len(mails_to(boss.user.email)) == 2
    (told,) = mails_to(agent.user.email)
    assert reseller.name in told.subject
    assert reseller.name in ActionItem.objects.get(organization=provider).title["en"]


# --- ending ----------------------------------------------------------------------------------------------------------
def test_either_side_ends_a_partnership_without_customers_and_both_can_begin_again():
    for ends in ("provider", "reseller"):
        partnership = make_partnership()
        provider, reseller = partnership.provider.organization, partnership.reseller.organization

        ended = act(partnerships.end_partnership, partnership, getattr(partnership, ends).organization)

        assert (ended.status, ended.ended_at) == (PartnershipStatus.ENDED, LATER)
        assert event_names(provider) == event_names(reseller) == [AccountEvent.PARTNERSHIP_ENDED]
        assert ask(reseller, provider).status == PartnershipStatus.REQUESTED


def test_customers_served_together_keep_partners_together():
    of_provider, of_reseller = make_indirect_relationships()
    partnership = Partnership.objects.get()

    for side in ("provider", "reseller"):
        with pytest.raises(rules.PartnershipInUse, match="1 customer has"):
            act(partnerships.end_partnership, partnership, getattr(partnership, side).organization)

    remove_relationship(relationship_id=of_reseller.pk, actor=make_actor(of_reseller.partner.organization), now=NOON)
    assert act(partnerships.end_partnership, partnership, of_provider.partner.organization).status == "ended"


def test_customers_of_other_partnerships_do_not_count():
    make_indirect_relationships()
    partnership = make_partnership()
    make_subscription(make_relationship(partnership.provider.organization))

    assert act(partnerships.end_partnership, partnership, partnership.reseller.organization).status == "ended"


def test_ending_revokes_the_open_requests_that_name_both_and_no_others():
    partnership, other = make_partnership(), make_partnership()
    Partnership.objects.filter(pk=other.pk).update(provider=partnership.provider)
    provider = partnership.provider.organization
    agent = make_actor(provider)
    both, token = invitations.request_relationship(
        terms=terms_of(provider, partnership.reseller), actor=agent, now=NOON
    )
    others, _token = invitations.request_relationship(terms=terms_of(provider, other.reseller), actor=agent, now=NOON)
    customer, _organization = customer_admin()

    act(partnerships.end_partnership, partnership, partnership.reseller.organization)

    both.refresh_from_db()
    others.refresh_from_db()
    assert (both.status, others.status) == (InvitationStatus.REVOKED, InvitationStatus.PENDING)
    with pytest.raises(rules.LinkUnusable):
        invitations.accept_invitation(token_hash=hash_token(token), actor=customer, now=LATER)


@pytest.mark.parametrize("state", [PartnershipStatus.REQUESTED, PartnershipStatus.ENDED])
def test_a_new_request_through_a_reseller_needs_an_active_partnership(state):
    partnership = make_partnership()
    dates = {"accepted_at": None} if state == PartnershipStatus.REQUESTED else {"ended_at": NOON}
    Partnership.objects.filter(pk=partnership.pk).update(status=state, **dates)
    provider, reseller = partnership.provider.organization, partnership.reseller.organization

    for own in (provider, reseller):
        with pytest.raises(rules.ResellerNotYours):
            invitations.request_relationship(terms=terms_of(provider, reseller), actor=make_actor(own), now=NOON)
    with pytest.raises(rules.ResellerNotYours):
        start_relationships(
            customer_organization=customer_admin()[1],
            partner=provider.partner,
            reseller=reseller.partner,
            has_admin_rights=False,
            now=NOON,
        )


def test_a_reseller_joins_a_customer_whose_provider_had_lost_its_reseller():
    of_provider, of_reseller = make_indirect_relationships()
    remove_relationship(relationship_id=of_reseller.pk, actor=make_actor(of_reseller.partner.organization), now=NOON)

    _provider_row, again = start_relationships(
        customer_organization=of_provider.customer.organization,
        partner=of_provider.partner,
        reseller=of_reseller.partner,
        has_admin_rights=False,
        now=LATER,
    )

    of_provider.refresh_from_db()
    assert (of_provider.counterpart_id, again.counterpart_id) == (of_reseller.partner_id, of_provider.partner_id)


# --- pages -----------------------------------------------------------------------------------------------------------
def number_of(organization):
    return organization.partner.locations.get().partner_id_number


@pytest.mark.parametrize("by", ["Microsoft ID", "PartnerID"])
def test_a_partner_is_found_by_either_number_shown_and_asked(by, provider, reseller, client_for):
    browser = client_for(make_member(provider, Role.GLOBAL_ADMIN))
    number = number_of(reseller) if by == "PartnerID" else str(reseller.pk)

    question = browser.get("/customers/partnerships/request/", {"partner": f" {number} "}).content.decode()
    answer = browser.post("/customers/partnerships/request/", {"partner": str(reseller.pk)}, follow=True)

    assert reseller.name in question
    assert "Is this the company?" in question
    page = answer.content.decode()
    assert "was asked for a partnership" in page
    assert "Withdraw" in page
    assert Partnership.objects.get().status == PartnershipStatus.REQUESTED


@pytest.mark.parametrize(
    ("text", "words"),
    [("12345", "No partner has this"), ("", "This field is required"), ("<script>", "No partner has this")],
)
def test_a_number_that_belongs_to_nobody_is_said_at_its_field(text, words, provider, client_for):
    browser = client_for(make_member(provider, Role.GLOBAL_ADMIN))

    answer = browser.post("/customers/partnerships/request/", {"partner": text})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Partnership.objects.exists()


def test_both_sides_see_the_partnership_with_its_state(provider, reseller, client_for):
    partnership = ask(provider, reseller)
    pages = {}
    for side, role in ((provider, Role.HELPDESK_AGENT), (reseller, Role.GLOBAL_ADMIN)):
        pages[side] = client_for(make_member(side, role)).get("/customers/partnerships/").content.decode()

    assert "Indirect resellers" in pages[provider]
    assert reseller.name in pages[provider]
    assert "You asked" in pages[provider]
    assert "Indirect providers" in pages[reseller]
    assert provider.name in pages[reseller]
    assert "Asks you" in pages[reseller]

    browser = client_for(make_member(reseller, Role.GLOBAL_ADMIN))
    path = f"/customers/partnerships/{partnership.pk}/"
    unchecked = browser.post(f"{path}accept/")
    accepted = browser.post(f"{path}accept/", {"authorized": "on"}, follow=True)

    assert unchecked.status_code == 422
    assert "is active" in accepted.content.decode()
    assert "Indirect providers" in accepted.content.decode()
    rows = browser.get("/customers/partnerships/").content.decode()
    assert f"/customers/requests/new/?counterpart={provider.pk}" in rows


def test_the_list_is_narrowed_by_name_and_state(provider, client_for):
    names = ("Alpenblick", "Isarbrück")
    first, _second = (make_partnership(provider, make_partner(RESELLER, name=name)) for name in names)
    act(partnerships.end_partnership, first, provider)
    browser = client_for(make_member(provider))

    def shown(**query):
        page = browser.get("/customers/partnerships/", query, **HTMX).content.decode()
        return [name for name in names if f">{name}<" in page]

    assert shown() == ["Isarbrück"]
    assert shown(state="ended") == ["Alpenblick"]
    assert shown(q="ISARBRUCK") == ["Isarbrück"]
    assert shown(q="alpen") == []


@pytest.mark.parametrize("extra", [{}, HTMX])
def test_the_page_lists_what_keeps_partners_together_or_ends_the_partnership(extra, client_for):
    of_provider, _of_reseller = make_indirect_relationships()
    partnership = Partnership.objects.get()
    browser = client_for(make_member(partnership.provider.organization, Role.GLOBAL_ADMIN))
    path = f"/customers/partnerships/{partnership.pk}/end/"

    blocked = browser.post(path, **extra)
    remove_relationship(relationship_id=of_provider.pk, actor=make_actor(of_provider.partner.organization), now=NOON)
    question = browser.get(path, **extra).content.decode()
    done = browser.post(path, **extra)

    assert blocked.status_code == 409
    assert "1 customer has an active relationship" in blocked.content.decode()
    assert "their links stop working" in question
    assert done.headers.get("Location") or done.headers["HX-Redirect"]
    partnership.refresh_from_db()
    assert partnership.status == PartnershipStatus.ENDED


def test_what_came_too_late_is_said_on_the_page(provider, reseller, client_for):
    partnership = ask(provider, reseller)
    browser = client_for(make_member(reseller, Role.GLOBAL_ADMIN))
    act(partnerships.withdraw_partnership, partnership, provider)

    answer = browser.post(f"/customers/partnerships/{partnership.pk}/accept/", {"authorized": "on"})

    assert answer.status_code == 409
    assert "withdrawn" in answer.content.decode()


def test_a_reseller_opens_the_request_page_with_its_provider_chosen(client_for):
    partnership = make_partnership()
    make_partnership(reseller=partnership.reseller.organization)
    browser = client_for(make_member(partnership.reseller.organization))

    page = browser.get(f"/customers/requests/new/?counterpart={partnership.provider_id}").content.decode()

    assert f'value="{partnership.provider_id}" selected' in page


def test_the_company_profile_leads_to_partnerships(provider, reseller, client_for):
    partnership = ask(provider, reseller)

    page = client_for(make_member(reseller, Role.GLOBAL_ADMIN)).get("/account-settings/company/").content.decode()

    assert f"/customers/partnerships/{partnership.pk}/" in page
