"""Files people attach: PDF and images only, cleaned of what they tell besides their content, encrypted, never inline.

`clean` looks at the bytes (never at the name or the announced type) and rebuilds them without metadata, scripts or
attachments; `store_file` encrypts; `read_file` gives the bytes back; `shred_file` deletes the key, then the row.
Nothing is ever written in clear, not even by the upload: the adapter keeps bodies in memory, bounded before they are
read (docs/security.md).
"""

from core.kernel.files.cleaning import MAX_FILE_BYTES, CleanFile, UnacceptableFile, clean
from core.kernel.files.storage import (
    FILE_COLUMNS,
    StoredFile,
    StoredFileView,
    file_facts,
    file_view,
    read_file,
    renew_file_key,
    shred_file,
    store_file,
)

__all__ = [
    "FILE_COLUMNS",
    "MAX_FILE_BYTES",
    "CleanFile",
    "StoredFile",
    "StoredFileView",
    "UnacceptableFile",
    "clean",
    "file_facts",
    "file_view",
    "read_file",
    "renew_file_key",
    "shred_file",
    "store_file",
]
