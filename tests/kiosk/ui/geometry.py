"""The geometric check: walks the visible tree and names every fault a resident would see or feel."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from kiosk.ui import theme

if TYPE_CHECKING:  # importing the surface imports Kivy, which the pump must prepare first
    from kiosk.ui.surface import Surface


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float]:
    """Widths of the common part of two x, y, w, h rectangles; negative: the distance between them."""
    dx = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    dy = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return dx, dy


def faults(surface: Surface) -> list[str]:
    frame = surface.frame()
    unit = frame.unit
    found: list[str] = []
    inked = []
    for board in surface.visible_boards():
        layer = []
        for block in board.texts():
            bx, _, bw, bh = block.box
            tw, th = block.texture_size
            if tw > bw + 3 * unit or th > bh + 10 * unit:
                found.append(f"clipped: {block.text!r} {tw}x{th} in {bw}x{bh}")
            left = {"left": bx, "center": bx + (bw - tw) / 2, "right": bx + bw - tw}[block.align]
            lines = max(1, round(th / (1.448 * th)) if th else 1)
            pad = 0.17 * th / lines if "\n" not in block.text and th < 1.6 * bh else 6
            pad = min(pad, 22 * unit)
            ink = (left, block.y + pad, tw, th - 2 * pad)
            layer.append((ink, block.text))
            x0, x1 = frame.left, frame.left + theme.REFERENCE_WIDTH * unit
            if ink[0] < x0 or ink[0] + ink[2] > x1 or ink[1] < 0 or ink[1] + ink[3] > frame.window_height:
                found.append(f"outside: {block.text!r}")
        for (a, text_a), (b, text_b) in combinations(layer, 2):
            dx, dy = _overlap(a, b)
            if dx > 2 and dy > 2:
                found.append(f"overlap: {text_a!r} and {text_b!r} by {dx:.0f}x{dy:.0f}")
        inked.append(layer)
    targets = [t for t in surface.active_targets() if t.touch_id != "anywhere"]
    for target in targets:
        if min(target.size) < theme.TARGET * unit - 1:
            found.append(f"too small: {target.touch_id} {target.size}")
        if surface.prefs.low_reach and target.top > frame.window_height * (1 - theme.REACH) + 2 - frame.top:
            found.append(f"out of reach: {target.touch_id}")
        x0, x1 = frame.left - 1, frame.left + theme.REFERENCE_WIDTH * unit + 1
        if target.x < x0 or target.right > x1 or target.y < 0 or target.top > frame.window_height:
            found.append(f"target outside: {target.touch_id}")
        rect = (*target.pos, *target.size)
        for ink, text in inked[-1]:
            dx, dy = _overlap(rect, ink)
            inside = dx >= ink[2] - 3 and dy >= ink[3] - 3
            if dx > 2 and dy > 2 and not inside:
                found.append(f"text across the edge of {target.touch_id}: {text!r}")
    for a, b in combinations(targets, 2):
        dx, dy = _overlap((*a.pos, *a.size), (*b.pos, *b.size))
        if max(-dx, -dy) < 24 * unit - 1.5:
            found.append(f"too near: {a.touch_id} and {b.touch_id} ({-dx / unit:.0f}, {-dy / unit:.0f})")
    return found
