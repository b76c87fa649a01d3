"""PDFs with form fields, notes, stamps and layers, as programs write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object


MULTILINE, PASSWORD, RADIO, PUSH_BUTTON, COMBO, COMB = (1 << bit for bit in (12, 13, 15, 16, 17, 24))
HIDDEN, PRINT, NO_VIEW = 2, 4, 32

_PLACE = (72, 600, 372, 620)


class AnnotatedPdf:
    """A PDF with a form; each page shows a line of text.

    Args:
        texts: The text of each page; none for a page that is blank.
    """

    def __init__(self, *texts: str) -> None:
        self.pdf = pikepdf.new()
        self.font = self.pdf.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
        )
        for text in texts:
            page = self.pdf.add_blank_page(page_size=(595, 842))
            page.obj.Resources = Dictionary(Font=Dictionary(F1=self.font))
            if text:
                page.obj.Contents = self.pdf.make_stream(b"BT /F1 12 Tf 72 760 Td (%s) Tj ET" % text.encode("cp1252"))
        self.form = Dictionary(Fields=Array(), DA=pikepdf.String("/Helv 0 Tf 0 g"))
        self.pdf.Root.AcroForm = self.form
        self.layers: list[Object] = []

    def annotate(self, subtype: str, *, page: int = 1, rect: Sequence[float] = _PLACE, **entries: Any) -> Dictionary:
        """Add an annotation to a page."""
        annotation = Dictionary(Type=Name.Annot, Subtype=Name(f"/{subtype}"), Rect=Array(rect), F=PRINT)
        for key, value in entries.items():
            annotation[f"/{key}"] = pikepdf.String(value) if isinstance(value, str) else value
        made = self.pdf.make_indirect(annotation)
        obj = self.pdf.pages[page - 1].obj
        if "/Annots" not in obj:
            obj.Annots = Array()
        obj.Annots.append(made)
        return made

    def field(self, kind: str, **entries: Any) -> Dictionary:
        """Add a form field of a kind (`Tx`, `Ch`, `Btn`) with one widget."""
        widget = self.annotate("Widget", FT=Name(f"/{kind}"), **{"T": f"f{len(self.pdf.objects)}", **entries})
        self.pdf.Root.AcroForm.Fields.append(widget)
        return widget

    def drawing(self, content: str, *, box: Sequence[float] = (0, 0, 300, 20), **entries: Any) -> Object:
        """Make a form XObject, for instance the appearance of an annotation."""
        return self.pdf.make_stream(
            content.encode("cp1252"),
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array(box),
            Resources=Dictionary(Font=Dictionary(F1=self.font)),
            **entries,
        )

    def appearance(self, text: str) -> Dictionary:
        """Make the appearances of an annotation that shows a line of text."""
        return Dictionary(N=self.drawing(f"/Tx BMC q BT /F1 10 Tf 2 5 Td ({text}) Tj ET Q EMC"))

    def layer(self, name: str, *, is_off: bool = False, **entries: Any) -> Dictionary:
        """Add a layer."""
        group = self.pdf.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String(name), **entries))
        if "/OCProperties" not in self.pdf.Root:
            self.pdf.Root.OCProperties = Dictionary(OCGs=Array(), D=Dictionary(OFF=Array(), ON=Array()))
        self.pdf.Root.OCProperties.OCGs.append(group)
        if is_off:
            self.pdf.Root.OCProperties.D.OFF.append(group)
        return group

    def draw(self, content: str, *, page: int = 1, properties: Any = None, xobjects: Any = None) -> None:
        """Draw something more on a page."""
        obj = self.pdf.pages[page - 1].obj
        for key, values in (("/Properties", properties), ("/XObject", xobjects)):
            if values:
                found = obj.Resources.get(key, Dictionary())
                obj.Resources[key] = Dictionary(
                    {**dict(found.items()), **{f"/{name}": it for name, it in values.items()}}
                )
        self.pdf.pages[page - 1].contents_add(content.encode("cp1252"))

    def save(self, path: Path, **options: Any) -> Path:
        """Write the file."""
        self.pdf.save(path, **options)
        return path
