"""How a person's own profile changes."""

import datetime
from uuid import UUID

from django.db import transaction

from portal.accounts.enums import AccountEvent
from portal.accounts.models import User
from portal.accounts.sign_in.announcements import announce


@transaction.atomic
def update_profile(*, user_id: UUID, name: str, language: str, shortcuts_enabled: bool, now: datetime.datetime) -> User:
    """Change how the person is called and how the portal speaks to it; the same values again change nothing."""
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)
    wanted = {"name": name.strip(), "language": language, "shortcuts_enabled": shortcuts_enabled}
    changed = [field for field, value in wanted.items() if getattr(user, field) != value]
    if not changed:
        return user
    before = {field: getattr(user, field) for field in changed}
    for field in changed:
        setattr(user, field, wanted[field])
    user.save(update_fields=[*changed, "name_key"])
    announce(AccountEvent.PROFILE_UPDATED, user, now=now, before=before, after={key: wanted[key] for key in changed})
    return user
