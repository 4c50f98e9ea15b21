"""Pages of app registrations, and of the apps that act for a person."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import fresh_sign_in, requires, signed_in
from portal.accounts.permissions import Permission, role_labels
from portal.api import queries
from portal.api.enums import app_kind_of
from portal.api.forms import AppForm, SecretForm
from portal.api.models import AppRegistration, AppSecret
from portal.api.tokens import audiences
from portal.api.workflow import apps as workflow
from portal.api.workflow import grants
from portal.core import sealing
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, absolute_url, posted

NEW_SECRET = "new_app_secret"  # noqa: S105 - a key of the session; the secret in it is sealed
FORM_METHODS = ["GET", "HEAD", "POST"]


@require_safe
@requires(Permission.API_ACCESS_MANAGE)
def apps(request: PortalRequest) -> HttpResponse:
    """List the apps of the organization."""
    now = timezone.now()
    rows = [{"app": app, "roles": role_labels(app.roles)} for app in queries.apps_of(request.actor, now=now)]
    return render(
        request, "api/apps.html", {"rows": rows, "has_api": bool(app_kind_of(request.actor.organization_kind))}
    )


@require_http_methods(FORM_METHODS)
@requires(Permission.API_ACCESS_MANAGE)
@fresh_sign_in
def new_app(request: PortalRequest) -> HttpResponse:
    """Register an app."""
    form = AppForm(posted(request), kind=request.actor.organization_kind)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            app = workflow.register_app(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = _at_field(form, refused)
        else:
            messages.success(request, _("%(name)s is registered. Add a secret so that it can sign in.") % _named(app))
            return redirect("api:app", app.pk)
    return _form(request, form, refusal, title=_("Register an app"), button=_("Register the app"))


@require_safe
@requires(Permission.API_ACCESS_MANAGE)
def app(request: PortalRequest, app_id: UUID) -> HttpResponse:
    """Show an app: what it needs to sign in, and its secrets. A new secret is shown this once."""
    one = queries.app_of(request.actor, app_id)
    tenant = str(one.organization_id)
    return render(
        request,
        "api/app.html",
        {
            "app": one,
            "roles": role_labels(one.roles),
            "secrets": [_secret_row(secret) for secret in one.secrets.all()],
            "new_secret": _take_new_secret(request, one),
            "resource": audiences.default_for(one.kind),
            "token_url": absolute_url(settings.BASE_URL, "tokens:token_v2", tenant),
            "old_token_url": absolute_url(settings.BASE_URL, "tokens:token_v1", tenant),
        },
    )


@require_http_methods(FORM_METHODS)
@requires(Permission.API_ACCESS_MANAGE)
@fresh_sign_in
def edit_app(request: PortalRequest, app_id: UUID) -> HttpResponse:
    """Change name, roles and addresses of an app."""
    one = queries.app_of(request.actor, app_id)
    initial = {"name": one.name, "roles": one.roles, "redirect_uris": "\n".join(one.redirect_uris)}
    form = AppForm(posted(request), kind=request.actor.organization_kind, initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change_app(app_id=one.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = _at_field(form, refused)
        else:
            messages.success(request, _("Your changes are saved."))
            return redirect("api:app", one.pk)
    return _form(request, form, refusal, title=_("Change the app"), button=_("Save"), app=one)


@require_http_methods(FORM_METHODS)
@requires(Permission.API_ACCESS_MANAGE)
@fresh_sign_in
def new_secret(request: PortalRequest, app_id: UUID) -> HttpResponse:
    """Make a secret; the app's page shows it once."""
    one = queries.app_of(request.actor, app_id)
    form = SecretForm(posted(request))
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            secret, text = workflow.add_secret(
                app_id=one.pk, **form.cleaned_data, actor=request.actor, now=timezone.now()
            )
        except Refusal as refused:
            refusal = refused
        else:
            sealed = sealing.seal(text.encode()).decode()
            request.session[NEW_SECRET] = {"secret_id": str(secret.pk), "sealed": sealed}
            return redirect("api:app", one.pk)
    return _form(request, form, refusal, title=_("Add a secret"), button=_("Add"), app=one)


@require_http_methods(FORM_METHODS)
@requires(Permission.API_ACCESS_MANAGE)
def revoke_secret(request: PortalRequest, app_id: UUID, secret_id: UUID) -> HttpResponse:
    """Name the consequences and revoke a secret."""
    one = queries.app_of(request.actor, app_id)
    secret = next((each for each in one.secrets.all() if each.pk == secret_id), None)
    if secret is None:
        raise Http404
    if request.method == "POST":
        workflow.revoke_secret(secret_id=secret.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("The secret is revoked."))
        return redirect("api:app", one.pk)
    return render(request, "api/app_confirm.html", {"app": one, "secret": secret})


@require_http_methods(FORM_METHODS)
@requires(Permission.API_ACCESS_MANAGE)
def remove_app(request: PortalRequest, app_id: UUID) -> HttpResponse:
    """Name the consequences and remove an app."""
    one = queries.app_of(request.actor, app_id)
    if request.method == "POST":
        workflow.remove_app(app_id=one.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is removed.") % _named(one))
        return redirect("api:apps")
    return render(request, "api/app_confirm.html", {"app": one, "secret": None})


@require_safe
@signed_in("everyone may see which apps act for one")
def my_apps(request: PortalRequest) -> HttpResponse:
    """List the apps that may act for the person."""
    return render(request, "api/my_apps.html", {"consents": queries.consents_of(request.actor)})


@require_http_methods(["POST"])
@signed_in("everyone decides for oneself which app acts for one")
def revoke_consent(request: PortalRequest, consent_id: UUID) -> HttpResponse:
    """Stop an app acting for the person."""
    consent = next((one for one in queries.consents_of(request.actor) if one.pk == consent_id), None)
    if consent is None:
        raise Http404
    grants.revoke_consent(consent_id=consent.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s no longer acts for you.") % _named(consent.app))
    return redirect("api:my_apps")


def _named(one: AppRegistration) -> dict[str, str]:
    return {"name": one.name}


def _at_field(form: Form, refused: Refusal) -> Refusal | None:
    """Put a refusal at the field it belongs to; return one that belongs to none."""
    if isinstance(refused, InvalidInput) and refused.field in form.fields:
        form.add_error(refused.field, str(refused))
        return None
    return refused


def _form(request: PortalRequest, form: Form, refusal: Refusal | None, **context: Any) -> HttpResponse:
    status = refusal.http_status if refusal else 422 if form.errors else 200
    values = {"app": None, **context, "form": form, "refusal": refusal}
    return render(request, "api/app_form.html", values, status=status)


def _secret_row(secret: AppSecret) -> dict[str, Any]:
    """One line of the list of secrets, with its state in words."""
    if secret.revoked_at is not None:
        tone, label = "neutral", pgettext("secret", "Revoked")
    elif secret.expires_at <= timezone.now():
        tone, label = "error", pgettext("secret", "Expired")
    elif secret.warned_days is not None:
        tone, label = "warning", _("Expires soon")
    else:
        tone, label = "success", _("Works")
    return {"secret": secret, "tone": tone, "label": label, "may_revoke": secret.revoked_at is None}


def _take_new_secret(request: PortalRequest, one: AppRegistration) -> str:
    """Return the secret just made for this app, and forget it."""
    kept = request.session.get(NEW_SECRET)
    if not kept or kept["secret_id"] not in {str(secret.pk) for secret in one.secrets.all()}:
        return ""
    del request.session[NEW_SECRET]
    return sealing.unseal(kept["sealed"].encode()).decode()
