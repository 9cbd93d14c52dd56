"""Whatever a hand does is said in words, in the log and at the head of its panel; nobody reads a protocol's keys."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import drivers.virtual
from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError
from drivers.virtual.cabinet.desks import PLACES
from drivers.virtual.cabinet.hands import CAMERA_TROUBLES, SCENES

from .conftest import Running
from .page_bench import Opened, browser, needs_chromium, opened, page

__all__ = ["browser", "opened", "page"]  # fixtures

pytestmark = needs_chromium

CHINESE = re.compile("[\u4e00-\u9fff]")
KEY = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b|\w+_\w+")  # such as job-started, sheets_done
ENGLISH_WITH_HYPHEN = {"mid-read", "power-up"}

_WORDS = """async ([language, texts]) => {
    const [{ eventWords }, words] = [await import('/static/event_words.js'), await import('/static/words.js')];
    const [state, before] = [await (await fetch('/api/state')).json(), words.language];
    words.setLanguage(language);
    const said = texts.map(([device, text]) => eventWords(state, device, text));
    words.setLanguage(before);
    return said; }"""

_HEADS = """async (device) => {
    const [{ showPanels }, words] = [await import('/static/panel_states.js'), await import('/static/words.js')];
    const [state, before] = [await (await fetch('/api/state')).json(), words.language];
    const heads = [0, 1].map((language) => {
        words.setLanguage(language);
        showPanels(state);
        const head = document.querySelector(`#panel-${device} .status`);
        return [head.textContent, head.className.replace('status', '').trim()]; });
    words.setLanguage(before);
    return heads; }"""


@dataclass
class Walk:
    """Everything that was heard, and every head: device, action, language, what it said, and as it was when well."""

    events: set[tuple[str, str]] = field(default_factory=set)
    heads: list[tuple[str, str, int, str, str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def walk(running: Running, opened: Opened) -> Walk:
    """Every action of every desk and every scene, there and back."""
    found = Walk()
    log = running.cabinet.events
    add = log.add

    def hear(device: str, text: str) -> None:
        found.events.add((device, text))
        add(device, text)

    def heads(device: str) -> list[tuple[str, str]]:
        """In Chinese and in English: what the head says, and its colour."""
        return [(text, kind) for text, kind in opened.page.evaluate(_HEADS, device)]

    def look(device: str, action: str, well: list[tuple[str, str]]) -> None:
        for language, (text, kind) in enumerate(heads(device)):
            found.heads.append((device, action, language, kind, text, well[language][0]))

    with pytest.MonkeyPatch.context() as patch, CabinetClient(running.url) as hands:
        patch.setattr(log, "add", hear)
        hands.reset()
        state = hands.state()
        for place in PLACES:
            if state[place.name]["failure"]:
                continue
            well = heads(place.name)
            for action in place.actions:
                for one in filter(None, (action.id, action.undo)):
                    try:
                        hands.device(place.name).act(one)
                    except CabinetRefusedError as refused:
                        assert "409" in str(refused)  # noqa: PT017  # not just now: nobody asks for money
                    if one == action.id and action.on:
                        look(place.name, one, well)
            hands.reset()
        well = heads("camera")
        for trouble in CAMERA_TROUBLES:
            hands.camera_trouble(trouble.id)
            look("camera", trouble.id, well)
        for scene in SCENES:
            hands.face(scene.id)
        hands.reset()
    opened.complaints.clear()
    return found


def said(page: Any, language: int, events: list[tuple[str, str]]) -> list[str]:
    words: list[str] = page.evaluate(_WORDS, [language, [list(event) for event in events]])
    return words


def test_every_action_leaves_chinese_words_in_the_chinese_log(page: Any, walk: Walk) -> None:
    events = sorted(walk.events)
    assert len({device for device, _ in events}) >= 8
    words = said(page, 0, events)
    assert [(e, w) for e, w in zip(events, words, strict=True) if not CHINESE.search(w) or KEY.search(w)] == []


def test_every_action_leaves_english_words_in_the_english_log(page: Any, walk: Walk) -> None:
    events = sorted(walk.events)
    words = said(page, 1, events)
    keys = [(e, w) for e, w in zip(events, words, strict=True) if set(KEY.findall(w)) - ENGLISH_WITH_HYPHEN]
    assert keys == []
    assert [w for w in words if CHINESE.search(w) or w[0].islower()] == []


def test_what_cannot_be_said_stays(page: Any, walk: Walk) -> None:
    assert said(page, 0, [("box", "fell over")]) == ["fell over"]


def test_running_out_of_paper_is_called_so(page: Any, walk: Walk) -> None:
    paper = [("receipt_printer", text) for text in ("out of paper", "paper low", "new roll")]
    assert set(paper) <= walk.events
    assert said(page, 0, paper) == ["纸用完了", "纸快用完了", "已换纸卷"]


def test_a_red_head_begins_with_its_trouble(walk: Walk) -> None:
    """In the words of the fault, not with how the device is when it is well."""
    red = [
        (device, action, text, well) for device, action, _, kind, text, well in walk.heads if kind in ("bad", "warn")
    ]
    assert len(red) > 80
    assert [one for one in red if one[2].split(" · ")[0] in one[3].split(" · ")] == []


@pytest.mark.parametrize(
    ("device", "action", "zh", "en"),
    [
        ("receipt_printer", "paper-out", "缺纸", "Out of paper"),
        ("receipt_printer", "near-end", "纸少", "Paper low"),
        ("document_printer", "paper-out", "缺纸", "Out of paper"),
        ("document_printer", "jam", "卡纸（下次打印时）", "Jam (at the next job)"),
        ("box", "battery-low", "电池将尽", "Battery low"),
        ("box", "hot", "过热", "Too hot"),
        ("camera", "covered", "镜头被遮住", "Lens covered"),
    ],
)
def test_what_heads_say(walk: Walk, device: str, action: str, zh: str, en: str) -> None:
    heads = [text.split(" · ")[0] for d, a, _, _, text, _ in walk.heads if (d, a) == (device, action)]
    assert heads == [zh, en]


def test_parts_of_english_heads_begin_with_a_capital(walk: Walk) -> None:
    parts = {part for _, _, language, _, text, _ in walk.heads if language for part in text.split(" · ")}
    assert [part for part in sorted(parts) if part[:1].islower()] == []


# --- what only happens with a kiosk at the other end -----------------------------------------------------------------

_SAYS = {"_on_event", "event", "_event", "_emit", "add", "_break", "_count", "_show", "_changed", "come_out"}

# What the cabinet adds to an event before it is in the log.
_IN_FULL = {
    "paper": "new roll",
    "cable 7": "cable stalled",
    "refilled": "refilled sheets 250",
    "special-stock": "special-stock sheets 25",
    "toner": "toner percent 7",
    "job-started": "job-started job 1 sheets 3",
    "job-completed": "job-completed job 1 sheets 3",
    "job-aborted": "job-aborted job 1 sheets_done 2",
    "sheet": "sheet job 1 number 2 of 3",
    "fault": "fault job 1 keyword media-jam",
    "cleared": "cleared job 1 keyword media-jam",
}


def _texts(node: ast.expr) -> set[str]:
    """The texts that an argument may be; holes of f-strings are filled with 7."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.JoinedStr(values=parts):
            return {"".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in parts)}
        case ast.IfExp(body=one, orelse=other):
            return _texts(one) | _texts(other)
        case ast.Dict(keys=[ast.Constant(value="event"), *_], values=[event, *_]):
            return _texts(event)
    return set()


def _events_of(path: Path) -> list[str]:
    """What calls in the file tell of."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SAYS:
            arguments = node.args[1:] if node.func.attr == "add" else node.args
            texts = {text for argument in arguments for text in _texts(argument) if re.search("[a-z]", text)}
            found |= {f"note of 7 yuan {text}" for text in texts} if node.func.attr == "come_out" else texts
    return sorted(_IN_FULL.get(text, text) for text in found)


_VIRTUAL = Path(drivers.virtual.__file__).parent
SOURCES = {path.stem: path for path in (*_VIRTUAL.glob("*.py"), *_VIRTUAL.glob("cabinet/*.py")) if _events_of(path)}


def test_the_simulators_texts_are_found() -> None:
    assert {"itl_ssp", "zvt_terminal", "sheet_engine", "slip_mechanics", "box_desk", "network", "phone"} <= set(SOURCES)
    assert "note stuck inside" in _events_of(SOURCES["itl_ssp"])


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_text_of_a_simulator_has_words(page: Any, name: str) -> None:
    events = [("cash", text) for text in _events_of(SOURCES[name])]
    assert [(e, w) for e, w in zip(events, said(page, 0, events), strict=True) if not CHINESE.search(w)] == []
    english = said(page, 1, events)
    assert [w for w in english if CHINESE.search(w) or set(KEY.findall(w)) - ENGLISH_WITH_HYPHEN] == []
