"""What a scanned text is, by screen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.code_scanner.classify import CodeRules, classify
from drivers.code_scanner.port import CodeKind, ScanContext

PAY, BILL, ID = ScanContext.PAYMENT_CODE, ScanContext.BILL_ACCOUNT, ScanContext.ID_NUMBER


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("134567890123456789", CodeKind.WECHAT_PAYMENT),
        *((f"{prefix}" + "0" * 16, CodeKind.WECHAT_PAYMENT) for prefix in range(10, 16)),
        ("16" + "0" * 16, CodeKind.OTHER),
        ("09" + "0" * 16, CodeKind.OTHER),
        ("13456789012345678", CodeKind.OTHER),  # 17
        ("1345678901234567890", CodeKind.OTHER),  # 19
        ("281234567890123456", CodeKind.ALIPAY_PAYMENT),
        *((f"{prefix}" + "0" * 14, CodeKind.ALIPAY_PAYMENT) for prefix in range(25, 31)),
        ("28" + "0" * 22, CodeKind.ALIPAY_PAYMENT),
        ("28" + "0" * 23, CodeKind.OTHER),
        ("28" + "0" * 13, CodeKind.OTHER),
        ("24" + "0" * 16, CodeKind.OTHER),
        ("31" + "0" * 16, CodeKind.OTHER),
        ("62" + "0" * 17, CodeKind.UNIONPAY_PAYMENT),
        ("62" + "0" * 16, CodeKind.OTHER),
        ("01" + "0" * 17, CodeKind.OTHER),  # e-CNY is said to look so; nothing confirms it
        ("https://example.com/", CodeKind.OTHER),
        ("13456789012345678\uff19", CodeKind.OTHER),  # a full-width digit
        ("", CodeKind.OTHER),
    ],
)
def test_payment_codes(text: str, kind: CodeKind) -> None:
    assert classify(text, PAY).kind is kind


def test_blanks_around_a_code_do_not_count() -> None:
    code = classify(" 134567890123456789\t", PAY)
    assert (code.kind, code.text) == (CodeKind.WECHAT_PAYMENT, "134567890123456789")


def test_eighteen_digits_mean_what_the_screen_asks_for() -> None:
    # the shape of a WeChat code, and a sound check character; there is no province 10
    both = "109999199001010010"
    assert classify(both, PAY).kind is CodeKind.WECHAT_PAYMENT
    assert classify(both, ID).kind is CodeKind.ID_NUMBER
    assert classify(both, BILL).kind is CodeKind.ID_NUMBER
    assert classify("109999199001010011", ID).kind is CodeKind.WECHAT_PAYMENT  # no such citizen number


def test_an_id_number_is_never_a_payment() -> None:
    assert classify("519999199001010017", PAY).kind is CodeKind.ID_NUMBER
    code = classify("51999919900101005x", ID)
    assert (code.kind, code.text) == (CodeKind.ID_NUMBER, "51999919900101005X")


def test_the_account_is_what_the_region_says() -> None:
    assert classify("035012342718", BILL).kind is CodeKind.BILL_ACCOUNT
    assert classify("03501234271", BILL).kind is CodeKind.OTHER
    assert classify("０35012342718", BILL).kind is CodeKind.OTHER
    assert classify("W-1234", BILL, CodeRules(bill_account=r"W-\d{4}")).kind is CodeKind.BILL_ACCOUNT
    assert classify("035012342718", BILL, CodeRules(bill_account=r"W-\d{4}")).kind is CodeKind.OTHER


def test_a_payment_code_shown_too_early_is_known_as_one() -> None:
    assert classify("281234567890123456", BILL).kind is CodeKind.ALIPAY_PAYMENT
    assert classify("035012342718", PAY).kind is CodeKind.BILL_ACCOUNT


def test_an_account_pattern_that_looks_like_a_payment_wins_on_its_own_screen_only() -> None:
    assert classify("134567890123456789", BILL, CodeRules(bill_account=r"\d{18}")).kind is CodeKind.BILL_ACCOUNT
    assert classify("134567890123456789", PAY, CodeRules(bill_account=r"\d{18}")).kind is CodeKind.WECHAT_PAYMENT


def test_the_text_does_not_show() -> None:
    assert "1345" not in repr(classify("134567890123456789", PAY))


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(ScanContext))
def test_any_text_has_a_kind(text: str, context: ScanContext) -> None:
    assert classify(text, context).text.upper() == text.strip().upper()
