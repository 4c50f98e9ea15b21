"""The steps between a right password and being signed in."""

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from portal.accounts.sign_in.factors import note_provider_factor, provider_checked_factor


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """Ask for the second factor, unless a passkey or the sign-in provider has asked for two (decision 0005)."""

    def _should_handle(self, request: HttpRequest) -> bool:
        provider_login = (self.login.signal_kwargs or {}).get("sociallogin")
        if provider_login is not None and provider_checked_factor(provider_login.account.extra_data):
            note_provider_factor(request, self.login.user)
            return False
        return bool(super()._should_handle(request))
