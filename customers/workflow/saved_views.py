"""Views of the customer list that a person keeps as links."""

import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_list_change
from customers.enums import CustomerEvent
from customers.models import SavedView
from portal.accounts.actor import Actor
from portal.accounts.models import User
from portal.accounts.permissions import Permission


@transaction.atomic
def save_view(*, name: str, query: str, actor: Actor, now: datetime.datetime) -> SavedView:
    """Keep a view of the customer list under a name; the same name again replaces it.

    Raises: PermissionDenied, rules.TooManyViews.
    """
    actor.require(Permission.CUSTOMER_VIEW)
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.user_id)  # two at once keep the limit
    own = SavedView.objects.filter(user_id=actor.user_id, organization_id=actor.organization_id)
    view = own.filter(name=name).first()
    if view is None:
        if own.count() >= rules.SAVED_VIEWS:
            raise rules.TooManyViews(
                _("You can keep %(limit)d views at most.") % {"limit": rules.SAVED_VIEWS},
                next_step=_("Delete a view you do not need any more."),
                field="name",
            )
        view = SavedView(user_id=actor.user_id, organization_id=actor.organization_id, name=name, created_at=now)
    view.query = query
    view.save()
    announce_list_change(
        CustomerEvent.VIEW_SAVED, subject_type="customer-view", subject_id=view.pk, name=name, actor=actor, now=now
    )
    return view


@transaction.atomic
def delete_view(*, view_id: UUID, actor: Actor, now: datetime.datetime) -> SavedView:
    """Delete one of the actor's own views. Raises: PermissionDenied, SavedView.DoesNotExist."""
    actor.require(Permission.CUSTOMER_VIEW)
    own = SavedView.objects.filter(user_id=actor.user_id, organization_id=actor.organization_id)
    view = own.select_for_update(of=("self",)).get(pk=view_id)
    view.delete()
    announce_list_change(
        CustomerEvent.VIEW_DELETED,
        subject_type="customer-view",
        subject_id=view_id,
        name=view.name,
        actor=actor,
        now=now,
    )
    return view
