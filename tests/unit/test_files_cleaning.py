"""What a file tells besides its content does not come in; what is no document does not come in at all."""

from __future__ import annotations

import io
import struct
import zlib

import pikepdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.kernel.files.cleaning import MAX_FILE_BYTES, UnacceptableFile, clean, without_jpeg_metadata

SECRET = b"Maude-450-555-0143"


def jpeg(*, orientation: int = 1, size: tuple[int, int] = (60, 40)) -> bytes:
    image = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (46.0, 1.0, 2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=SECRET)
    return out.getvalue()


def png() -> bytes:
    info = PngInfo()
    info.add_text("Author", SECRET.decode())
    out = io.BytesIO()
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def black_png(width: int, height: int) -> bytes:
    """One bit a pixel, written by hand: to make and encode a billion pixels takes three seconds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    pixels = zlib.compress(bytes((1 + width // 8) * height), 1)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def pdf(**options: object) -> bytes:
    """One page with everything a PDF can carry besides it."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(300, 300))
    document.docinfo["/Author"] = SECRET.decode()
    with document.open_metadata() as metadata:
        metadata["dc:creator"] = [SECRET.decode()]
    document.attachments["secret.txt"] = SECRET
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{SECRET.decode()}')")
    document.Root.OpenAction = document.make_indirect(action)
    document.Root.Names.JavaScript = pikepdf.Dictionary(Names=pikepdf.Array(["run", action]))
    photograph = pikepdf.Stream(document, jpeg())
    photograph.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=60,
        Height=40,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=photograph))
    page.Contents = pikepdf.Stream(document, b"q 100 0 0 100 0 0 cm /Im0 Do Q")
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Text,
        Rect=[0, 0, 9, 9],
        T=SECRET.decode(),
        Contents="Une note",
    )
    launch = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=SECRET.decode()),
        PA=pikepdf.Dictionary(
            S=pikepdf.Name.URI, Next=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=SECRET.decode())
        ),
    )
    carrier = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[0, 0, 9, 9])
    page.Annots = document.make_indirect(pikepdf.Array([note, launch, carrier]))
    out = io.BytesIO()
    document.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def everything_in(document: bytes) -> bytes:
    """Every string and stream of a PDF, unpacked."""
    with pikepdf.open(io.BytesIO(document)) as opened:
        out = io.BytesIO()
        opened.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
        raw = out.getvalue()
        for one in opened.objects:
            if isinstance(one, pikepdf.Stream):
                raw += one.read_raw_bytes()
    return raw


def test_a_photograph_loses_where_and_when_and_keeps_its_pixels() -> None:
    before = jpeg(orientation=6)
    assert SECRET in before
    found = clean("IMG_2041.JPG", before)
    assert (found.name, found.media_type) == ("IMG_2041.jpg", "image/jpeg")
    assert SECRET not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        assert dict(image.getexif()) == {}
        assert image.size == (40, 60), "turned upright before the orientation is forgotten"
        red, green, _ = image.getpixel((20, 30))  # type: ignore[misc]
        assert red > 150 > green


def test_a_png_loses_its_texts_and_keeps_its_transparency() -> None:
    assert SECRET in png()
    found = clean("plan.png", png())
    assert SECRET not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.mode == "RGBA"
        assert image.info == {}


def test_a_pdf_keeps_its_page_and_nothing_that_describes_runs_or_carries() -> None:
    before = pdf()
    assert SECRET in everything_in(before)
    found = clean("entente signée.pdf", before)
    assert SECRET not in everything_in(found.content)
    with pikepdf.open(io.BytesIO(found.content)) as opened:
        assert len(opened.pages) == 1
        assert not list(opened.attachments)
        assert "/OpenAction" not in opened.Root
        assert [str(one.Subtype) for one in opened.pages[0].Annots] == ["/Text", "/Link"]
        assert str(opened.pages[0].Annots[0].Contents) == "Une note"
        image = opened.pages[0].Resources.XObject.Im0
        assert pikepdf.PdfImage(image).as_pil_image().size == (60, 40)


def test_the_same_pdf_gives_the_same_bytes() -> None:
    document = pdf()
    assert clean("a.pdf", document).content == clean("a.pdf", document).content


def test_a_jpeg_stream_without_its_segments_is_the_same_image() -> None:
    before = jpeg()
    after = without_jpeg_metadata(before)
    assert SECRET not in after
    with Image.open(io.BytesIO(before)) as one, Image.open(io.BytesIO(after)) as other:
        assert one.tobytes() == other.tobytes()
    assert without_jpeg_metadata(b"not a jpeg") == b"not a jpeg"
    for cut in range(2, 60):  # a truncated one is cut anywhere
        assert without_jpeg_metadata(before[:cut])[:2] == b"\xff\xd8"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "vide"),
        (b"name;phone\n", "n’est pas un PDF"),
        (b"MZ\x90\x00" + b"\x00" * 200, "n’est pas un PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "n’est pas un PDF"),
        (b"GIF89a" + b"\x00" * 40, "n’est pas un PDF"),
        (b"%PDF-1.7\nnothing of a document", "abîmé"),
        (jpeg()[:60], "n’est pas un PDF"),
        (b"x" * (MAX_FILE_BYTES + 1), "10\u00a0Mo"),
    ],
)
def test_what_is_no_document_is_refused_in_words(content: bytes, said: str) -> None:
    with pytest.raises(UnacceptableFile) as refused:
        clean("document.pdf", content)
    assert said in refused.value.message


def test_a_protected_pdf_and_an_image_of_a_billion_pixels_are_refused() -> None:
    with pytest.raises(UnacceptableFile, match="protégé"):
        clean("a.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="u")))
    with pytest.raises(UnacceptableFile, match="trop grande"):
        clean("a.png", black_png(30_000, 30_000))
    assert clean("a.png", black_png(80, 40)).content


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\maude\\photo.jpeg", "photo.png"),
        ("facture\u202egnp.exe", "facturegnp.png"),
        ("\x00\n", "document.png"),
        ("é" * 300, "é" * 100 + ".png"),
    ],
)
def test_a_name_is_only_a_name(typed: str, kept: str) -> None:
    assert clean(typed, png()).name == kept
