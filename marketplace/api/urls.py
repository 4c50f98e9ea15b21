"""Addresses of the publishers' APIs, exactly as their clients have them built in (section 3.1)."""

from django.urls import path, register_converter

from marketplace.api import operations, subscriptions, usage
from portal.api.access import GuidConverter

register_converter(GuidConverter, "publisher_guid")

ONE = "saas/subscriptions/<publisher_guid:subscription_id>"
app_name = "publisher_api"
urlpatterns = [
    path("saas/subscriptions", subscriptions.list_view, name="subscriptions"),
    path("saas/subscriptions/resolve", subscriptions.resolve_view, name="resolve"),
    path(ONE, subscriptions.detail_view, name="subscription"),
    path(f"{ONE}/activate", subscriptions.activate_view, name="activate"),
    path(f"{ONE}/listAvailablePlans", subscriptions.plans_view, name="plans"),
    path(f"{ONE}/operations", operations.list_view, name="operations"),
    path(f"{ONE}/operations/<publisher_guid:operation_id>", operations.detail_view, name="operation"),
    path("usageEvent", usage.one_view, name="usage_event"),
    path("batchUsageEvent", usage.many_view, name="batch_usage_event"),
    path("usageEvents", usage.list_view, name="usage_events"),
]
