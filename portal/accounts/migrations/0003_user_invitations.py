import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.core.fields


def fill_name_keys(apps, schema_editor):
    user_model = apps.get_model("accounts", "User")
    users = list(user_model.objects.filter(name_key="").only("id", "name"))
    for user in users:
        user.name_key = portal.core.fields.name_key(user.name)
    user_model.objects.bulk_update(users, ["name_key"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_throttle_table"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="name_key",
            field=portal.core.fields.NameKeyField(default="", editable=False, max_length=200, source="name"),
            preserve_default=False,
        ),
        migrations.RunPython(fill_name_keys, migrations.RunPython.noop),
        migrations.CreateModel(
            name="UserInvitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(max_length=200)),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("global_admin", "Global admin"),
                                ("account_admin", "Account admin"),
                                ("user_management_admin", "User management admin"),
                                ("billing_admin", "Billing admin"),
                                ("admin_agent", "Admin agent"),
                                ("sales_agent", "Sales agent"),
                                ("helpdesk_agent", "Helpdesk agent"),
                                ("customer_admin", "Customer administrator"),
                                ("publisher_admin", "Publisher administrator"),
                                ("operator_admin", "Programme operator"),
                            ],
                            max_length=30,
                        ),
                        size=None,
                    ),
                ),
                ("language", models.CharField(default="en", max_length=8)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("revoked", "Revoked"),
                            ("expired", "Expired"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="user_invitations",
                        to="accounts.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organization", "created_at", "id"], name="user_invitation_by_time"),
                    models.Index(
                        condition=models.Q(("status", "open")), fields=["expires_at"], name="user_invitation_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("organization", "email"),
                        name="user_invitation_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="user_invitation_email_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("roles", []), _negated=True), name="user_invitation_has_roles"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("status", "open")),
                            models.Q(models.Q(("status", "open"), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="user_invitation_closed_at_iff_closed",
                    ),
                ],
            },
        ),
    ]
