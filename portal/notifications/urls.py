"""The Action Center: actions, notifications, preferences, mails that did not arrive."""

from django.urls import path

from portal.notifications import views

app_name = "action_center"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("completed/", views.completed, name="completed"),
    path("archived/", views.archived, name="archived"),
    path("preferences/", views.preferences, name="preferences"),
    path("panel/", views.panel, name="panel"),
    path("items/change/", views.change, name="change"),
    path("items/<uuid:item_id>/", views.item, name="item"),
    path("items/<uuid:item_id>/open/", views.open_item, name="open"),
    path("mails/", views.mails, name="mails"),
    path("mails/change/", views.change_mails, name="change_mails"),
]
