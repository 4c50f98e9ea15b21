"""Addresses of the publisher workspace."""

from django.urls import path

from marketplace.views import publisher, publisher_offers, publisher_plans
from marketplace.views import publisher_endings as endings
from marketplace.views import publisher_terms as terms

# Below the offers, so that the navigation shows where one is.
OFFER, PLAN = "offers/<uuid:offer_id>/", "offers/plans/<uuid:plan_id>/"
DIMENSION = "offers/dimensions/<uuid:dimension_id>/"

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
    path(f"{OFFER}partners/new/", terms.new_exclusive_partner, name="new_exclusive_partner"),
    path("partners/<int:choice_id>/remove/", endings.remove_exclusive_partner, name="remove_exclusive_partner"),
    path(f"{PLAN}tenants/new/", terms.new_audience, name="new_audience"),
    path("tenants/<int:audience_id>/remove/", endings.remove_audience, name="remove_audience"),
    path(f"{PLAN}private-offers/new/", terms.new_margin, name="new_margin"),
    path("private-offers/<uuid:margin_id>/end/", endings.end_margin, name="end_margin"),
    path(f"{PLAN}dimensions/new/", terms.new_dimension, name="new_dimension"),
    path(f"{DIMENSION}edit/", terms.edit_dimension, name="edit_dimension"),
    path(f"{DIMENSION}price/", terms.price_dimension, name="price_dimension"),
    path(f"{DIMENSION}remove/", endings.remove_dimension, name="remove_dimension"),
    path("application/", publisher_offers.application, name="application"),
    path("subscriptions/", publisher.subscriptions, name="subscriptions"),
    path("subscriptions/<uuid:subscription_id>/", publisher.subscription, name="subscription"),
    path("webhook-calls/", publisher.calls, name="calls"),
    path("webhook-calls/<uuid:call_id>/", publisher.call, name="call"),
    path("webhook-calls/<uuid:call_id>/repeat/", publisher.repeat_call, name="repeat_call"),
    path("usage/", publisher.usage, name="usage"),
]
