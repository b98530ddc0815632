"""What may differ between platforms is held for the same, and nothing else."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject

from release.content import BYTES, CONTENT, DIFFERS, compared


@pytest.mark.parametrize(
    ("committed", "made", "how"),
    [
        ("a,1.5\n", "a,1.5\n", BYTES),
        ("a,0.123456789012\n", "a,0.123456789013\n", CONTENT),
        ("a,0.123456789012\n", "a,0.123456799012\n", DIFFERS),
        ("a,1e-300\n", "a,-1e-300\n", CONTENT),
        ("a,10000000000001\n", "a,10000000000002\n", DIFFERS),
        ("share 14.8 %", "share 14.9 %", DIFFERS),
        ("b,1.5\n", "a,1.5\n", DIFFERS),
        ("a,1.5\n", "a,1.5\na,1.5\n", DIFFERS),
        ("v1.5000000000001a", "v1.5000000000002a", DIFFERS),
    ],
)
def test_text(committed: str, made: str, how: str) -> None:
    """Numbers with a point may differ in digits beyond the tenth; letters and whole numbers may not."""
    assert compared(made.encode(), committed.encode(), ".csv") == how


def picture(colour: int = 0, level: int = 9, about: str = "us") -> bytes:
    """A small PNG."""
    image = Image.new("L", (9, 9), colour)
    image.putpixel((4, 4), 200)
    texts, written = PngImagePlugin.PngInfo(), io.BytesIO()
    texts.add_text("Author", about)
    image.save(written, "png", compress_level=level, pnginfo=texts)
    return written.getvalue()


def test_picture() -> None:
    """Compression may differ; a pixel or a text may not."""
    assert picture(level=0) != picture()
    assert compared(picture(level=0), picture(), ".png") == CONTENT
    assert compared(picture(colour=1), picture(), ".png") == DIFFERS
    assert compared(picture(about="them"), picture(), ".png") == DIFFERS


def pdf(level: int = 9, drawn: bytes = b"0 0 m 1.5 2 l S\n" * 9, key: str = "/One") -> bytes:
    """A small PDF with one stream."""
    writer, stream, written = PdfWriter(), StreamObject(), io.BytesIO()
    writer.add_blank_page(9, 9)
    stream._data = zlib.compress(drawn, level)
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    stream[NameObject(key)] = NameObject("/Yes")
    writer._root_object[NameObject("/Drawn")] = writer._add_object(stream)
    writer.write(written)
    return written.getvalue()


@pytest.mark.slow
def test_pdf() -> None:
    """Compression may differ; what is drawn, or an entry of an object, may not."""
    assert pdf(level=1) != pdf()
    assert compared(pdf(level=1), pdf(), ".pdf") == CONTENT
    assert compared(pdf(drawn=b"0 0 m 1.6 2 l S\n" * 9), pdf(), ".pdf") == DIFFERS
    assert compared(pdf(key="/Two"), pdf(), ".pdf") == DIFFERS


def test_other_bytes() -> None:
    """What is no text is the same only in its bytes."""
    assert compared(b"\xff\x00", b"\xff\x01", ".bin") == DIFFERS
