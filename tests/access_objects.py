"""One object of each kind that an address can name, for the tests that open every address (tests/test_access_sweep.py).

A new parameter in the URL map needs a line in OBJECTS; without it those tests fail and name it. A builder gets the
membership that looks at the object and returns what stands in the address.
"""

import datetime
import itertools
import json
import string
import uuid
from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from billing.models import Invoice
from bundles.models import BundlePart, BundleSale, BundleVersion
from customers.enums import (
    BillingFrequency,
    ImportKind,
    ImportStatus,
    ProductFamily,
    RelationshipKind,
    SubscriptionStatus,
    Term,
)
from customers.models import (
    Customer,
    ImportRun,
    RelationshipInvitation,
    ResellerRelationship,
    SavedView,
    Subscription,
    Tag,
    WireCart,
)
from marketplace.enums import OfferStatus, OperationAction, OperationSource, OperationStatus
from marketplace.models import (
    Cart,
    CartLine,
    ExclusivePartner,
    Margin,
    Offer,
    Operation,
    PlanAudience,
    Publisher,
    SaaSSubscription,
    WebhookCall,
)
from marketplace.workflow import changes
from portal.accounts.enums import AccountEvent, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Membership, Partnership, UserInvitation
from portal.accounts.permissions import ROLES_BY_KIND
from portal.api.access import ApiAccess
from portal.api.enums import app_kind_of
from portal.api.models import AppConsent, AppRegistration
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.core.links import make_token
from portal.directory.models import Group, GroupMember
from portal.notifications.models import ActionItem
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration
from support.models import SupportCase
from tests.billing.price_factories import make_own_price, make_price_sheet
from tests.billing.usage_factories import make_competency, make_rule, make_usage_import
from tests.bundles.factories import make_bundle
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import make_member, make_organization, make_partner
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_dimension,
    make_offer,
    make_plan,
    make_purchase,
)
from tests.operators.factories import make_nomination, make_waiting
from tests.portal.api.factories import make_app
from tests.sign_in import SoftwarePasskey
from tests.support.factories import make_attachment, make_case, make_incident
from tests.url_map import Page
from transfers.enums import BulkKind, BulkStatus, Level, TransferStatus
from transfers.models import BulkRow, BulkRun, Transfer

SOON = datetime.timedelta(days=3)
CURRENCIES = itertools.cycle("".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3))


def colleague(member: Membership) -> object:
    """A person of the same organization who holds the least of its roles."""
    known = [role for role in Role if role in ROLES_BY_KIND[member.organization.kind]]
    return make_member(member.organization, known[-1]).user_id


def user_invitation(member: Membership) -> object:
    known = [role for role in Role if role in ROLES_BY_KIND[member.organization.kind]]
    now = timezone.now()
    return UserInvitation.objects.create(
        organization=member.organization,
        email=f"{uuid.uuid4().hex}@example.com",
        name="Kim",
        roles=[str(known[-1])],
        token_hash=make_token(),
        invited_by=member.user,
        created_at=now,
        sent_at=now,
        expires_at=now + SOON,
    ).pk


def session(member: Membership) -> object:
    """Another browser in which the person is signed in."""
    store = SessionStore()
    store.create()
    return UserSession.objects.create(
        user=member.user, session_key=store.session_key, ip="192.0.2.1", user_agent="curl/8", data={}
    ).pk


def passkey(member: Membership) -> object:
    options = {"user": {"id": "AAAA"}, "rp": {"id": "testserver"}, "challenge": "AAAA"}
    credential = json.loads(SoftwarePasskey().create({"publicKey": options}))
    return Authenticator.objects.create(
        user=member.user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": credential}
    ).pk


def provider_account(member: Membership) -> object:
    return SocialAccount.objects.create(user=member.user, provider="entra", uid=uuid.uuid4().hex).pk


def event(member: Membership) -> object:
    return log.record(
        event_type=AccountEvent.ORGANIZATION_UPDATED,
        organization_ids=[member.organization_id],
        subject_type="organization",
        subject_id=member.organization_id,
        actor=None,
        occurred_at=timezone.now(),
    ).public_id


def action_item(member: Membership) -> object:
    return ActionItem.objects.create(
        organization=member.organization,
        roles=list(member.roles),
        kind="recommended",
        event_id=uuid.uuid4(),
        event_type="test",
        workspace="account-settings",
        title={"en": "Title", "fr": "Titre", "sv": "Titel"},
        subject_type="test",
        subject_id=uuid.uuid4(),
        created_at=timezone.now(),
        url="/help/",
    ).pk


def customer(member: Membership) -> object:
    """A customer of the member's partner; of other kinds of organization nobody has customers."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    organization = make_organization()
    row = Customer.objects.create(organization=organization)
    ResellerRelationship.objects.create(
        partner=member.organization.partner,
        customer=row,
        kind=RelationshipKind.DIRECT,
        customer_name=organization.name,
        customer_domain=organization.domain,
        customer_country=organization.country,
        created_at=timezone.now(),
    )
    return row.pk


def relationship_of_a_customer(member: Membership) -> object:
    """A partner of the member's customer organization, with administration rights that can be taken back."""
    row, _ = Customer.objects.get_or_create(organization=member.organization)
    return ResellerRelationship.objects.create(
        partner=make_partner().partner,
        customer=row,
        kind=RelationshipKind.DIRECT,
        has_admin_rights=True,
        customer_name=member.organization.name,
        customer_domain=member.organization.domain,
        customer_country=member.organization.country,
        created_at=timezone.now(),
    ).pk


def import_run(member: Membership) -> object:
    """A file of customers that was checked and waits for a yes."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    now = timezone.now()
    return ImportRun.objects.create(
        partner=member.organization.partner,
        kind=ImportKind.CUSTOMERS,
        status=ImportStatus.PREVIEWED,
        file_name="customers.csv",
        country=member.organization.country,
        started_by_id=member.user_id,
        started_by_name=member.user.name,
        created_at=now,
        previewed_at=now,
        touched_at=now,
    ).pk


def bulk_run(member: Membership) -> object:
    """A file of many transfers that was checked and waits for a yes."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    now = timezone.now()
    run = BulkRun.objects.create(
        partner=member.organization.partner,
        kind=BulkKind.REQUESTS,
        status=BulkStatus.CHECKED,
        file_name="merger.csv",
        row_count=1,
        red_count=1,
        started_by_id=member.user_id,
        started_by_name=member.user.name,
        created_at=now,
        checked_at=now,
        touched_at=now,
    )
    finding = {"code": "bulk-customer-missing", "params": {}, "url": ""}
    BulkRow.objects.create(run=run, number=2, values={"note": "<b>"}, level=Level.RED, findings=[finding])
    return run.pk


def saved_view(member: Membership) -> object:
    return SavedView.objects.create(
        user=member.user, organization=member.organization, name=uuid.uuid4().hex, created_at=timezone.now()
    ).pk


def tag(member: Membership) -> object:
    return Tag.objects.create(
        partner=member.organization.partner, name=uuid.uuid4().hex[:20], created_at=timezone.now()
    ).pk


def relationship_invitation(member: Membership) -> object:
    now = timezone.now()
    return RelationshipInvitation.objects.create(
        partner=member.organization.partner,
        include_admin_rights=False,
        language="en",
        customer_label="Bakery",
        expected_domain=f"{uuid.uuid4().hex}.example",
        recipient_email="owner@bakery.example",
        message_subject="Your partner",
        message_text="Hello\n[[link]]",
        requested_by_id=member.user_id,
        requested_by_name=member.user.name,
        created_at=now,
        expires_at=now + SOON,
    ).pk


def partnership(member: Membership) -> object:
    """A provider that asks the member's partner for a partnership; other kinds of organization have none."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    return Partnership.objects.create(
        provider=make_partner(OrganizationKind.INDIRECT_PROVIDER).partner,
        reseller=member.organization.partner,
        status=PartnershipStatus.REQUESTED,
        requested_at=timezone.now(),
    ).pk


def transfer(member: Membership) -> object:
    """A pending request that the member's partner sent, or that concerns the member's customer organization."""
    now = timezone.now()
    own = member.organization
    row = Customer.objects.get_or_create(organization=make_organization() if own.is_partner else own)[0]
    return Transfer.objects.create(
        customer=row,
        source_partner=make_partner().partner,
        target_partner=own.partner if own.is_partner else make_partner().partner,
        status=TransferStatus.PENDING,
        customer_name=row.organization.name,
        customer_email="owner@bakery.example",
        customer_language="en",
        created_by_name="Kim",
        created_at=now,
        modified_at=now,
        sent_at=now,
        expires_at=now + SOON,
    ).pk


def subscription(member: Membership) -> object:
    """What a customer of the member's partner has with it."""
    return Subscription.objects.create(
        customer_id=customer(member),
        billing_owner=member.organization.partner,
        product_family=ProductFamily.LICENSE_BASED,
        product_name="Business Standard",
        friendly_name="Office",
        status=SubscriptionStatus.ACTIVE,
        term=Term.YEAR,
        billing_frequency=BillingFrequency.MONTHLY,
        created_at=timezone.now(),
    ).pk


def invoice(member: Membership) -> object:
    """An invoice of the member's partner without lines; other kinds of organization have none."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    number, today = uuid.uuid4().hex[:20], timezone.now().date()
    return Invoice.objects.create(
        number=number,
        billing_owner=member.organization.partner,
        month=today.replace(day=1),
        currency=next(CURRENCIES),  # one invoice per month and currency
        total=1,
        line_count=1,
        billed_to_name=member.organization.name,
        billed_to_country=member.organization.country,
        issued_on=today,
        due_on=today,
        created_at=timezone.now(),
    ).pk


def azure_subscription(member: Membership) -> object:
    """What a customer of the member's partner, or the member's own organization, has of Azure."""
    if member.organization.kind == OrganizationKind.CUSTOMER:
        relationship = make_relationship(customer=Customer.objects.get_or_create(pk=member.organization_id)[0])
        fields = {"customer_id": member.organization_id, "billing_owner": relationship.partner}
    elif member.organization.is_partner:
        fields = {"customer_id": customer(member), "billing_owner": member.organization.partner}
    else:
        return uuid.uuid4()
    return Subscription.objects.create(
        product_family=ProductFamily.AZURE_SUBSCRIPTION,
        product_name="Azure subscription",
        friendly_name="Production",
        status=SubscriptionStatus.ACTIVE,
        created_at=timezone.now(),
        **fields,
    ).pk


def azure_assignment(member: Membership) -> object:
    """The role that came with the Azure subscription before it in the address: it has the same id."""
    azure = Subscription.objects.filter(product_family=ProductFamily.AZURE_SUBSCRIPTION).order_by("-created_at").first()
    return azure.pk if azure else uuid.uuid4()


def offer(member: Membership) -> object:
    """A published offer: the same for every partner."""
    return make_plan().offer_id


def cart_line(member: Membership) -> object:
    """A line of the member's own cart."""
    cart = Cart.objects.create(
        partner=member.organization.partner,
        customer_id=customer(member),
        user_id=member.user_id,
        created_at=timezone.now(),
    )
    return CartLine.objects.create(
        cart=cart,
        plan=make_plan(),
        term=Term.MONTH,
        billing_frequency=BillingFrequency.MONTHLY,
        quantity=1,
        created_at=timezone.now(),
    ).pk


def purchase(member: Membership) -> SaaSSubscription:
    """What the member's partner bought from a publisher and nobody has set up yet."""
    relationship = make_buying_relationship(partner=member.organization)
    return make_purchase(relationship, now=timezone.now())


def publisher_offer(member: Membership) -> object:
    return _offer_of(member).pk


def _offer_of(member: Membership) -> Offer:
    """A draft that could be published, of the member's organization as a publisher."""
    known = Publisher.objects.filter(pk=member.organization_id).first()
    known = known or Publisher.objects.create(organization=member.organization, code=f"p-{uuid.uuid4().hex[:12]}")
    return make_offer(known, status=OfferStatus.DRAFT, published_at=None)


def publisher_plan(member: Membership) -> object:
    return make_plan(_offer_of(member)).pk


def audience_of_plan(member: Membership) -> object:
    """A customer that a private plan of the publisher is for."""
    plan = make_plan(_offer_of(member), is_private=True)
    return PlanAudience.objects.create(plan=plan, organization=make_organization()).pk


def exclusive_choice(member: Membership) -> object:
    return ExclusivePartner.objects.create(offer=_offer_of(member), partner=make_partner().partner).pk


def private_offer(member: Membership) -> object:
    """Ten percent for a partner, from yesterday on."""
    plan, yesterday = make_plan(_offer_of(member)), timezone.now().date() - datetime.timedelta(days=1)
    return Margin.objects.create(plan=plan, partner=make_partner().partner, percent=10, starts_on=yesterday).pk


def metered(member: Membership) -> object:
    return make_dimension(make_plan(_offer_of(member), is_per_seat=False)).pk


def purchase_of_publisher(member: Membership) -> object:
    return _purchase_of(member).pk


def _purchase_of(member: Membership) -> SaaSSubscription:
    offer = _offer_of(member)
    Offer.objects.filter(pk=offer.pk).update(status=OfferStatus.PUBLISHED, published_at=timezone.now())
    offer.refresh_from_db()
    return make_active(plan=make_plan(offer), now=timezone.now())


def call_to_publisher(member: Membership) -> object:
    saas = _purchase_of(member)
    changes.change_quantity(subscription_id=saas.pk, quantity=13, actor=admin_of(saas), now=timezone.now())
    return WebhookCall.objects.get(operation__saas=saas).pk


def running_change(member: Membership) -> object:
    """A change of what stands before it in the address, which waits for its publisher."""
    saas = SaaSSubscription.objects.filter(partner=member.organization.partner).order_by("-purchased_at", "pk").first()
    return Operation.objects.create(
        saas=saas,
        action=OperationAction.CHANGE_QUANTITY,
        source=OperationSource.MARKETPLACE,
        status=OperationStatus.IN_PROGRESS,
        plan=saas.plan,
        quantity=7,
        created_at=timezone.now(),
        fails_at=timezone.now() + SOON,
    ).pk


def price_sheet(member: Membership) -> object:
    """A file of prices that was checked and waits for a yes."""
    if member.organization.kind != OrganizationKind.OPERATOR:
        return uuid.uuid4()
    return make_price_sheet().pk


def own_price(member: Membership) -> object:
    """A price that the member's partner has set for all customers."""
    if not member.organization.is_partner:
        return uuid.uuid4()
    return make_own_price(member.organization).pk


def ordered_cart(member: Membership) -> object:
    """A cart of the member that became an order, for the customer that stands before it in the address."""
    relationship = (
        ResellerRelationship.objects.filter(partner_id=member.organization_id).order_by("-created_at").first()
    )
    if relationship is None:
        return uuid.uuid4()
    now = timezone.now()
    return WireCart.objects.create(
        partner_id=member.organization_id,
        customer_id=relationship.customer_id,
        user_id=member.user_id,
        lines=[],
        created_at=now,
        changed_at=now,
        ordered_at=now,
        expires_at=now + datetime.timedelta(days=1),
    ).pk


def bundle(member: Membership) -> object:
    """A bundle that the member's partner sells to all customers."""
    return _bundle_of(member).bundle_id if _sells(member) else uuid.uuid4()


def _sells(member: Membership) -> bool:
    return member.organization.kind in (OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER)


def _bundle_of(member: Membership) -> BundleVersion:
    return make_bundle(member.organization, now=timezone.now())


def bundle_sale(member: Membership) -> object:
    """A bundle that was sold, with a subscription in it."""
    if not _sells(member):
        return uuid.uuid4()
    version, relationship = _bundle_of(member), make_relationship(member.organization)
    sale = BundleSale.objects.create(
        version=version,
        partner=member.organization.partner,
        customer=relationship.customer,
        quantity=1,
        cost=50,
        created_at=timezone.now(),
    )
    row = make_subscription(relationship)
    BundlePart.objects.create(subscription=row, sale=sale, line=version.lines.get(), unit_price=12)
    return sale.pk


def bundle_part(member: Membership) -> object:
    """The subscription of the sold bundle that stands before it in the address."""
    sales = BundleSale.objects.filter(partner_id=member.organization_id).order_by("-created_at")
    sale = sales.first()
    return sale.parts.get().pk if sale else uuid.uuid4()


def usage_import(member: Membership) -> object:
    """A file of usage of which one row was not imported."""
    if member.organization.kind != OrganizationKind.OPERATOR:
        return uuid.uuid4()
    return make_usage_import().pk


def incentive_rule(member: Membership) -> object:
    """A rule that holds and could end."""
    if member.organization.kind != OrganizationKind.OPERATOR:
        return uuid.uuid4()
    return make_rule().pk


def partner_competency(member: Membership) -> object:
    """A competency that a partner holds."""
    if member.organization.kind != OrganizationKind.OPERATOR:
        return uuid.uuid4()
    return make_competency(make_partner()).pk


def app_registration(member: Membership) -> object:
    """An app of the member's organization, if it can have one."""
    if app_kind_of(member.organization.kind) is None:
        return uuid.uuid4()
    return make_app(member.organization).app_id


def app_secret(member: Membership) -> object:
    """The secret of the app that stands before it in the address."""
    app = AppRegistration.objects.filter(organization=member.organization).order_by("-created_at").first()
    return app.secrets.get().pk if app else uuid.uuid4()


def app_consent(member: Membership) -> object:
    secret = make_app(member.organization)
    return AppConsent.objects.create(app=secret.app, user=member.user, given_at=timezone.now()).pk


def webhook(member: Membership) -> object:
    """A webhook of the member's organization, with a secret that still overlaps and a test event in it."""
    return _webhook_of(member).pk


def _webhook_of(member: Membership) -> WebhookRegistration:
    return WebhookRegistration.objects.create(
        organization=member.organization,
        url="https://hooks.example/portal",
        event_types=["test-created", "create-transfer"],
        created_at=timezone.now(),
        sealed_secret=sealing.seal(b"whsec_AAAA"),
    )


def webhook_delivery(member: Membership) -> object:
    """A delivery that has failed."""
    happened = AuditEvent.objects.get(public_id=event(member))
    now = timezone.now()
    return WebhookDelivery.objects.create(
        registration=_webhook_of(member),
        event=happened,
        event_type="create-transfer",
        body=b"{}",
        status=DeliveryStatus.FAILED,
        created_at=now,
        ended_at=now,
    ).pk


def group(member: Membership) -> object:
    return _group(member).pk


def group_member(member: Membership) -> object:
    return GroupMember.objects.get_or_create(
        group=_group(member), membership=member, defaults={"added_by_name": "Kim", "added_at": timezone.now()}
    )[0].pk


def _group(member: Membership) -> Group:
    known = Group.objects.filter(organization_id=member.organization_id, removed_at=None).first()
    return known or Group.objects.create(
        organization_id=member.organization_id, name="Operators", created_by_name="Kim", created_at=timezone.now()
    )


def support_case(member: Membership) -> object:
    return _support_case(member).pk


def _support_case(member: Membership) -> SupportCase:
    """A case of the member's partner, or of another one where the member is the operator's."""
    own = member.organization
    return make_case(own if own.is_partner else None, opened_by=member.user)


def service_incident(member: Membership) -> object:
    """What the operator told everybody."""
    return make_incident().pk


def partner(member: Membership) -> object:
    return make_partner().pk


def waiting_organization(member: Membership) -> object:
    """An organization that was enrolled and that nobody has entered yet."""
    return make_waiting().organization_id


def nomination(member: Membership) -> object:
    """A partner's open request to become an indirect provider."""
    return make_nomination().pk


def case_attachment(member: Membership) -> object:
    """A file of the case that stands before it in the address."""
    case = SupportCase.objects.filter(opened_by=member.user).order_by("-number").first() or _support_case(member)
    return make_attachment(case).pk


# "app:parameter" as the URL map has them -> what builds the object. Parameters of pages open to all are not needed.
OBJECTS: dict[str, Callable[[Membership], object]] = {
    "api:app_id": app_registration,
    "api:secret_id": app_secret,
    "api:consent_id": app_consent,
    "api:code_id": lambda member: "not-found",
    "tokens:tenant": lambda member: member.organization_id,
    "accounts:user_id": colleague,
    "accounts:invitation_id": user_invitation,
    "accounts:session_id": session,
    "accounts:factor_id": passkey,
    "accounts:account_id": provider_account,
    "audit:public_id": event,
    "action_center:item_id": action_item,
    "customers:customer_id": customer,
    "customers:run_id": import_run,
    "customers:view_id": saved_view,
    "customers:tag_id": tag,
    "customers:invitation_id": relationship_invitation,
    "customers:relationship_id": relationship_of_a_customer,
    "customers:partnership_id": partnership,
    "billing:invoice_id": invoice,
    "billing_programme:invoice_id": lambda member: invoice(member if member.organization.is_partner else make_member()),
    "azure:customer_id": customer,
    "azure:subscription_id": azure_subscription,
    "azure:assignment_id": azure_assignment,
    "azure:cart_id": ordered_cart,
    "marketplace:customer_id": customer,
    "marketplace:offer_id": offer,
    "marketplace:line_id": cart_line,
    "marketplace:order_id": lambda member: purchase(member).subscription.order_id,
    "marketplace:subscription_id": lambda member: purchase(member).pk,
    "sandbox:request_id": relationship_invitation,
    "sandbox:customer_id": customer,
    "sandbox:subscription_id": lambda member: purchase(member).pk,
    "sandbox:operation_id": running_change,
    "transfers:customer_id": customer,
    "transfers:transfer_id": transfer,
    "transfers:subscription_id": subscription,
    "transfers:run_id": bulk_run,
    "bundles:bundle_id": bundle,
    "bundles:customer_id": customer,
    "bundles:sale_id": bundle_sale,
    "bundles:subscription_id": bundle_part,
    "pricing:sheet_id": price_sheet,
    "pricing:customer_id": customer,
    "pricing:run_id": usage_import,
    "pricing:price_id": own_price,
    "billing:customer_id": customer,
    "pricing:rule_id": incentive_rule,
    "pricing:competency_id": partner_competency,
    "operators:partner_id": partner,
    "operators:organization_id": waiting_organization,
    "operators:nomination_id": nomination,
    "directory:group_id": group,
    "directory:member_id": group_member,
    "support:customer_id": customer,
    "support:case_id": support_case,
    "support:attachment_id": case_attachment,
    "support:incident_id": service_incident,
    "publisher:offer_id": publisher_offer,
    "webhooks:registration_id": webhook,
    "webhooks:delivery_id": webhook_delivery,
    "webhooks:public_id": event,
    "publisher:plan_id": publisher_plan,
    "publisher:audience_id": audience_of_plan,
    "publisher:choice_id": exclusive_choice,
    "publisher:margin_id": private_offer,
    "publisher:dimension_id": metered,
    "publisher:subscription_id": purchase_of_publisher,
    "publisher:call_id": call_to_publisher,
}


def _pages(app: str, names: str) -> set[str]:
    return {f"{app}:{name}" for name in names.split()}


_ENTRANCE = "invitation review opened accept decline ask mailbox code register"  # how customers answer by unique link

# Pages that ask for no sign-in, and pages that ask for no permission. A page that joins them is a decision of its own.
OPEN_TO_ALL = {
    *("healthz", "readyz", "metrics", "gallery"),
    *("account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn"),
    *("openid_connect_login", "openid_connect_callback"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_form"),
    *_pages("accounts", "join joining open_email_link"),
    "webhooks:certificate",
    *_pages("admin_center", _ENTRANCE),
    *_pages("government", _ENTRANCE),
    # Mounted in the embedded run only.
    *("mailbox", "mailbox_messages", "mailbox_mail", "mailbox_html"),
    *_pages("demo", "sign_in sign_in_as"),
    *_pages("publisher_site", "home start account activate decide choose_habit refresh"),
}
# Addresses for programs, which send a token or secret and have no session; tests/portal/api/test_guard.py sweeps them.
FOR_MACHINES = {
    *_pages("tokens", "token_v1 token_v2 discovery_v1 discovery_v2 keys_v1 keys_v2"),
    *_pages("api", "unknown unknown_webhook unknown_audit openapi"),
    "publisher_site:webhook",
}
# Pages of the programme operator alone, which sees what every partner has, and what everybody is told alike.
OF_EVERY_PARTNER = {
    "api:error",
    *_pages("support", "ask resolve assign incident update_incident"),
    *_pages(
        "pricing",
        "sheet publish_sheet cancel_sheet sheet_rows usage_file usage_file_progress usage_file_rows end_incentive"
        " end_competency",
    ),
    *_pages(
        "operators", "partner create_sandbox pair_sandbox invite_first nomination approve refuse reset_second_factor"
    ),
    *_pages("billing_programme", "invoice invoice_pdf reconciliation_file usage_file payment"),
}
NAMED_BY_DOMAIN = _pages("tokens", "authorize_v1 authorize_v2")  # an organization, by its domain too


def is_for_machines(page: Page) -> bool:
    """Say whether an address is an API call, or one of the few beside them."""
    return isinstance(getattr(page.callback, "access", None), ApiAccess) or page.view_name in FOR_MACHINES


OPEN_TO_EVERY_ROLE = {
    *NAMED_BY_DOMAIN,
    *_pages("api", "reference errors error my_apps revoke_consent"),
    *("home", "help", "search", "account_reauthenticate"),
    *_pages("accounts", "settings my_access roles switch_organization"),
    *_pages(
        "accounts",
        "profile change_email confirm_email security change_password set_password end_session end_other_sessions",
    ),
    *_pages("accounts", "disconnect_provider second_factor add_authenticator_app add_passkey rename_passkey"),
    *_pages("accounts", "remove_factor recovery_codes download_recovery_codes generate_recovery_codes"),
    *_pages("action_center", "overview completed archived preferences panel change item open"),
    *("admin_center:answer_for", "government:answer_for", "support:whom_to_ask"),
}

# Every page that takes a form: the events it writes, or why it writes none. That each event is written is tested with
# the workflow of its app; here nobody adds a page that changes something in silence (quality row 29).
WRITES: dict[str, tuple[str, ...] | str] = {
    "api:new_app": ("app-registered",),
    "api:edit_app": ("app-changed",),
    "api:remove_app": ("app-removed",),
    "api:new_secret": ("app-secret-added",),
    "api:revoke_secret": ("app-secret-revoked",),
    "api:revoke_consent": ("app-consent-revoked",),
    "webhooks:new": ("webhook-registered",),
    "webhooks:edit": ("webhook-changed",),
    "webhooks:pause": ("webhook-paused",),
    "webhooks:resume": ("webhook-resumed",),
    "webhooks:remove": ("webhook-removed",),
    "webhooks:renew_secret": ("webhook-secret-renewed",),
    "webhooks:send_test": ("test-created",),
    "webhooks:replay_one": ("webhook-deliveries-replayed",),
    "webhooks:replay_many": ("webhook-deliveries-replayed",),
    "tokens:authorize_v1": ("app-consent-given",),
    "tokens:authorize_v2": ("app-consent-given",),
    "accounts:profile": ("profile-updated",),
    "accounts:change_email": ("email-change-requested",),
    "accounts:confirm_email": ("email-changed",),
    "accounts:change_password": ("password-changed",),
    "accounts:set_password": ("password-changed",),
    "accounts:end_session": ("session-ended",),
    "accounts:end_other_sessions": ("session-ended",),
    "accounts:disconnect_provider": ("sign-in-provider-disconnected",),
    "accounts:add_authenticator_app": ("second-factor-added", "recovery-codes-generated"),
    "accounts:add_passkey": ("second-factor-added", "recovery-codes-generated"),
    "accounts:rename_passkey": ("second-factor-renamed",),
    "accounts:remove_factor": ("second-factor-removed",),
    "accounts:generate_recovery_codes": ("recovery-codes-generated",),
    "accounts:invite": ("user-invited",),
    "accounts:invitation_resend": ("user-invitation-resent",),
    "accounts:invitation_revoke": ("user-invitation-revoked",),
    "accounts:user_roles": ("user-roles-changed",),
    "accounts:user_reset_second_factor": ("second-factor-reset",),
    "accounts:user_deactivate": ("user-deactivated",),
    "accounts:user_reactivate": ("user-reactivated",),
    "accounts:organization_edit": ("organization-updated",),
    "accounts:partner_agreement_sign": ("partner-agreement-signed",),
    "accounts:switch_organization": ("organization-switched",),
    "accounts:joining": ("user-joined", "signed-in"),
    "account_login": ("signed-in", "sign-in-failed"),
    "mfa_authenticate": ("signed-in", "sign-in-failed"),
    "mfa_login_webauthn": ("signed-in", "sign-in-failed"),
    "openid_connect_login": "leads to the provider; the way back is logged",
    "account_logout": ("signed-out",),
    "account_reauthenticate": ("sign-in-failed",),
    "account_reset_password": ("password-reset-requested",),
    "account_reset_password_from_key_form": ("password-changed",),
    "demo:sign_in_as": ("signed-in",),
    "publisher:new_offer": ("marketplace-offer-created",),
    "publisher:edit_offer": ("marketplace-offer-changed",),
    "publisher:configuration": ("marketplace-technical-configuration-changed",),
    "publisher:application": ("marketplace-technical-configuration-changed",),
    "publisher:publish": ("marketplace-offer-published",),
    "publisher:withdraw": ("marketplace-offer-withdrawn",),
    "publisher:new_plan": ("marketplace-offer-plan-added",),
    "publisher:edit_plan": ("marketplace-offer-plan-changed",),
    "publisher:new_price": ("marketplace-offer-priced",),
    "publisher:new_exclusive_partner": ("marketplace-offer-changed",),
    "publisher:remove_exclusive_partner": ("marketplace-offer-changed",),
    "publisher:new_audience": ("marketplace-offer-plan-changed",),
    "publisher:remove_audience": ("marketplace-offer-plan-changed",),
    "publisher:new_margin": ("marketplace-offer-plan-changed",),
    "publisher:end_margin": ("marketplace-offer-plan-changed",),
    "publisher:new_dimension": ("marketplace-offer-plan-changed",),
    "publisher:edit_dimension": ("marketplace-offer-plan-changed",),
    "publisher:price_dimension": ("marketplace-offer-priced",),
    "publisher:remove_dimension": ("marketplace-offer-plan-changed",),
    "publisher:repeat_call": ("marketplace-publisher-call-repeated",),
    "publisher_site:activate": "asks the API, which writes it into the log",
    "publisher_site:decide": "asks the API, which writes it into the log",
    "publisher_site:choose_habit": "a setting of the demo publishers' own site",
    "publisher_site:refresh": "reads from the API",
    "action_center:preferences": ("mail-preferences-changed",),
    "action_center:change": ("action-items-archived", "action-items-restored"),
    "action_center:open": "notes that one person has read one item, and changes nothing else",
    "action_center:change_mails": ("email-sent-again", "email-settled"),
    "customers:imports": ("import-uploaded",),
    "customers:import_subscriptions": ("import-uploaded",),
    "customers:confirm_import": ("customers-imported", "subscriptions-imported"),
    "customers:cancel_import": ("import-canceled",),
    "customers:views": ("customer-view-saved",),
    "customers:delete_view": ("customer-view-deleted",),
    "customers:tags": ("customer-tag-created",),
    "customers:assign_tags": ("customer-tagged",),
    "customers:delete_tag": ("customer-tag-deleted",),
    "customers:take_back_rights": ("admin-rights-removed-by-customer",),
    "customers:new_relationship": ("reseller-relationship-requested",),
    "customers:invitation_message": ("reseller-relationship-request-sent",),
    "customers:resend_invitation": ("reseller-relationship-request-resent",),
    "customers:revoke_invitation": ("reseller-relationship-request-revoked",),
    "customers:bill_to": ("customer-billing-profile-updated",),
    "customers:qualification": ("customer-qualification-updated",),
    "customers:remove_relationship": ("reseller-relationship-removed",),
    "customers:request_partnership": ("partnership-requested",),
    "customers:accept_partnership": ("partnership-accepted",),
    "customers:decline_partnership": ("partnership-declined",),
    "customers:withdraw_partnership": ("partnership-request-withdrawn",),
    "customers:end_partnership": ("partnership-ended", "reseller-relationship-request-revoked"),
    "customers:start_becoming_reseller": ("becoming-reseller-started",),
    "customers:move_customers": ("customer-moved-to-indirect-provider",),
    "customers:cancel_becoming_reseller": ("becoming-reseller-canceled", "reseller-relationship-request-revoked"),
    "customers:finish_becoming_reseller": ("became-reseller", "reseller-relationship-request-revoked"),
    "customers:add_customer": "keeps what was typed in the session until it is reviewed",
    "customers:add_customer_agreement": "keeps what was typed in the session until it is reviewed",
    "customers:add_customer_review": ("customer-added",),
    "customers:accept_agreement": ("customer-agreement-created",),
    "transfers:create": ("create-transfer", "transfer-drafted"),
    "transfers:send_draft": ("create-transfer",),
    "transfers:delete_draft": ("transfer-draft-deleted",),
    "transfers:cancel": ("transfer-canceled",),
    "transfers:review": "changes the choice that the form itself carries, and nothing else",
    "transfers:review_summary": "adds up the choice that the form carries",
    "transfers:confirm": "notes when the source first opened a request, for the target's page",
    "transfers:seen": "notes when the source first opened a request, for the target's page",
    "transfers:accept": ("update-transfer",),
    "transfers:decline": ("transfer-declined",),
    "transfers:bulk": ("bulk-transfers-uploaded",),
    "transfers:bulk_confirm": ("bulk-transfers-run",),
    "transfers:bulk_check": ("bulk-transfers-checked-again",),
    "transfers:bulk_stop": ("bulk-transfers-stopped",),
    "transfers:retry": ("transfer-items-retried",),
    "transfers:plan_fault": ("sandbox-fault-planned",),
    "sandbox:switch_fault": ("sandbox-fault-switched-on", "sandbox-fault-switched-off"),
    "sandbox:drop_item_fault": ("sandbox-fault-planned",),
    "sandbox:jump": ("sandbox-clock-jumped",),
    "sandbox:reset": ("sandbox-reset",),
    "sandbox:delete_customer": ("sandbox-customer-deleted",),
    "sandbox:create_request": ("reseller-relationship-requested",),
    "sandbox:accept_request": (
        "customer-registered",
        "reseller-relationship-accepted-by-customer",
        "customer-agreement-created",
    ),
    "sandbox:decline_request": ("reseller-relationship-declined-by-customer",),
    "sandbox:accept_agreement": ("customer-agreement-created",),
    "sandbox:remove_relationship": ("reseller-relationship-removed",),
    "sandbox:add_subscription": ("subscription-imported",),
    "sandbox:activate": ("marketplace-subscription-activated",),
    "sandbox:confirm_change": ("marketplace-quantity-changed",),
    "sandbox:refuse_change": ("marketplace-change-refused",),
    "operators:pair_sandbox": ("sandbox-partner-joined",),
    "operators:create_sandbox": (
        "sandbox-account-created",
        "sandbox-partner-joined",
        "partner-agreement-requested",
    ),
    "operators:enroll": ("organization-enrolled", "user-invited", "partner-agreement-requested"),
    "operators:invite_first": ("user-invited",),
    "operators:reset_second_factor": ("second-factor-reset",),
    "operators:place_country": ("market-country-placed",),
    "operators:approve": ("provider-nomination-approved", "became-provider"),
    "operators:refuse": ("provider-nomination-refused",),
    "operators:become_provider": ("provider-nomination-requested",),
    "operators:withdraw": ("provider-nomination-withdrawn",),
    "directory:new_group": ("group-created",),
    "directory:add_member": ("group-member-added",),
    "directory:offer_group": ("group-offer-changed",),
    "directory:remove_group": ("group-removed",),
    "directory:remove_member": ("group-member-removed",),
    "support:new": ("support-case-opened",),
    "support:answer": ("support-case-answered",),
    "support:ask": ("support-case-information-requested",),
    "support:resolve": ("support-case-resolved",),
    "support:reopen": ("support-case-reopened",),
    "support:close": ("support-case-closed",),
    "support:severity": ("support-case-severity-changed",),
    "support:new_incident": ("service-incident-published",),
    "support:update_incident": ("service-incident-updated", "service-incident-resolved"),
    "support:assign": ("support-case-assigned",),
    "marketplace:offer": "puts a plan into the person's cart, which nobody else sees",
    "marketplace:change_line": "changes the person's cart, which nobody else sees",
    "marketplace:remove_line": "changes the person's cart, which nobody else sees",
    "marketplace:review": ("marketplace-subscription-purchased",),
    "marketplace:publisher_link": ("marketplace-publisher-link-issued",),
    "marketplace:rename": ("marketplace-subscription-renamed",),
    "marketplace:quantity": ("marketplace-quantity-change-requested",),
    "marketplace:plan": ("marketplace-plan-change-requested",),
    "marketplace:billing": ("marketplace-billing-frequency-changed",),
    "marketplace:auto_renew": ("marketplace-auto-renew-changed",),
    "marketplace:auto_renew_of_many": ("marketplace-auto-renew-changed",),
    "marketplace:reseller": ("marketplace-reseller-changed",),
    "marketplace:further_resellers": ("marketplace-reseller-changed",),
    "marketplace:cancel": ("marketplace-subscription-canceled",),
    "marketplace:ask": ("marketplace-change-asked",),
    "azure:dates": ("azure-offer-date-set",),
    "azure:give_access": ("azure-access-given",),
    "azure:take_access": ("azure-access-taken",),
    "billing_programme:payment": ("invoice-paid",),
    "billing:assignments": ("license-assignments-reported",),
    "bundles:new": ("bundle-defined",),
    "bundles:change": ("bundle-changed",),
    "bundles:withdraw": ("bundle-withdrawn",),
    "bundles:choose_customer": "leads to the review",
    "bundles:sell": ("bundle-sold",),
    "bundles:take_out": ("bundle-part-released",),
    "pricing:sheets": ("price-sheet-checked",),
    "pricing:publish_sheet": ("price-list-published",),
    "pricing:cancel_sheet": ("price-sheet-canceled",),
    "pricing:usage_files": ("usage-file-uploaded",),
    "pricing:new_own_price": ("customer-price-set",),
    "pricing:end_own_price": ("customer-price-ended",),
    "pricing:own_terms": ("customer-terms-set",),
    "pricing:budget": ("usage-budget-set",),
    "pricing:remove_budget": ("usage-budget-removed",),
    "pricing:keep_rates": ("exchange-rate-set",),
    "pricing:import_rates": ("exchange-rate-set",),
    "pricing:keep_incentives": ("incentive-rule-set",),
    "pricing:end_incentive": ("incentive-rule-ended",),
    "pricing:competencies": ("partner-competency-recorded",),
    "pricing:end_competency": ("partner-competency-ended",),
    "azure:order": "puts a product into the person's cart, which nobody else sees",
    "azure:change_line": "changes the person's cart, which nobody else sees",
    "azure:review": ("subscription-purchased",),
    "azure:keep_tenant": ("shared-services-tenant-set",),
    "azure:start_transition": ("azure-plan-transition-started",),
    "azure:rename": ("subscription-renamed",),
    "azure:quantity": ("subscription-quantity-changed",),
    "azure:reseller": ("subscription-reseller-changed",),
    "azure:term": ("subscription-term-changed",),
    "azure:billing_frequency": ("subscription-billing-frequency-changed",),
    "azure:next_term": ("subscription-next-term-set",),
    "azure:drop_next_term": ("subscription-next-term-set",),
    "azure:auto_renew": ("subscription-auto-renew-changed",),
    "azure:suspend": ("subscription-suspended",),
    "azure:reactivate": ("subscription-reactivated",),
    "azure:cancel": ("subscription-canceled",),
    "customers:agreement": ("customer-agreement-created",),
    "customers:ask_agreement": ("customer-agreement-requested",),
    "customers:permissions": ("customer-permissions-updated",),
    **{
        f"{entrance}:{step}": events
        for entrance in ("admin_center", "government")
        for step, events in {
            "opened": "notes when somebody first opened the link, for the partner's list",
            "accept": ("reseller-relationship-accepted-by-customer", "customer-agreement-created"),
            "decline": ("reseller-relationship-declined-by-customer",),
            "ask": ("reseller-relationship-question-asked",),
            "answer_for": ("organization-switched",),
            "mailbox": ("mailbox-code-sent",),
            "code": "proves to this session that the person reads the mailbox; wrong codes are counted",
            "register": ("customer-registered", "user-joined"),
        }.items()
    },
}
