"""What a scanned text is, by screen."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.code_scanner.certificate_id import check_character
from drivers.code_scanner.classify import CodeRules, classify
from drivers.code_scanner.port import CodeKind, ScanContext

PAY, BILL, ID = ScanContext.PAYMENT_CODE, ScanContext.BILL_ACCOUNT, ScanContext.ID_NUMBER
CASE, CERTIFICATE = ScanContext.CASE_NUMBER, ScanContext.CERTIFICATE

CASE_NO = "12519999MB0A00018J4002099001000202611220001"  # agency, level, item, day, serial
CERTIFICATE_NO = "1.2.156.3005.2.11519999000000019R001.12519999MB0A00018J.2025000000001.001.Z"
LINK = "https://verify.example.test/v?i=abcdefghjkmn&t=tp1abc&s=AAAAAAAAAAAAAAAAAAAAAA"


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
        ("fp" + "0" * 33, CodeKind.OTHER),  # a face token; no code to be scanned
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


def test_who_may_be_paying_with_an_id_number_is_asked() -> None:
    assert classify("109999199001010010", PAY).or_else is CodeKind.ID_NUMBER
    assert classify("134567890123456789", PAY).or_else is None
    assert classify("109999850001010002", ID).kind is CodeKind.ID_NUMBER
    assert classify("109999850001010002", PAY).or_else is None  # nobody was born in 8500
    assert classify("109999199001010010", ID).or_else is None


def test_ecny_only_where_it_is_set() -> None:
    assert classify("01" + "0" * 17, PAY, CodeRules(ecny=True)).kind is CodeKind.ECNY_PAYMENT
    assert classify("01" + "0" * 16, PAY, CodeRules(ecny=True)).kind is CodeKind.OTHER


def test_a_case_number() -> None:
    assert classify(CASE_NO, CASE).kind is CodeKind.CASE_NUMBER
    assert classify(CASE_NO, BILL).kind is CodeKind.CASE_NUMBER  # known wherever it is shown
    assert classify(CASE_NO[:-1], CASE).kind is CodeKind.OTHER
    assert classify("SL-20261122-7", CASE, CodeRules(case_number=r"SL-\d{8}-\d+")).kind is CodeKind.CASE_NUMBER


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CERTIFICATE_NO, CodeKind.CERTIFICATE_ID),
        (CERTIFICATE_NO.replace(".001.Z", ".002.X"), CodeKind.CERTIFICATE_ID),
        (
            "1.2.156.3005.2.11519999000000019R002.12519999MB0A00018J.0123456789ABCDEF0123456789ABCDEF.001.O",
            CodeKind.CERTIFICATE_ID,
        ),
        (CERTIFICATE_NO[:-1] + "Y", CodeKind.OTHER),
        (CERTIFICATE_NO.replace("3005.2.", "3005.3."), CodeKind.OTHER),
        (CERTIFICATE_NO.replace(".001.", ".1."), CodeKind.OTHER),
        (CERTIFICATE_NO.replace(".001.", ".000."), CodeKind.OTHER),
        (CERTIFICATE_NO.lower(), CodeKind.OTHER),
        (LINK, CodeKind.CERTIFICATE_LINK),
        (LINK.replace("/v?", "/pay?"), CodeKind.OTHER),
        (LINK + "&next=//evil.test", CodeKind.OTHER),
    ],
)
def test_certificates(text: str, kind: CodeKind) -> None:
    assert classify(text, CERTIFICATE).kind is kind
    assert classify(text, BILL).kind is kind


def test_the_published_example_of_mod_37_36() -> None:
    assert check_character("A12425GABC1234002") == "M"


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


@pytest.mark.parametrize("context", list(ScanContext))
def test_business_licences_are_signed_words(context: ScanContext) -> None:
    licence = "eyJhbGciOiJFUzI1NiJ9.eyJ1c2NjIjoiOTE1MTk5OTlNQTAwMDAwMDAxIn0.c2lnbmF0dXJlX2hlcmU"
    assert classify(licence, context).kind is CodeKind.BUSINESS_LICENCE
    assert classify(licence.replace(".", ",", 1), context).kind is CodeKind.OTHER
