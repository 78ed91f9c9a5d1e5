"""Static files of the core and of plugins, versioned by content, so they may be cached for a year."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
ALLOWED = frozenset({".css", ".js", ".svg", ".png", ".ico", ".webmanifest"})


class StaticFiles:
    """`GET /static/{path}`: a plugin's files stand under its name. Nothing outside the folders is ever reached."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = {prefix: folder.resolve() for prefix, folder in folders.items()}

    async def __call__(self, request: Request) -> Response:
        path = str(request.path_params["path"])
        prefix, _, rest = path.partition("/")
        folder, name = (self.folders[prefix], rest) if prefix and prefix in self.folders else (self.folders[""], path)
        try:
            file = (folder / name).resolve()
            found = file.is_relative_to(folder) and file.suffix in ALLOWED and file.is_file()
        except (OSError, ValueError):  # a name too long, a NUL byte
            found = False
        if not found:
            return Response(status_code=404)
        kept = "public, max-age=31536000, immutable" if "v" in request.query_params else "no-cache"
        return FileResponse(file, headers={"cache-control": kept})
