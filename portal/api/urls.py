"""Pages of app registrations, and what answers addresses of the partner API that nothing else does."""

from django.urls import path

from portal.api import reference, unknown, views

PAGES = "account-settings/apps/"

app_name = "api"
urlpatterns = [
    path(PAGES, views.apps, name="apps"),
    path(f"{PAGES}new/", views.new_app, name="new_app"),
    path(f"{PAGES}<uuid:app_id>/", views.app, name="app"),
    path(f"{PAGES}<uuid:app_id>/edit/", views.edit_app, name="edit_app"),
    path(f"{PAGES}<uuid:app_id>/remove/", views.remove_app, name="remove_app"),
    path(f"{PAGES}<uuid:app_id>/secrets/new/", views.new_secret, name="new_secret"),
    path(f"{PAGES}<uuid:app_id>/secrets/<uuid:secret_id>/revoke/", views.revoke_secret, name="revoke_secret"),
    path("account-settings/my-apps/", views.my_apps, name="my_apps"),
    path("account-settings/my-apps/<uuid:consent_id>/revoke/", views.revoke_consent, name="revoke_consent"),
    path("openapi.json", reference.document, name="openapi"),
    path("help/api/", reference.reference, name="reference"),
    path("help/api/errors/", reference.errors, name="errors"),
    path("help/api/errors/<str:code_id>/", reference.error, name="error"),
    path("v1/<path:rest>", unknown.unknown, name="unknown"),
    path("webhooks/v1/<path:rest>", unknown.unknown, name="unknown_webhook"),
    path("auditactivity/v1/<path:rest>", unknown.unknown, name="unknown_audit"),
]
