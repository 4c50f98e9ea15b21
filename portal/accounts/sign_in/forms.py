"""Forms of sign-in. The checks of codes and passkeys are django-allauth's; counting and logging tries is ours."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import validate_totp_code
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.contrib.auth import password_validation
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.accounts.sign_in import throttle
from portal.accounts.workflow.second_factors import NAME_LENGTH
from portal.accounts.workflow.sessions import note_failed_sign_in

CODE_LIVES_SECONDS = 120  # longer than any code is accepted: a code works once
_CODE_WIDGET = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false"}


def code_field() -> forms.CharField:
    """Return the field for a code of the authenticator app or a recovery code."""
    return forms.CharField(
        label=gettext_lazy("Code"), max_length=40, widget=forms.TextInput(attrs=_CODE_WIDGET | {"autofocus": True})
    )


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password, in our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code of the authenticator app, or a recovery code. Each works once."""

    code = code_field()

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            key = f"totp-used:{self.user.pk}:{''.join(filter(str.isdigit, code))}"
            if not cache.add(key, True, CODE_LIVES_SECONDS):
                raise ValidationError(_("This code has been used already. Wait for the next one."))
        return code

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        note_failed_sign_in(
            email=self.user.email,
            method="code",
            origin=throttle.origin_of(context.request),
            now=timezone.now(),
        )


class CredentialField(forms.JSONField):
    """What the browser's passkey call gave, as JSON in a hidden field."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> str:
        return ""  # an answer serves once: it never goes back into the page

    def prepare_value(self, value: Any) -> str:
        return ""


@contextmanager
def _nonsense_refused() -> Iterator[None]:
    """Turn what the WebAuthn library trips over into an error of the form: the browser can send anything."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error) as error:
        raise ValidationError(_("The passkey cannot be read. Try again.")) from error


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone: it names its owner, so tries are counted by address only."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        usage = throttle.consume(context.request, "passkey")
        with _nonsense_refused():
            authenticator = super().clean_credential()
        usage.rollback()
        return authenticator


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey of a person we know."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        with _nonsense_refused():
            return super().clean_credential()


class PasswordForm(forms.Form):
    """The own password again, before a sensitive step."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError(_("The password is not correct."))
        return password


class NewPasswordForm(forms.Form):
    """A new password, once: the browser can show it, and a mistyped one can be reset."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "At least 12 characters. A few unrelated words make a good password. "
            "It must not resemble your name or address, or be a common password."
        ),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class ChangePasswordForm(NewPasswordForm):
    """The current password and the new one."""

    current_password = forms.CharField(
        label=gettext_lazy("Current password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current_password", "password")

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if not get_adapter().reauthenticate(self.user, password):
            raise ValidationError(_("The password is not correct."))
        return password


class PasswordResetForm(forms.Form):
    """Where to send the link."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class NewEmailForm(forms.Form):
    """By which address one wants to sign in."""

    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        max_length=254,
        help_text=gettext_lazy("We send a link there. Until you open it, you sign in with the present address."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email == self.user.email:
            raise ValidationError(_("You sign in with this address already."))
        return email


class AuthenticatorAppForm(forms.Form):
    """The first code of a new authenticator app, to see that the secret arrived there."""

    code = code_field()

    def __init__(self, *args: Any, secret: str, user: User, **kwargs: Any) -> None:
        self.secret = secret
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        usage = throttle.consume(context.request, "login_failed", key=f"new-authenticator-app:{self.user.pk}")
        if not validate_totp_code(self.secret, code):
            raise ValidationError(_("This code is not correct. Check that the clock of your phone is right."))
        usage.rollback()
        return code


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, made by the browser."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=NAME_LENGTH,
        help_text=gettext_lazy("So that you recognize it: the phone, computer or key that holds it."),
    )
    passwordless = forms.BooleanField(
        label=gettext_lazy("Also sign in with this passkey alone, without password"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Your device then asks for your fingerprint, face or PIN."),
    )
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        with _nonsense_refused():
            cleaned: dict[str, Any] = super().clean()
        return cleaned


class RenamePasskeyForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_LENGTH)
