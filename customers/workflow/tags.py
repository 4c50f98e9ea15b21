"""Tags: the words a partner sorts its customers by, created, given, taken and deleted (section 1.4)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_customer, announce_list_change
from customers.enums import CustomerEvent, TagChange
from customers.models import ResellerRelationship, Tag
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal


@dataclass
class TagResult:
    """What became of each customer: changed, unchanged, or refused with the reason (quality row 37)."""

    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[tuple[str, Refusal]] = field(default_factory=list)


@transaction.atomic
def create_tags(*, names: Iterable[str], actor: Actor, now: datetime.datetime) -> list[Tag]:
    """Add what is missing of these words to the partner's tags, and return all of them as they are spelled there.

    Upper and lower case make no difference. Raises: PermissionDenied, InvalidInput, rules.TooManyTags.
    """
    actor.require(Permission.CUSTOMER_TAG)
    wanted = {name.lower(): name for name in map(rules.clean_tag, names)}
    partner = _locked_partner(actor)
    known = {tag.name.lower(): tag for tag in partner.tags.all()}
    missing = [name for key, name in wanted.items() if key not in known]
    if missing and len(known) + len(missing) > rules.PARTNER_TAGS:
        raise rules.TooManyTags(
            _("Your company can have %(limit)d tags at most.") % {"limit": rules.PARTNER_TAGS},
            next_step=_("Delete a tag that no customer has any more."),
            field="name",
        )
    for name in missing:
        tag = Tag.objects.create(partner=partner, name=name, created_at=now)
        known[name.lower()] = tag
        announce_list_change(
            CustomerEvent.TAG_CREATED, subject_type="customer-tag", subject_id=tag.pk, name=name, actor=actor, now=now
        )
    return [known[key] for key in wanted]


def _locked_partner(actor: Actor) -> Partner:
    """Lock the partner: its tags are created, given and deleted by one at a time, so none is made twice or lost."""
    return Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.organization_id)


@transaction.atomic
def delete_tag(*, tag_id: UUID, actor: Actor, now: datetime.datetime) -> Tag:
    """Delete a tag that no customer has. Raises: PermissionDenied, Tag.DoesNotExist, rules.TagInUse."""
    actor.require(Permission.CUSTOMER_TAG)
    tag = _locked_partner(actor).tags.get(pk=tag_id)
    if ResellerRelationship.objects.visible_to(actor).active().filter(tags__contains=[tag.name]).exists():
        raise rules.TagInUse(
            _("Customers have the tag %(tag)s.") % {"tag": tag.name},
            next_step=_("Take it from these customers first: filter the list by the tag, select all, assign tags."),
        )
    tag.delete()
    announce_list_change(
        CustomerEvent.TAG_DELETED, subject_type="customer-tag", subject_id=tag_id, name=tag.name, actor=actor, now=now
    )
    return tag


@transaction.atomic
def assign_tags(
    *, customer_ids: Iterable[UUID], names: Iterable[str], change: TagChange, actor: Actor, now: datetime.datetime
) -> TagResult:
    """Give the tags to, or take them from, each of the partner's customers; a customer with too many is left out.

    Customers that are not the partner's are passed over. Raises: PermissionDenied, InvalidInput, rules.TooManyTags.
    """
    actor.require(Permission.CUSTOMER_TAG)
    taking = change == TagChange.REMOVE
    tags = list(names) if taking else [tag.name for tag in create_tags(names=names, actor=actor, now=now)]
    rows = ResellerRelationship.objects.visible_to(actor).active().filter(customer_id__in=set(customer_ids))
    rows = rows.select_related("customer__organization").select_for_update(of=("self",), no_key=True)
    result = TagResult()
    for relationship in rows.order_by("pk"):
        after = _changed(relationship.tags, tags, change)
        if set(after) == set(relationship.tags):
            result.unchanged.append(relationship.customer_name)
            continue
        try:
            rules.check_tag_count(len(after))
        except rules.TooManyTags as refusal:
            result.refused.append((relationship.customer_name, refusal))
            continue
        _set_tags(relationship, after, actor=actor, now=now)
        result.changed.append(relationship.customer_name)
    return result


def _set_tags(relationship: ResellerRelationship, tags: list[str], *, actor: Actor, now: datetime.datetime) -> None:
    before = relationship.tags
    relationship.tags = tags
    relationship.save(update_fields=["tags"])
    announce_customer(
        CustomerEvent.CUSTOMER_TAGGED,
        relationship.customer,
        partner_ids=[relationship.partner_id],
        actor=actor,
        now=now,
        before={"tags": before},
        after={"tags": tags},
        tell_customer=False,
    )


def _changed(before: list[str], tags: list[str], change: TagChange) -> list[str]:
    if change == TagChange.ADD:
        return sorted({*before, *tags}, key=str.lower)
    if change == TagChange.REMOVE:
        return [name for name in before if name not in tags]
    return sorted(tags, key=str.lower)
