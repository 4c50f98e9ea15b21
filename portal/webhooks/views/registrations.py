"""Webhooks of the organization: list, form, state, secret, test."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.permissions import Permission
from portal.audit.catalogue import label as event_label
from portal.core import sealing
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, is_fragment_request, posted
from portal.webhooks import catalogue, presentation, queries, rules
from portal.webhooks.enums import WebhookEvent, WebhookState
from portal.webhooks.forms import WebhookForm
from portal.webhooks.models import WebhookRegistration
from portal.webhooks.workflow import registrations as workflow
from portal.webhooks.workflow.registrations import Registered

NEW_SECRET = "new_webhook_secret"  # noqa: S105 - a key of the session; the secret in it is sealed
FORM_METHODS = ["GET", "HEAD", "POST"]
FIELDS = {"webhookUrl": "url", "webhookEvents": "events"}  # fields of the rules, as the API calls them


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def registrations(request: PortalRequest) -> HttpResponse:
    """List the webhooks of the organization."""
    rows = [
        {
            "registration": one,
            "state": presentation.state(one),
            "events": _events_text(one),
            "waiting": one.waiting,  # type: ignore[attr-defined]
            "last_at": one.last_delivered_at,  # type: ignore[attr-defined]
        }
        for one in queries.registrations_of(request.actor)
    ]
    too_many = rules.TooManyWebhooks().explanation if len(rows) >= rules.MOST_WEBHOOKS else ""
    return render(request, "webhooks/registrations.html", {"rows": rows, "too_many": too_many})


@require_http_methods(FORM_METHODS)
@requires(Permission.WEBHOOK_MANAGE)
@fresh_sign_in
def new(request: PortalRequest) -> HttpResponse:
    """Register a webhook; its page shows the secret once."""
    form = WebhookForm(posted(request), initial={"events": list(catalogue.EXPLAINED)})
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            registered = workflow.register(**_values(form), actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = _at_field(form, refused)
        else:
            messages.success(request, _("The webhook is registered."))
            return _with_secret(request, registered)
    return _form(request, form, refusal, title=_("Register a webhook"), button=_("Register the webhook"))


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def registration(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Show a webhook; for htmx how its last test stands. A new secret is shown this once."""
    one = queries.registration_of(request.actor, registration_id)
    last = queries.last_test_of(one)
    context: dict[str, Any] = {"registration": one, "test": None, "is_running": False}
    if last is not None:
        tries = [presentation.attempt_row(attempt) for attempt in queries.attempts_of(last)]
        context |= {"test": presentation.delivery_row(last), "is_running": presentation.is_running(last)}
        context["last_try"] = tries[0] if tries else None
    if is_fragment_request(request):
        return render(request, "webhooks/_test.html", context)
    return render(request, "webhooks/registration.html", context | _facts(request, one))


@require_http_methods(FORM_METHODS)
@requires(Permission.WEBHOOK_MANAGE)
def edit(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Change address and events of a webhook."""
    one = queries.registration_of(request.actor, registration_id)
    initial = {
        "url": one.url,
        "events": one.event_types,
        "uses_ms_signature_header": one.uses_ms_signature_header,
    }
    form = WebhookForm(posted(request), initial=initial)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change(registration_id=one.pk, **_values(form), actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = _at_field(form, refused)
        else:
            messages.success(request, _("Your changes are saved."))
            return redirect("webhooks:registration", one.pk)
    return _form(request, form, refusal, title=_("Change the webhook"), button=_("Save"), registration=one)


@require_POST
@requires(Permission.WEBHOOK_MANAGE)
def pause(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Stop calling a webhook."""
    return _change_state(
        request, registration_id, workflow.pause, done=_("The webhook is paused. Events are kept for it.")
    )


@require_POST
@requires(Permission.WEBHOOK_MANAGE)
def resume(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Call a webhook again."""
    return _change_state(
        request, registration_id, workflow.resume, done=_("The webhook works again. What was kept for it follows.")
    )


@require_http_methods(FORM_METHODS)
@requires(Permission.WEBHOOK_MANAGE)
def remove(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Name the consequences and delete a webhook."""
    one = queries.registration_of(request.actor, registration_id)
    if request.method == "POST":
        workflow.remove(registration_id=one.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("The webhook is deleted."))
        return redirect("webhooks:registrations")
    waiting = queries.waiting_count(one)
    lost = ngettext(
        "%(count)d notification that waits for it is not sent.",
        "%(count)d notifications that wait for it are not sent.",
        waiting,
    ) % {"count": waiting}
    consequences = [
        _("Nothing is sent to this address any more. This cannot be taken back."),
        *([lost] if waiting else []),
        _("Its secret is forgotten. What was sent stays on record with the events in the activity log."),
    ]
    return _confirm(request, one, title=_("Delete the webhook"), button=_("Delete"), consequences=consequences)


@require_http_methods(FORM_METHODS)
@requires(Permission.WEBHOOK_MANAGE)
@fresh_sign_in
def renew_secret(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Name the consequences and make a new secret; the webhook's page shows it once."""
    one = queries.registration_of(request.actor, registration_id)
    if request.method == "POST":
        return _with_secret(
            request, workflow.renew_secret(registration_id=one.pk, actor=request.actor, now=timezone.now())
        )
    consequences = [
        _("The new secret is shown once, on the next page."),
        _("Both secrets sign for %(hours)d hours. Give the new one to your receiver in that time.")
        % {"hours": workflow.overlap_hours()},
    ]
    if one.previous_secret_until is not None:
        consequences.append(_("A secret before the current one stops signing at once."))
    return _confirm(request, one, title=_("Renew the secret"), button=_("Renew"), consequences=consequences)


@require_POST
@requires(Permission.WEBHOOK_MANAGE)
def send_test(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Send a test event; the webhook's page shows what comes of it."""
    one = queries.registration_of(request.actor, registration_id)
    try:
        workflow.send_test(registration_id=one.pk, actor=request.actor, now=timezone.now())
    except Refusal as refused:
        messages.error(request, refused.explanation)
    return redirect("webhooks:registration", one.pk)


def _change_state(
    request: PortalRequest, registration_id: UUID, change: Callable[..., WebhookRegistration], *, done: str
) -> HttpResponse:
    one = queries.registration_of(request.actor, registration_id)
    try:
        change(registration_id=one.pk, actor=request.actor, now=timezone.now())
    except Refusal as refused:
        messages.error(request, refused.explanation)
    else:
        messages.success(request, done)
    return redirect("webhooks:registration", one.pk)


def _facts(request: PortalRequest, one: WebhookRegistration) -> dict[str, Any]:
    """Return what the page of a webhook shows beside its last test."""
    no_test = ""
    try:
        rules.check_can_test(one)
    except rules.TestNotWanted as refused:
        no_test = refused.explanation
    now = timezone.now()
    return {
        "state": presentation.state(one),
        "is_stopped": one.state in (WebhookState.PAUSED, WebhookState.DISABLED),
        "is_disabled": one.state == WebhookState.DISABLED,
        "no_test": no_test,
        "waiting": queries.waiting_count(one),
        "new_secret": _take_new_secret(request, one),
        "old_secret_until": one.previous_secret_until if (one.previous_secret_until or now) > now else None,
        "events": sorted(
            ({"name": name, "label": event_label(name)} for name in one.event_types),
            key=lambda event: event["label"].casefold(),
        ),
        "test_event": str(WebhookEvent.TEST),
    }


def _events_text(one: WebhookRegistration) -> str:
    count = len(one.event_types)
    return ngettext("%(count)d event", "%(count)d events", count) % {"count": count}


def _values(form: WebhookForm) -> dict[str, Any]:
    values = form.cleaned_data
    return {
        "url": values["url"],
        "event_types": values["events"],
        "uses_ms_signature_header": values["uses_ms_signature_header"],
        "known": catalogue.event_names(),
    }


def _with_secret(request: PortalRequest, registered: Registered) -> HttpResponse:
    """Lead to the webhook's page, which shows the new secret once."""
    one = registered.registration
    sealed = sealing.seal(registered.secret.encode()).decode()
    request.session[NEW_SECRET] = {"registration_id": str(one.pk), "sealed": sealed}
    return redirect("webhooks:registration", one.pk)


def _take_new_secret(request: PortalRequest, one: WebhookRegistration) -> str:
    """Return the secret just made for this webhook, and forget it."""
    kept = request.session.get(NEW_SECRET)
    if not kept or kept["registration_id"] != str(one.pk):
        return ""
    del request.session[NEW_SECRET]
    return sealing.unseal(kept["sealed"].encode()).decode()


def _at_field(form: WebhookForm, refused: Refusal) -> Refusal | None:
    """Put a refusal at the field it belongs to; return one that belongs to none."""
    if isinstance(refused, InvalidInput) and refused.field in FIELDS:
        form.add_error(FIELDS[refused.field], refused.explanation)
        return None
    return refused


def _form(request: PortalRequest, form: WebhookForm, refusal: Refusal | None, **context: Any) -> HttpResponse:
    status = refusal.http_status if refusal else 422 if form.errors else 200
    chosen = set(form["events"].value() or [])
    values = {"registration": None, **context, "form": form, "refusal": refusal, "chosen": chosen}
    return render(request, "webhooks/form.html", values | {"groups": catalogue.groups(chosen)}, status=status)


def _confirm(request: PortalRequest, one: WebhookRegistration, **context: Any) -> HttpResponse:
    return render(request, "webhooks/confirm.html", {"registration": one, **context})
