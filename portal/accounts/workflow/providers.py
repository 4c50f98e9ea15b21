"""How an account is tied to a sign-in provider (OpenID Connect), and untied."""

import datetime
from typing import Any
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from portal.accounts.enums import AccountEvent
from portal.accounts.models import User
from portal.accounts.sign_in.announcements import Mail, announce


@transaction.atomic
def connect_provider(
    *, user_id: UUID, provider_id: str, provider_name: str, uid: str, extra_data: dict[str, Any], now: datetime.datetime
) -> None:
    """Note that this identity at the provider is this person. Doing it again changes nothing."""
    user = User.objects.get(pk=user_id)
    _account, created = SocialAccount.objects.get_or_create(
        provider=provider_id, uid=uid, defaults={"user": user, "extra_data": extra_data}
    )
    if created:
        announce(
            AccountEvent.PROVIDER_CONNECTED,
            user,
            now=now,
            details={"provider": provider_name},
            mail=Mail(context={"provider": provider_name}),
        )


@transaction.atomic
def disconnect_provider(*, user_id: UUID, account_id: int, provider_name: str, now: datetime.datetime) -> None:
    """Forget that an identity at a provider is this person. Raises: SocialAccount.DoesNotExist."""
    SocialAccount.objects.get(pk=account_id, user_id=user_id).delete()
    announce(
        AccountEvent.PROVIDER_DISCONNECTED,
        User.objects.get(pk=user_id),
        now=now,
        details={"provider": provider_name},
        mail=Mail(context={"provider": provider_name}),
    )
