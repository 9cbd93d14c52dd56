"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bill",
        sa.Column("bill_id", sa.String(40), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("service_id", sa.String(80), nullable=False),
        sa.Column("department", sa.String(60), nullable=False),
        sa.Column("bill_no", sa.String(64), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("title_zh", sa.String(80), nullable=False),
        sa.Column("title_en", sa.String(160), nullable=False),
        sa.Column("account_masked", sa.String(64), nullable=False),
        sa.Column("customer_masked", sa.String(120), nullable=False),
        sa.Column("period_zh", sa.String(40), nullable=False),
        sa.Column("period_en", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bill_id", name=op.f("pk_bill")),
    )
    op.create_index(op.f("ix_bill_expires_at"), "bill", ["expires_at"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(20), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("intent_id", sa.String(40), nullable=False),
        sa.Column("request_mac", sa.String(64), nullable=False),
        sa.Column("service_id", sa.String(80), nullable=False),
        sa.Column("service_version", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(140), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("verification_code", sa.String(19), nullable=False),
        sa.Column("title_zh", sa.String(80), nullable=False),
        sa.Column("title_en", sa.String(160), nullable=False),
        sa.Column("issuer_zh", sa.String(120), nullable=False),
        sa.Column("issuer_en", sa.String(200), nullable=False),
        sa.Column("template", sa.String(80), nullable=False),
        sa.Column("person_hash", sa.String(64), nullable=False),
        sa.Column("holder_name", sa.LargeBinary(), nullable=False),
        sa.Column("holder_number", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("proof_method", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("identifier", name=op.f("uq_certificate_identifier")),
        sa.UniqueConstraint("kiosk_id", "intent_id", name=op.f("uq_certificate_kiosk_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
        sa.UniqueConstraint("verification_code", name=op.f("uq_certificate_verification_code")),
    )
    op.create_index(op.f("ix_certificate_person_hash"), "certificate", ["person_hash"], unique=False)
    op.create_index(op.f("ix_certificate_sha256"), "certificate", ["sha256"], unique=False)
    op.create_table(
        "device",
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("site", sa.String(120), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kiosk_id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_device_token_sha256")),
    )
    op.create_table(
        "identity_proof",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("person_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("score_band", sa.String(20), nullable=False),
        sa.Column("algorithm", sa.String(80), nullable=False),
        sa.Column("issues_left", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_proof")),
    )
    op.create_index(op.f("ix_identity_proof_expires_at"), "identity_proof", ["expires_at"], unique=False)
    op.create_index(op.f("ix_identity_proof_person_hash"), "identity_proof", ["person_hash"], unique=False)
    op.create_table(
        "payment",
        sa.Column("intent_id", sa.String(40), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("service_id", sa.String(80), nullable=False),
        sa.Column("bill_id", sa.String(40), nullable=False),
        sa.Column("department", sa.String(60), nullable=False),
        sa.Column("bill_no", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("out_trade_no", sa.String(32), nullable=False),
        sa.Column("trade_no", sa.String(64), nullable=True),
        sa.Column("receipt_no", sa.String(32), nullable=False),
        sa.Column("qr_code", sa.String(512), nullable=True),
        sa.Column("title_zh", sa.String(80), nullable=False),
        sa.Column("title_en", sa.String(160), nullable=False),
        sa.Column("account_masked", sa.String(64), nullable=False),
        sa.Column("customer_masked", sa.String(120), nullable=False),
        sa.Column("period_zh", sa.String(40), nullable=False),
        sa.Column("period_en", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posting_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refund_reason", sa.String(40), nullable=True),
        sa.Column("refunded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_amount_positive")),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_payment")),
        sa.UniqueConstraint("out_trade_no", name=op.f("uq_payment_out_trade_no")),
        sa.UniqueConstraint("receipt_no", name=op.f("uq_payment_receipt_no")),
    )
    op.create_index(op.f("ix_payment_bill_no"), "payment", ["bill_no"], unique=False)
    op.create_index("ix_payment_next_at_state", "payment", ["next_at", "state"], unique=False)
    op.create_table(
        "rating",
        sa.Column("rating_id", sa.String(40), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("service_id", sa.String(80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_rating_level_range")),
        sa.PrimaryKeyConstraint("rating_id", name=op.f("pk_rating")),
    )
    op.create_index(op.f("ix_rating_kiosk_id"), "rating", ["kiosk_id"], unique=False)
    op.create_index(op.f("ix_rating_service_id"), "rating", ["service_id"], unique=False)
    op.create_table(
        "sms_challenge",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kiosk_id", sa.String(60), nullable=False),
        sa.Column("person_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("code_mac", sa.LargeBinary(), nullable=True),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_challenge")),
    )
    op.create_index(op.f("ix_sms_challenge_created_at"), "sms_challenge", ["created_at"], unique=False)
    op.create_index(op.f("ix_sms_challenge_kiosk_id"), "sms_challenge", ["kiosk_id"], unique=False)
    op.create_index(op.f("ix_sms_challenge_person_hash"), "sms_challenge", ["person_hash"], unique=False)
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.String(60), nullable=False),
        sa.Column("intent_id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_ledger_entry_amount_not_zero")),
        sa.ForeignKeyConstraint(["intent_id"], ["payment.intent_id"], name=op.f("fk_ledger_entry_intent_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("transaction_id", "account", name=op.f("uq_ledger_entry_transaction_id")),
    )
    op.create_index(op.f("ix_ledger_entry_account"), "ledger_entry", ["account"], unique=False)
    op.create_index(op.f("ix_ledger_entry_intent_id"), "ledger_entry", ["intent_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ledger_entry")
    op.drop_table("sms_challenge")
    op.drop_table("rating")
    op.drop_table("payment")
    op.drop_table("identity_proof")
    op.drop_table("device")
    op.drop_table("certificate")
    op.drop_table("bill")
