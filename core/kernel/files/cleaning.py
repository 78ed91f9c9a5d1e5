"""What comes in: recognised by its bytes, rebuilt without what it tells besides its content.

A photograph says where and when it was taken, a PDF who wrote it and with what; both may carry scripts or other files.
Pure work on bytes, slow enough to be done in a thread (`Compute`).
"""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath

import pikepdf
from PIL import Image, ImageOps

from core.kernel.errors import DomainError

MAX_FILE_BYTES = 10_000_000
"""Bytes of one file: a scanned agreement of thirty pages is 3 MB."""

MAX_PIXELS = 50_000_000
"""Pixels of one image, so that a small file cannot fill the memory."""

_EXTENSIONS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
#: Keys of a PDF's catalogue that describe, run or carry something besides pages.
_CATALOGUE = ("/Metadata", "/OpenAction", "/AA", "/AF", "/PieceInfo", "/Collection", "/URI", "/Perms", "/DSS")
_NAMES = ("/EmbeddedFiles", "/JavaScript", "/Renditions")
#: Keys of any other object that do the same.
_ANYWHERE = ("/Metadata", "/PieceInfo", "/AA", "/AF", "/LastModified", "/Thumb", "/JS")
#: Actions that only follow a link or turn to a page.
_HARMLESS_ACTIONS = frozenset({"/URI", "/GoTo", "/Named"})
#: Annotations that carry another file, a sound, a film or a program.
_CARRIERS = frozenset({"/FileAttachment", "/Sound", "/Movie", "/Screen", "/RichMedia", "/3D"})


class UnacceptableFile(DomainError):
    """The file is not one that is taken."""

    message = "Ce fichier n’est pas un PDF ni une image (JPEG, PNG ou WebP)."


@dataclass(frozen=True)
class CleanFile:
    """A file ready to be stored. `name` has no folder, no control sign, and the extension of its real type."""

    name: str
    media_type: str
    content: bytes


def clean(name: str, content: bytes) -> CleanFile:
    """The same document without metadata, scripts or attachments. Raises `UnacceptableFile`, in words, else."""
    if not content:
        raise UnacceptableFile("Ce fichier est vide.")
    if len(content) > MAX_FILE_BYTES:
        raise UnacceptableFile("Ce fichier dépasse 10\u00a0Mo.", status=413)
    if b"%PDF-" in content[:1024]:
        media_type, rebuilt = "application/pdf", _clean_pdf(content)
    else:
        media_type, rebuilt = _clean_image(content)
    return CleanFile(_clean_name(name, media_type), media_type, rebuilt)


def _clean_name(name: str, media_type: str) -> str:
    """What is left of a name: its last part, without signs that hide or reverse it, at most 100 characters."""
    base = PurePosixPath(name.replace("\\", "/")).name
    visible = "".join(sign for sign in base if unicodedata.category(sign)[0] not in "CZ" or sign == " ")
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", visible).strip(" .")[:100]
    return (stem or "document") + _EXTENSIONS[media_type]


def _clean_image(content: bytes) -> tuple[str, bytes]:
    """Decode and encode anew: what is not a pixel does not survive. The orientation is applied first."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnacceptableFile("Cette image est trop grande\u00a0: réduisez-la, puis recommencez.")
                photograph = image.format == "JPEG"
                upright = ImageOps.exif_transpose(image)
                # Pixels alone go on: a new image knows nothing of the old one's comments, profiles and thumbnails
                pixels = upright.convert("RGB" if photograph else "RGBA")
                bare = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    except UnacceptableFile:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as failure:
        raise UnacceptableFile("Cette image est trop grande\u00a0: réduisez-la, puis recommencez.") from failure
    except Exception as failure:  # whatever a forged image makes the decoder raise
        raise UnacceptableFile from failure
    out = io.BytesIO()
    if photograph:
        bare.save(out, "JPEG", quality=88, optimize=True)
        return "image/jpeg", out.getvalue()
    bare.save(out, "PNG", optimize=True)
    return "image/png", out.getvalue()


def _clean_pdf(content: bytes) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise UnacceptableFile("Ce PDF est protégé\u00a0: enregistrez-le sans protection, puis recommencez.")
            if len(pdf.pages) == 0:
                raise UnacceptableFile("Ce PDF n’a aucune page.")
            _bare_catalogue(pdf)
            for page in pdf.pages:
                _bare_annotations(page.obj)
            for one in pdf.objects:
                _bare_tree(one)
            out = io.BytesIO()
            pdf.remove_unreferenced_resources()
            pdf.save(
                out,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                fix_metadata_version=False,
            )
            return out.getvalue()
    except UnacceptableFile:
        raise
    except pikepdf.PasswordError as failure:
        raise UnacceptableFile(
            "Ce PDF est protégé\u00a0: enregistrez-le sans protection, puis recommencez."
        ) from failure
    except Exception as failure:  # whatever a forged document makes the reader raise
        raise UnacceptableFile("Ce PDF est abîmé ou n’en est pas un.") from failure


def _bare_catalogue(pdf: pikepdf.Pdf) -> None:
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    root = pdf.Root
    for key in _CATALOGUE:
        if key in root:
            del root[key]
    names = root.get("/Names")
    if isinstance(names, pikepdf.Dictionary):
        for key in _NAMES:
            if key in names:
                del names[key]
    form = root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        del form["/XFA"]


def _bare_annotations(page: pikepdf.Object) -> None:
    """Keep notes and plain links; drop what runs or carries something, and who wrote a note when."""
    annotations = page.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    kept = [one for one in annotations if isinstance(one, pikepdf.Dictionary) and one.get("/Subtype") not in _CARRIERS]
    for one in kept:
        for key in ("/T", "/M", "/CreationDate", "/NM"):
            # A form's field is named by /T: a note's author is not
            if key in one and not (key == "/T" and one.get("/Subtype") == "/Widget"):
                del one[key]
    page["/Annots"] = pikepdf.Array(kept)


def _bare_tree(root: pikepdf.Object) -> None:
    """An object and everything written inside it; what it only refers to has its own turn."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        inside: list[pikepdf.Object] = []
        if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
            _bare_object(one)
            inside = [one[key] for key in one.keys()]  # noqa: SIM118 - iterating a stream gives its bytes
        elif isinstance(one, pikepdf.Array):
            inside = list(one)
        waiting += [child for child in inside if isinstance(child, pikepdf.Object) and not child.is_indirect]


def _bare_object(one: pikepdf.Dictionary | pikepdf.Stream) -> None:
    for key in _ANYWHERE:
        if key in one:
            del one[key]
    action = one.get("/A")
    if isinstance(action, pikepdf.Dictionary) and action.get("/S") not in _HARMLESS_ACTIONS:
        del one["/A"]
    if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image" and one.get("/Filter") == "/DCTDecode":
        one.write(without_jpeg_metadata(one.read_raw_bytes()), filter=pikepdf.Name("/DCTDecode"))


def without_jpeg_metadata(content: bytes) -> bytes:
    """A JPEG stream without its comments and application segments (EXIF, XMP, IPTC), pixels untouched.

    JFIF, the colour profile (APP2) and Adobe's colour transform (APP14) stay: without them colours would change.
    """
    if content[:2] != b"\xff\xd8":
        return content
    kept, place = [content[:2]], 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xDA:  # the image itself begins: everything after it is pixels
            break
        if marker == 0xFF:  # padding
            place += 1
            continue
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        if not (marker == 0xFE or (0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xE2, 0xEE))):
            kept.append(content[place:end])
        place = end
    return b"".join([*kept, content[place:]])
