"""The activity log, below account settings."""

from django.urls import path

from portal.audit import views

app_name = "audit"

urlpatterns = [
    path("", views.log, name="log"),
    path("export.csv", views.export, name="export"),
    path("<uuid:public_id>/", views.event, name="event"),
]
