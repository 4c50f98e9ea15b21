"""Addresses of the publisher workspace."""

from django.urls import path

from marketplace.views import publisher, publisher_offers, publisher_plans

OFFER, PLAN = "offers/<uuid:offer_id>/", "plans/<uuid:plan_id>/"

app_name = "publisher"
urlpatterns = [
    path("offers/", publisher_offers.offers, name="offers"),
    path("offers/new/", publisher_offers.new_offer, name="new_offer"),
    path(OFFER, publisher_offers.offer, name="offer"),
    path(f"{OFFER}edit/", publisher_offers.edit_offer, name="edit_offer"),
    path(f"{OFFER}configuration/", publisher_offers.configuration, name="configuration"),
    path(f"{OFFER}publish/", publisher_offers.publish, name="publish"),
    path(f"{OFFER}withdraw/", publisher_offers.withdraw, name="withdraw"),
    path(f"{OFFER}plans/new/", publisher_plans.new_plan, name="new_plan"),
    path(PLAN, publisher_plans.plan, name="plan"),
    path(f"{PLAN}edit/", publisher_plans.edit_plan, name="edit_plan"),
    path(f"{PLAN}prices/new/", publisher_plans.new_price, name="new_price"),
    path("application/", publisher_offers.application, name="application"),
    path("subscriptions/", publisher.subscriptions, name="subscriptions"),
    path("subscriptions/<uuid:subscription_id>/", publisher.subscription, name="subscription"),
    path("webhook-calls/", publisher.calls, name="calls"),
    path("webhook-calls/<uuid:call_id>/", publisher.call, name="call"),
    path("webhook-calls/<uuid:call_id>/repeat/", publisher.repeat_call, name="repeat_call"),
    path("usage/", publisher.usage, name="usage"),
]
