"""Which editor fills in which kind of field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.service_screens import FieldKind, FormEntry
from kiosk.ui.bodies.form_choices import ChoiceEditor, StatementEditor
from kiosk.ui.bodies.form_editor import Editor
from kiosk.ui.bodies.form_writing import FiguresEditor, WritingEditor
from kiosk.ui.keyboards import figures

if TYPE_CHECKING:
    from kiosk.ui.bodies.form import FormBody


def editor_for(form: FormBody, field: FormEntry) -> Editor:
    if field.kind in figures.FIGURES:
        return FiguresEditor(form, field)
    if field.kind is FieldKind.STATEMENT:
        return StatementEditor(form, field)
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        return ChoiceEditor(form, field)
    return WritingEditor(form, field)
