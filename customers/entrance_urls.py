"""The pages of a customer's entrance. Mounted twice: the admin center and the government admin portal (R9)."""

from django.urls import path

from customers.views import entrance

urlpatterns = [
    path("invitation/<str:token>/", entrance.open_link, name="invitation"),
    path("request/", entrance.review, name="review"),
    path("request/opened/", entrance.opened, name="opened"),
    path("request/accept/", entrance.accept, name="accept"),
    path("request/decline/", entrance.decline, name="decline"),
    path("request/answer-for/", entrance.answer_for, name="answer_for"),
    path("request/ask/", entrance.ask, name="ask"),
    path("request/mailbox/", entrance.mailbox, name="mailbox"),
    path("request/code/", entrance.code, name="code"),
    path("request/register/", entrance.register, name="register"),
]
