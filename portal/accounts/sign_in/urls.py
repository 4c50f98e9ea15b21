"""Addresses of signing in. The names are django-allauth's, which looks them up; what is not here does not exist.

Left out on purpose: sign-up, e-mail confirmation, sign-in by mailed code, trusted browsers, and the library's account
pages, whose places ``portal.accounts.urls`` takes.
"""

from allauth.account.views import account_inactive, logout
from allauth.mfa.webauthn.views import login_webauthn
from django.urls import path

from portal.accounts.sign_in import open_id, views

urlpatterns = [
    path("login/", views.sign_in, name="account_login"),
    path("2fa/authenticate/", views.second_factor, name="mfa_authenticate"),
    path("2fa/webauthn/login/", login_webauthn, name="mfa_login_webauthn"),
    path("oidc/<str:provider_id>/login/", open_id.sign_in, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", open_id.callback, name="openid_connect_callback"),
    path("logout/", logout, name="account_logout"),
    path("inactive/", account_inactive, name="account_inactive"),
    path("reauthenticate/", views.confirm, name="account_reauthenticate"),
    path("password/reset/", views.reset_password, name="account_reset_password"),
    path("password/reset/done/", views.reset_password_done, name="account_reset_password_done"),
    path("password/reset/key/<str:token>/", views.open_reset_link, name="account_reset_password_from_key"),
    path("password/reset/new/", views.choose_password, name="account_reset_password_from_key_form"),
]
