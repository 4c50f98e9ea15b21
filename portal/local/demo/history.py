"""What happened in the demo world during the last two months, done by the functions that the pages call.

Everything is put in order first and done then, so that the log's own order is the order of time.
"""

import datetime
import random
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts import announcements, queries
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS, AccountEvent, InvitationStatus, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, User, UserInvitation
from portal.accounts.permissions import ROLES_BY_KIND, Permission, roles_allowing
from portal.accounts.sign_in.devices import Device, Origin
from portal.accounts.sign_in.sessions import IDLE
from portal.accounts.workflow import invitations, organization, second_factors, sessions, users
from portal.audit.models import AuditEvent
from portal.core.links import hash_token, make_token
from portal.local.demo.organizations import PARTNERS, PROGRAMME, DemoOrganization, organization_id
from portal.local.demo.people import PEOPLE, DemoPerson, membership_id
from portal.local.demo.sign_in import totp_secret
from portal.notifications import action_center
from portal.notifications.enums import ActionKind

Step = tuple[datetime.datetime, Callable[[datetime.datetime], object]]

DEVICES = (
    Device("Microsoft Edge", "Windows"),
    Device("Chrome", "Windows"),
    Device("Firefox", "Linux"),
    Device("Safari", "macOS"),
    Device("Chrome", "Android"),
)
SIGN_INS = range(2, 5)  # of each partner's person in the last weeks
SIGN_INS_OF_THE_BUSIEST = range(6, 10)  # so that one log has several pages
OPEN_INVITATIONS = {
    # domain: (name, language, roles, days ago, what became of it)
    "belfortcloud.example": (
        ("Noémie Garnier", "fr", (Role.SALES_AGENT,), 2, InvitationStatus.OPEN),
        ("Paul Sanchez", "fr", (Role.HELPDESK_AGENT,), 9, InvitationStatus.EXPIRED),
        ("Rachid Amrani", "fr", (Role.BILLING_ADMIN,), 16, InvitationStatus.REVOKED),
    ),
    "fjallvind.example": (
        ("Saga Bergström", "sv", (Role.ADMIN_AGENT,), 1, InvitationStatus.OPEN),
        ("Pia Lund", "sv", (Role.HELPDESK_AGENT,), 12, InvitationStatus.EXPIRED),
    ),
    "rheingold.example": (("Miguel Santos", "en", (Role.SALES_AGENT,), 3, InvitationStatus.OPEN),),
    "delta-distributie.example": (("Eva Smit", "en", (Role.HELPDESK_AGENT,), 4, InvitationStatus.OPEN),),
}


def write(*, now: datetime.datetime) -> None:
    """Do everything that happened, in order, and note when each person signed in last."""
    chance = random.Random("demo world")  # noqa: S311 -- the same world at every loading
    story = Story(now, chance)
    for when, act in sorted(story.steps(), key=lambda step: step[0]):
        act(when)
    User.objects.bulk_update(
        [User(pk=user_id, last_login=when) for user_id, when in story.last_sign_ins.items()], ["last_login"]
    )


class Story:
    """The steps of the story, each with its moment. ``chance`` decides what nobody cares about."""

    def __init__(self, now: datetime.datetime, chance: random.Random) -> None:
        self.now = now
        self.chance = chance
        self.last_sign_ins: dict[UUID, datetime.datetime] = {}

    def steps(self) -> Iterator[Step]:
        """Yield every step, in no order."""
        for partner in PARTNERS:
            yield from self._beginning(partner)
            yield from self._invitations(partner)
        for person in PEOPLE:
            is_partners = _kind_of(person) in PARTNER_KINDS
            if is_partners or _kind_of(person) == OrganizationKind.OPERATOR:
                yield self._at(45), partial(_set_up_second_factor, person, self._origin())
            if is_partners:
                yield from self._career(person)
            yield from self._sign_ins(person, count=self._sign_in_count(person) if is_partners else 2)

    def _at(self, days_ago: float) -> datetime.datetime:
        """Return a moment in the working hours of a day; never later than an hour ago."""
        day = self.now - datetime.timedelta(days=days_ago)
        seconds = self.chance.randrange(7 * 3600, 16 * 3600)
        moment = day.replace(hour=0, minute=0, second=0, microsecond=0) + datetime.timedelta(seconds=seconds)
        return min(moment, self.now - datetime.timedelta(hours=1, seconds=seconds % 3600))

    def _sign_in_count(self, person: DemoPerson) -> int:
        is_of_busiest = person.places[0][0] == PARTNERS[0].domain
        return self.chance.choice(SIGN_INS_OF_THE_BUSIEST if is_of_busiest else SIGN_INS)

    def _origin(self) -> Origin:
        """Return an address of the documentation range (RFC 5737) and a browser."""
        return Origin(address=f"203.0.113.{self.chance.randrange(1, 255)}", device=self.chance.choice(DEVICES))

    def _beginning(self, partner: DemoOrganization) -> Iterator[Step]:
        yield self._at(59), partial(_register, partner)
        yield self._at(55 if partner.agreement_signed else 18), partial(_ask_for_agreement, partner)
        if partner.agreement_signed:
            yield self._at(50), partial(_sign_agreement, partner)
        if partner.phone:
            changes = {"contact_email": f"hello@{partner.domain}"}
            yield self._at(self.chance.randrange(8, 28)), partial(_update_profile, partner, changes)

    def _invitations(self, partner: DemoOrganization) -> Iterator[Step]:
        for name, language, roles, days_ago, ending in OPEN_INVITATIONS.get(partner.domain, ()):
            email = f"{name.split()[0].lower()}@{partner.domain}".replace("é", "e")
            invited_at = self._at(days_ago)
            yield invited_at, partial(_invite, partner, name, email, language, roles)
            if ending == InvitationStatus.REVOKED:
                yield invited_at + datetime.timedelta(hours=26), partial(_revoke, partner, email)
            elif ending == InvitationStatus.EXPIRED:
                expired_at = invited_at + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS, minutes=20)
                yield expired_at, partial(_expire, email)

    def _career(self, person: DemoPerson) -> Iterator[Step]:
        """How a partner's person came in, and what changed for it since."""
        for number, (domain, _roles) in enumerate(person.places):
            if _leader(domain) != person:
                invited_at = self._at(48)
                yield invited_at, partial(_was_invited, person, number)
                yield invited_at + datetime.timedelta(hours=3), partial(_joined, person, domain)
        if person.started_as:
            yield self._at(self.chance.randrange(5, 25)), partial(_change_roles, person)
        if person.has_left:
            yield self._at(20), partial(_deactivate, person)

    def _sign_ins(self, person: DemoPerson, *, count: int) -> Iterator[Step]:
        first_day = 22 if person.has_left else 1
        for days_ago in self.chance.sample(range(first_day, first_day + 20), count):
            came, origin = self._at(days_ago), self._origin()
            if self.chance.random() < 0.12:
                yield came - datetime.timedelta(minutes=1), partial(_mistyped, person, origin)
            yield came, partial(_signed_in, person, origin, self.last_sign_ins)
            left = came + datetime.timedelta(minutes=self.chance.randrange(4, 50))
            ending = self.chance.random()
            if ending < 0.4:
                yield left, partial(_signed_out, person, origin)
            elif ending < 0.55:
                yield left + datetime.timedelta(minutes=30), partial(_ran_out, person)


def _kind_of(person: DemoPerson) -> OrganizationKind:
    return next(
        (partner.kind for partner in PARTNERS if partner.domain == person.places[0][0]),
        OrganizationKind.OPERATOR if person.places[0][0] == PROGRAMME.domain else OrganizationKind.CUSTOMER,
    )


def _leader(domain: str) -> DemoPerson:
    """The person who was there first: a global admin, or the programme's own."""
    return next(
        person
        for person in PEOPLE
        for place, roles in person.places
        if place == domain and {Role.GLOBAL_ADMIN, Role.OPERATOR_ADMIN} & set(roles)
    )


def _actor(person: DemoPerson, domain: str) -> Actor:
    membership = Membership.objects.select_related("user", "organization").get(pk=membership_id(person, domain))
    return queries.make_actor(membership, membership.user)


def _leading_actor(domain: str) -> Actor:
    return _actor(_leader(domain), domain)


def _register(partner: DemoOrganization, when: datetime.datetime) -> None:
    """The programme takes the partner in."""
    announcements.announce_organization(
        AccountEvent.ORGANIZATION_UPDATED,
        Organization.objects.get(pk=partner.id),
        actor=_leading_actor(PROGRAMME.domain),
        now=when,
        after={"name": partner.name, "country": partner.country},
    )


def _ask_for_agreement(partner: DemoOrganization, when: datetime.datetime) -> None:
    organization.ask_for_partner_agreement(organization_id=partner.id, now=when)


def _sign_agreement(partner: DemoOrganization, when: datetime.datetime) -> None:
    signer = _leading_actor(partner.domain)
    organization.sign_partner_agreement(actor=signer, now=when)
    action_center.notify(
        event=AuditEvent.objects.filter(event_type=AccountEvent.PARTNER_AGREEMENT_SIGNED).latest("pk"),
        organization_id=partner.id,
        roles=ROLES_BY_KIND[partner.kind],
        kind=ActionKind.TRANSACTIONAL,
        workspace="account-settings",
        title=_("%(name)s has signed the partner agreement"),
        title_params={"name": signer.name},
        body=_("Your organization can now buy for its customers."),
    )


def _update_profile(partner: DemoOrganization, changes: dict[str, str], when: datetime.datetime) -> None:
    organization.update_organization(changes=changes, actor=_leading_actor(partner.domain), now=when)


def set_up_second_factor(person: DemoPerson, origin: Origin, when: datetime.datetime) -> None:
    """Give the person the authenticator app whose secret demo_accounts prints."""
    second_factors.add_authenticator_app(user_id=person.id, secret=totp_secret(person.email), origin=origin, now=when)


def _set_up_second_factor(person: DemoPerson, origin: Origin, when: datetime.datetime) -> None:
    """The person set it up, and is asked to keep the recovery codes that came with it."""
    set_up_second_factor(person, origin, when)
    home_id = organization_id(person.places[0][0])
    events = AuditEvent.objects.filter(event_type=AccountEvent.SECOND_FACTOR_ADDED, subject_id=str(person.id))
    action_center.notify(
        event=events.filter(parties__organization_id=home_id).latest("pk"),
        organization_id=home_id,
        user_id=person.id,
        kind=ActionKind.RECOMMENDED,
        workspace="account-settings",
        title=_("Keep your recovery codes in a safe place"),
        body=_("They let you in when your phone is lost. Print them, or keep them in a password manager."),
        url=reverse("accounts:security"),
    )


def _was_invited(person: DemoPerson, number: int, when: datetime.datetime) -> None:
    """An invitation that is accepted already: the person stands in the database, its id the same everywhere."""
    domain, roles = person.places[number]
    inviter = _leading_actor(domain)
    token = make_token()
    invitation = UserInvitation.objects.create(
        organization_id=organization_id(domain),
        email=person.email,
        name=person.name,
        roles=sorted(str(role) for role in (person.started_as if number == 0 else ()) or roles),
        language=person.language,
        token_hash=hash_token(token),
        status=InvitationStatus.ACCEPTED,
        invited_by_id=inviter.user_id,
        created_at=when,
        sent_at=when,
        expires_at=when + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS),
        closed_at=when + datetime.timedelta(hours=3),
    )
    announcements.announce_invited(AccountEvent.USER_INVITED, invitation, token=token, actor=inviter, now=when)


def _joined(person: DemoPerson, domain: str, when: datetime.datetime) -> None:
    invitation = UserInvitation.objects.get(organization_id=organization_id(domain), email=person.email)
    membership = Membership.objects.select_related("user").get(pk=membership_id(person, domain))
    announcements.announce_joined(invitation, membership, actor=_actor(person, domain), now=when)


def _change_roles(person: DemoPerson, when: datetime.datetime) -> None:
    domain, roles = person.places[0]
    users.change_roles(
        membership_id=membership_id(person, domain),
        roles=[str(role) for role in roles],
        actor=_leading_actor(domain),
        now=when,
    )
    _suggest_review(domain)


def _suggest_review(domain: str) -> None:
    """Roles changed: somebody should look at all of them, says the programme."""
    changed = AuditEvent.objects.filter(event_type=AccountEvent.USER_ROLES_CHANGED).latest("pk")
    kind = next(partner.kind for partner in PARTNERS if partner.domain == domain)
    action_center.notify(
        event=changed,
        organization_id=organization_id(domain),
        roles=roles_allowing(Permission.USER_MANAGE, kind=kind),
        kind=ActionKind.RECOMMENDED,
        workspace="account-settings",
        title=_("Review who may do what"),
        body=_("The roles of %(name)s have changed. See whether everybody still has the roles they need, and no more."),
        body_params={"name": changed.subject_name},
        url=reverse("accounts:users"),
        due_at=changed.occurred_at + datetime.timedelta(days=30),
    )


def _deactivate(person: DemoPerson, when: datetime.datetime) -> None:
    domain, _roles = person.places[0]
    users.deactivate_user(membership_id=membership_id(person, domain), actor=_leading_actor(domain), now=when)


def _invite(
    partner: DemoOrganization, name: str, email: str, language: str, roles: tuple[Role, ...], when: datetime.datetime
) -> None:
    invitations.invite_user(
        name=name,
        email=email,
        roles=[str(role) for role in roles],
        language=language,
        actor=_leading_actor(partner.domain),
        now=when,
    )


def _revoke(partner: DemoOrganization, email: str, when: datetime.datetime) -> None:
    invitation = UserInvitation.objects.get(email=email)
    invitations.revoke_invitation(invitation_id=invitation.pk, actor=_leading_actor(partner.domain), now=when)


def _expire(email: str, when: datetime.datetime) -> None:
    invitations.expire_invitation(invitation_id=UserInvitation.objects.get(email=email).pk, now=when)


def _mistyped(person: DemoPerson, origin: Origin, when: datetime.datetime) -> None:
    sessions.note_failed_sign_in(email=person.email, method="password", origin=origin, now=when)


def _signed_in(
    person: DemoPerson, origin: Origin, last: dict[UUID, datetime.datetime], when: datetime.datetime
) -> None:
    methods = ["password", "totp"] if _kind_of(person) in PARTNER_KINDS else ["password"]
    sessions.note_sign_in(user_id=person.id, methods=methods, origin=origin, now=when)
    last[person.id] = when


def _signed_out(person: DemoPerson, origin: Origin, when: datetime.datetime) -> None:
    sessions.note_sign_out(user_id=person.id, session_key="", origin=origin, now=when)


def _ran_out(person: DemoPerson, when: datetime.datetime) -> None:
    sessions.session_ran_out(user_id=person.id, session_key="", reason=IDLE, now=when)
