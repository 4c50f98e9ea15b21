import django.db.models.deletion
from django.db import migrations, models

COPY = """
UPDATE marketplace_saassubscription AS saas SET partner_id = row.billing_owner_id
FROM customers_subscription AS row WHERE row.id = saas.subscription_id
"""


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0002_publisher_may_change")]

    operations = [
        migrations.AddField(
            model_name="saassubscription",
            name="partner",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.partner",
            ),
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="saassubscription",
            name="partner",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.partner",
            ),
        ),
        migrations.AddIndex(
            model_name="saassubscription",
            index=models.Index(fields=["partner", "purchased_at", "subscription"], name="saas_of_partner"),
        ),
        migrations.AddIndex(
            model_name="saassubscription",
            index=models.Index(
                fields=["partner", "status", "purchased_at", "subscription"], name="saas_of_partner_by_status"
            ),
        ),
    ]
