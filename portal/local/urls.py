"""Pages of the embedded run only: the mailbox and one-click sign-in. Never mounted in production."""

urlpatterns: list[object] = []
