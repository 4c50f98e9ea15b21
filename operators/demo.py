"""A nomination of the demo world that waits for the operator's answer (P10)."""

import datetime

from operators.workflow import nominations as workflow
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.queries import make_actor

STATEMENT = (
    "Nineteen smaller companies in Jämtland and Härjedalen ask us to buy for them. We bill in Swedish kronor and euro, "
    "answer from seven to nineteen in Swedish and English, and train two people of each reseller."
)


def load(*, now: datetime.datetime) -> None:
    """Let one direct bill partner ask to become an indirect provider. Dates are relative to ``now``."""
    admins = Membership.objects.active().with_role(Role.GLOBAL_ADMIN).select_related("user", "organization")
    member = admins.filter(organization__domain="fjallvind.example").order_by("user__email")[0]
    workflow.nominate(
        statement=STATEMENT,
        expected_resellers=19,
        actor=make_actor(member, member.user),
        now=now - datetime.timedelta(days=1.6),
    )
