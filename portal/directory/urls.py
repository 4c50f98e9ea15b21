"""Groups, below the account settings."""

from django.urls import path

from portal.directory import views

app_name = "directory"
GROUP = "<uuid:group_id>/"

urlpatterns = [
    path("", views.groups, name="groups"),
    path("new/", views.new_group, name="new_group"),
    path(GROUP, views.group, name="group"),
    path(f"{GROUP}add/", views.add_member, name="add_member"),
    path(f"{GROUP}offer/", views.offer_group, name="offer_group"),
    path(f"{GROUP}remove/", views.remove_group, name="remove_group"),
    path(f"{GROUP}members/<int:member_id>/remove/", views.remove_member, name="remove_member"),
]
