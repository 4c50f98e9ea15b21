"""Customers: the list, and the pages of one customer."""

from django.urls import path

from customers.views import (
    additions,
    agreements,
    becoming_reseller,
    invitations,
    my_partners,
    pages,
    partnerships,
    relationships,
    saved_views,
    subscriptions,
    tags,
)
from customers.views import list as customer_list

app_name = "customers"

urlpatterns = [
    path("", customer_list.customers, name="list"),
    path("count/", customer_list.count, name="count"),
    path("filters/", customer_list.filters, name="filters"),
    path("export.csv", customer_list.export, name="export"),
    path("views/", saved_views.views, name="views"),
    path("views/<uuid:view_id>/delete/", saved_views.delete_view, name="delete_view"),
    path("tags/", tags.tags, name="tags"),
    path("tags/assign/", tags.assign_tags, name="assign_tags"),
    path("tags/<uuid:tag_id>/delete/", tags.delete_tag, name="delete_tag"),
    path("new/", additions.add_customer, name="add_customer"),
    path("new/agreement/", additions.add_customer_agreement, name="add_customer_agreement"),
    path("new/review/", additions.add_customer_review, name="add_customer_review"),
    path("new/done/", additions.add_customer_done, name="add_customer_done"),
    path("switch/", pages.switch, name="switch"),
    path("my-partners/", my_partners.my_partners, name="my_partners"),
    path("my-partners/<uuid:relationship_id>/rights/", my_partners.take_back_rights, name="take_back_rights"),
    path("my-partners/<uuid:relationship_id>/agreement/", my_partners.agreement, name="accept_agreement"),
    path("requests/", invitations.invitations, name="invitations"),
    path("requests/new/", invitations.new_relationship, name="new_relationship"),
    path("requests/<uuid:invitation_id>/", invitations.invitation, name="invitation"),
    path("requests/<uuid:invitation_id>/message/", invitations.invitation_message, name="invitation_message"),
    path("requests/<uuid:invitation_id>/resend/", invitations.resend, name="resend_invitation"),
    path("requests/<uuid:invitation_id>/revoke/", invitations.revoke, name="revoke_invitation"),
    path("partnerships/", partnerships.partnerships, name="partnerships"),
    path("partnerships/request/", partnerships.request_partnership, name="request_partnership"),
    path("partnerships/<uuid:partnership_id>/", partnerships.partnership, name="partnership"),
    path("partnerships/<uuid:partnership_id>/accept/", partnerships.accept, name="accept_partnership"),
    path("partnerships/<uuid:partnership_id>/decline/", partnerships.decline, name="decline_partnership"),
    path("partnerships/<uuid:partnership_id>/withdraw/", partnerships.withdraw, name="withdraw_partnership"),
    path("partnerships/<uuid:partnership_id>/end/", partnerships.end, name="end_partnership"),
    path("becoming-a-reseller/", becoming_reseller.becoming_reseller, name="becoming_reseller"),
    path("becoming-a-reseller/start/", becoming_reseller.start, name="start_becoming_reseller"),
    path("becoming-a-reseller/move/", becoming_reseller.move, name="move_customers"),
    path("becoming-a-reseller/cancel/", becoming_reseller.cancel, name="cancel_becoming_reseller"),
    path("becoming-a-reseller/finish/", becoming_reseller.finish, name="finish_becoming_reseller"),
    path("<uuid:customer_id>/", pages.customer, name="customer"),
    path("<uuid:customer_id>/subscriptions/", subscriptions.subscriptions, name="subscriptions"),
    path(
        "<uuid:customer_id>/subscriptions/export.csv", subscriptions.subscriptions_export, name="subscriptions_export"
    ),
    path("<uuid:customer_id>/admin-relationships/", pages.admin_relationships, name="admin_relationships"),
    path("<uuid:customer_id>/account/", pages.account, name="account"),
    path("<uuid:customer_id>/account/bill-to/", pages.bill_to, name="bill_to"),
    path("<uuid:customer_id>/account/qualification/", pages.qualification, name="qualification"),
    path("<uuid:customer_id>/account/agreement/", agreements.agreement, name="agreement"),
    path("<uuid:customer_id>/account/permissions/", pages.permissions, name="permissions"),
    path("<uuid:customer_id>/account/remove/", relationships.remove_relationship, name="remove_relationship"),
    path("<uuid:customer_id>/activity/", pages.activity, name="activity"),
]
