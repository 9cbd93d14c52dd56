"""What a resident reads, as text."""

from __future__ import annotations

import pytest

from content.schema.service import Service
from content.schema.text import Language
from content.show import as_text
from tests.content.samples import OPENING, PERMIT, PROOF, WATER


@pytest.mark.parametrize("item", [PROOF, WATER, PERMIT, OPENING])
@pytest.mark.parametrize("language", Language)
def test_the_ten_elements_are_there(item: dict[str, object], language: Language) -> None:
    text = "\n".join(as_text(Service.model_validate(item), language))
    assert text.count("\n## ") >= 10
    assert ("Legal basis" in text) == (language is Language.EN)


def test_questions_materials_and_conditions() -> None:
    text = "\n".join(as_text(Service.model_validate(PERMIT), Language.ZH))
    assert "  - 境外 → 不能在本机办：请到窗口" in text
    assert "- 租赁合同 [仅当 lease=yes]" in text
    assert "- 不动产权证书（不用您交：由部门数据代替）" in text
    assert "- 住址（身份证）" in text


def test_parts() -> None:
    text = "\n".join(as_text(Service.model_validate(OPENING), Language.EN))
    assert "### Fire check" in text
    assert "- Area" in text
