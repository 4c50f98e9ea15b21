"""Addresses of the demo publishers' site."""

from django.urls import path

from portal.local.publisher_site import views

ACCOUNT = "<slug:name>/accounts/<uuid:subscription_id>/"

app_name = "publisher_site"
urlpatterns = [
    path("<slug:name>/", views.home, name="home"),
    path("<slug:name>/start", views.start, name="start"),
    path("<slug:name>/webhook", views.webhook, name="webhook"),
    path("<slug:name>/habit/", views.choose_habit, name="choose_habit"),
    path("<slug:name>/refresh/", views.refresh, name="refresh"),
    path(ACCOUNT, views.account, name="account"),
    path(f"{ACCOUNT}activate/", views.activate, name="activate"),
    path(f"{ACCOUNT}operations/<uuid:operation_id>/", views.decide, name="decide"),
]
