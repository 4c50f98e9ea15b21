"""Account settings: profile, security, access, users, company."""


app_name = "accounts"

urlpatterns: list[object] = []
