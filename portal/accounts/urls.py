"""Account settings: profile, security, access, users, company; and the way in by invitation."""

from django.urls import path

from portal.accounts.views import (
    emails,
    invitations,
    join,
    my_access,
    organization,
    profile,
    second_factor,
    security,
    settings,
    switch,
    users,
)

app_name = "accounts"

urlpatterns = [
    path("account-settings/", settings.settings, name="settings"),
    path("account-settings/profile/", profile.profile, name="profile"),
    path("account-settings/profile/e-mail/", emails.change_email, name="change_email"),
    path("account-settings/profile/e-mail/confirm/", emails.confirm_email, name="confirm_email"),
    path("account-settings/profile/e-mail/link/<str:token>/", emails.open_email_link, name="open_email_link"),
    path("account-settings/security/", security.security, name="security"),
    path("account-settings/security/password/", security.change_password, name="change_password"),
    path("account-settings/security/password/first/", security.set_password, name="set_password"),
    path("account-settings/security/sessions/<int:session_id>/end/", security.end_session, name="end_session"),
    path("account-settings/security/sessions/end-others/", security.end_other_sessions, name="end_other_sessions"),
    path(
        "account-settings/security/providers/<int:account_id>/disconnect/",
        security.disconnect_provider,
        name="disconnect_provider",
    ),
    path("account-settings/security/second-factor/", second_factor.set_up, name="second_factor"),
    path(
        "account-settings/security/authenticator-app/",
        second_factor.add_authenticator_app,
        name="add_authenticator_app",
    ),
    path("account-settings/security/passkeys/", second_factor.add_passkey, name="add_passkey"),
    path(
        "account-settings/security/factors/<int:factor_id>/rename/", second_factor.rename_passkey, name="rename_passkey"
    ),
    path(
        "account-settings/security/factors/<int:factor_id>/remove/", second_factor.remove_factor, name="remove_factor"
    ),
    path("account-settings/security/recovery-codes/", second_factor.recovery_codes, name="recovery_codes"),
    path(
        "account-settings/security/recovery-codes/download/",
        second_factor.download_recovery_codes,
        name="download_recovery_codes",
    ),
    path(
        "account-settings/security/recovery-codes/generate/",
        second_factor.generate_recovery_codes,
        name="generate_recovery_codes",
    ),
    path("account-settings/access/", my_access.my_access, name="my_access"),
    path("account-settings/roles/", my_access.roles, name="roles"),
    path("account-settings/users/", users.users, name="users"),
    path("account-settings/users/export/", users.users_export, name="users_export"),
    path("account-settings/users/invite/", invitations.invite, name="invite"),
    path("account-settings/users/invitations/", invitations.invitations, name="invitations"),
    path(
        "account-settings/users/invitations/<uuid:invitation_id>/resend/",
        invitations.invitation_resend,
        name="invitation_resend",
    ),
    path(
        "account-settings/users/invitations/<uuid:invitation_id>/revoke/",
        invitations.invitation_revoke,
        name="invitation_revoke",
    ),
    path("account-settings/users/<uuid:user_id>/", users.user, name="user"),
    path("account-settings/users/<uuid:user_id>/roles/", users.user_roles, name="user_roles"),
    path(
        "account-settings/users/<uuid:user_id>/second-factor/reset/",
        users.user_reset_second_factor,
        name="user_reset_second_factor",
    ),
    path("account-settings/users/<uuid:user_id>/deactivate/", users.user_deactivate, name="user_deactivate"),
    path("account-settings/users/<uuid:user_id>/reactivate/", users.user_reactivate, name="user_reactivate"),
    path("account-settings/company/", organization.organization, name="organization"),
    path("account-settings/company/edit/", organization.organization_edit, name="organization_edit"),
    path("account-settings/company/agreement/", organization.partner_agreement, name="partner_agreement"),
    path(
        "account-settings/company/agreement/sign/", organization.partner_agreement_sign, name="partner_agreement_sign"
    ),
    path("switch-organization/", switch.switch_organization, name="switch_organization"),
    path("join/", join.joining, name="joining"),
    path("join/<str:token>/", join.join, name="join"),
]
