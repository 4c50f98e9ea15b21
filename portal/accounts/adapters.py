"""How django-allauth fits into the portal: no sign-up, our throttle, our log, no mail of its own, encrypted secrets."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from qrcode import QRCode
from qrcode.image.svg import SvgPathFillImage

from portal.accounts import queries
from portal.accounts.models import User
from portal.accounts.sign_in import fresh, sessions, throttle
from portal.accounts.sign_in.open_id import failed, provider_name
from portal.accounts.sign_in.queries import recovery_codes_left
from portal.accounts.workflow import providers
from portal.accounts.workflow import sessions as workflow
from portal.core import sealing

LOW_ON_RECOVERY_CODES = 3


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in by address and password. People come in by invitation only."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is not correct."),
        "incorrect_password": _("The password is not correct."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return throttle.client_address(request)

    def get_login_stages(self) -> list[str]:
        return ["portal.accounts.sign_in.stages.SecondFactorStage"]

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try by account and address before the password is looked at. A right one is given back."""
        key = credentials.get("email", "").strip().lower()
        self._login_failed_rl_usage = throttle.consume(request, "password", key=key)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        self._note_failed(request, credentials.get("email", ""), method="password")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        self._note_failed(request, user.email, method="deactivated")
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in (Django gives the session a new id) and log how."""
        now = timezone.now()
        request.session.pop(sessions.ENDED_BECAUSE, None)
        with transaction.atomic():
            super().login(request, user)
            sessions.begin(request, now=now.timestamp())
            methods = fresh.methods_used(request)
            workflow.note_sign_in(user_id=user.pk, methods=methods, origin=throttle.origin_of(request), now=now)
        if Authenticator.Type.RECOVERY_CODES in methods:
            self._warn_of_few_codes(request, user)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Tie a provider's identity to the account only now, when the second factor has been asked for too."""
        provider_login = (kwargs.get("signal_kwargs") or {}).get("sociallogin")
        if provider_login is not None:
            account = provider_login.account
            providers.connect_provider(
                user_id=user.pk,
                provider_id=account.provider,
                provider_name=provider_name(account.provider),
                uid=account.uid,
                extra_data=account.extra_data,
                now=timezone.now(),
            )
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Sign out, log it, and let the sign-in page confirm it."""
        workflow.note_sign_out(
            user_id=request.user.pk,  # type: ignore[arg-type]
            session_key=request.session.session_key or "",
            origin=throttle.origin_of(request),
            now=timezone.now(),
        )
        super().logout(request)
        request.session[sessions.ENDED_BECAUSE] = sessions.SIGNED_OUT

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of the last five minutes is fresh enough for the library's own checks too."""
        return not fresh.is_fresh(self.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """One page of ours asks for password, code or passkey."""
        return [{"id": "reauthenticate", "description": "", "url": reverse("account_reauthenticate")}]

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Answer too many tries by the 429 page instead of by an error in the form. Raises: ImmediateHttpResponse."""
        if code in ("too_many_login_attempts", "rate_limited"):
            raise ImmediateHttpResponse(throttle.too_many_tries(self.request))
        error: ValidationError = super().validation_error(code, *args)
        return error

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Show the library's error texts, not its stock phrases from templates."""
        if message := kwargs.get("message"):
            messages.add_message(request, level, message)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: every mail of the portal goes through the outbox, in the transaction of its event (P7)."""
        raise NotImplementedError(f"allauth wants to mail {template_prefix}: announce an event instead.")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: the workflow has announced the change."""

    def _note_failed(self, request: HttpRequest, email: str, *, method: str) -> None:
        origin = throttle.origin_of(request)
        workflow.note_failed_sign_in(email=email, method=method, origin=origin, now=timezone.now())

    def _warn_of_few_codes(self, request: HttpRequest, user: User) -> None:
        left = recovery_codes_left(user)
        if left <= LOW_ON_RECOVERY_CODES:
            messages.warning(
                request,
                ngettext(
                    "You have %(count)s recovery code left. Make new ones on the page Security.",
                    "You have %(count)s recovery codes left. Make new ones on the page Security.",
                    left,
                )
                % {"count": left},
            )


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An OpenID Connect sign-in reaches an existing account only, found by a verified address (P2)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person by the address the provider has verified; nobody else gets in.

        Raises: ImmediateHttpResponse.
        """
        sociallogin.state["process"] = "login"
        if sociallogin.is_existing:
            return
        user = self._person_of(sociallogin)
        if user is None:
            name = provider_name(sociallogin.account.provider)
            page = render(request, "socialaccount/unknown.html", {"provider": name}, status=403)
            raise ImmediateHttpResponse(page)
        sociallogin.user = user

    def _person_of(self, sociallogin: SocialLogin) -> User | None:
        for address in sociallogin.email_addresses:
            if address.verified is True:
                return queries.account_of(address.email)
        return None

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        """Say that it did not work, without the provider's words. Raises: ImmediateHttpResponse."""
        raise ImmediateHttpResponse(
            failed(request, provider.name, cancelled=kwargs.get("error") == AuthError.CANCELLED)
        )


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, their secrets encrypted at rest."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This is not correct. Try again."),
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code on white, so that it can be read in the dark theme too."""
        code = QRCode(border=3, image_factory=SvgPathFillImage)
        code.add_data(url)
        return str(code.make_image().to_string(encoding="unicode"))

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Passkey %(number)s") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.PRODUCT_NAME}
