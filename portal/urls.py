"""The only place that mounts every app's pages and API."""

from django.conf import settings
from django.urls import include, path

from portal.accounts import api as accounts_api
from portal.accounts import roles_api, users_api
from portal.accounts.sign_in import throttle
from portal.audit import api as audit_api
from portal.core import error_views, gallery, health, views
from portal.directory import api as directory_api
from portal.webhooks.api import urls as webhooks_api

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("search/", views.search, name="search"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_text, name="metrics"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("", include("portal.accounts.urls")),
    path("account/", include("portal.accounts.sign_in.urls")),
    path("action-center/", include("portal.notifications.urls")),
    path("account-settings/groups/", include("portal.directory.urls")),
    path("account-settings/activity-log/", include("portal.audit.urls")),
    path("account-settings/sandbox/", include("sandbox.urls")),
    path("", include("portal.webhooks.urls")),
    path("customers/", include("customers.urls")),
    path("billing/", include("billing.urls")),
    path("programme/invoices/", include("billing.programme_urls")),
    path("", include("transfers.urls")),
    path("", include("marketplace.urls")),
    path("", include("azure.urls")),
    path("", include("billing.prices_urls")),
    path("", include("bundles.urls")),
    path("publisher/", include("marketplace.publisher_urls")),
    path("", include("support.urls")),
    path("", include("operators.urls")),
    path("admin-center/", include(("customers.entrance_urls", "admin_center")), {"entrance": "admin_center"}),
    path("government/", include(("customers.entrance_urls", "government")), {"entrance": "government"}),
]
urlpatterns += [
    path("v1/", include("customers.api.urls")),
    path("v1/", include("billing.api.urls")),
    path("v1/", include("bundles.api.urls")),
    path("v1/", include("transfers.api.urls")),
    path("v1/", include("support.api.urls")),
    path("v1/", include("marketplace.api.partner_urls")),
    path("v1/", include("sandbox.api.urls")),
    path("v1/", include((accounts_api.V1, "accounts_api"))),
    path("v1/", include((roles_api.V1, "roles_api"))),
    path("v1/", include((users_api.V1, "users_api"))),
    path("v1/", include((directory_api.V1, "directory_api"))),
    path("v1/", include((audit_api.V1, "audit_api"))),
    path("webhooks/v1/", include((webhooks_api.V1, "webhooks_api"))),
    path("auditactivity/v1/", include((audit_api.AUDIT_ACTIVITY, "audit_activity"))),
]
urlpatterns += [path("api/", include("marketplace.api.urls"))]
urlpatterns += [path("", include("portal.api.urls")), path("", include("portal.api.tokens.urls"))]

if settings.MAILBOX_DIR or settings.DEMO:
    urlpatterns += [path("", include("portal.local.urls"))]

handler400 = error_views.bad_request
handler403 = error_views.forbidden
handler404 = error_views.not_found
handler429 = throttle.too_many_tries  # asked for by django-allauth
handler500 = error_views.server_error
