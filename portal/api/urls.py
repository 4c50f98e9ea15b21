"""Addresses of the partner API, and the pages of app registrations."""

from django.urls import path

from portal.api import unknown

app_name = "api"
urlpatterns = [
    path("v1/<path:rest>", unknown.unknown, name="unknown"),
    path("webhooks/v1/<path:rest>", unknown.unknown, name="unknown_webhook"),
    path("auditactivity/v1/<path:rest>", unknown.unknown, name="unknown_audit"),
]
