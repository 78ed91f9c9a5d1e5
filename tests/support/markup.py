"""Sixty ways to make a browser run something that was typed, and a reader that sees when one of them worked."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

#: What they would run: a dialog, which Chromium's listener hears.
RUN = "alert(9)"
_EVENTS = ("onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onanimationstart", "onpointerenter", "onbegin")
PAYLOADS: tuple[str, ...] = (
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT>",
    f"<scr<script>ipt>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>",
    f"</template><script>{RUN}</script>",
    f"</noscript><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    "<script src=//exemple.invalid>",
    "<script src=data:,alert(9)>",
    f"<script type=module>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f"<img/src='x'/onerror={RUN}>",
    f"<img src=x onerror={RUN}//",
    f"<<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN}>",
    f"<body onload={RUN}>",
    f"<video src=x onerror={RUN}>",
    f"<audio src=x onerror={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f'" autofocus onfocus={RUN} x="',
    f"' autofocus onfocus={RUN} x='",
    f'" onmouseover={RUN} "',
    f"` onmouseover={RUN} `",
    f"x onpointerenter={RUN}",
    f"<p style=animation-name:x onanimationstart={RUN}>",
    f"<math><a xlink:href=javascript:{RUN}>x",
    f"<a href=javascript:{RUN}>x</a>",
    f"<a href=java&#9;script:{RUN}>x</a>",
    f"<a href=&#106;avascript:{RUN}>x</a>",
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"<iframe src=javascript:{RUN}>",
    f"<iframe srcdoc='<script>{RUN}</script>'>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<form action=javascript:{RUN}><button>",
    f"<button formaction=javascript:{RUN}>x",
    f"<base href=javascript:{RUN}//>",
    f"<meta http-equiv=refresh content=0;url=javascript:{RUN}>",
    f"<link rel=stylesheet href=javascript:{RUN}>",
    "<style>@import'//exemple.invalid'</style>",
    "<div data-fragment=/demo data-live=x>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    "{{ 7191 * 7 }}{% raw %}",
    "${7191*7}#{7191*7}<%= 7191*7 %>",
)
_ADDRESSES = {"href", "src", "action", "formaction", "data", "data-fragment", "xlink:href", "srcdoc", "poster"}
_NEVER = {"iframe", "object", "embed", "base", "style", "math", "audio", "video", "animate"}


class Reader(HTMLParser):
    """Reads a page as a browser would; `wrong` lists what only a payload could have written."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.words: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Tags and attributes that no template of ours writes."""
        if tag in _NEVER:
            self.wrong.append(f"<{tag}>")
        names = dict(attrs)
        if tag == "script" and not str(names.get("src", "")).startswith("/static/"):
            self.wrong.append("an inline script")
        if tag == "meta" and names.get("http-equiv"):
            self.wrong.append("a refresh")
        for name, value in attrs:
            text = "".join((value or "").split()).lower()
            if name.startswith("on") or name in ("srcdoc", "style"):
                self.wrong.append(f"<{tag} {name}>")
            if name in _ADDRESSES and text.startswith(("javascript:", "data:text", "vbscript:", "//")):
                self.wrong.append(f"<{tag} {name}={value}>")
            if name == "data-live" and value == "x":
                self.wrong.append("a part to refetch")
            if value:
                self.words.append(value)
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Back in ordinary text."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """What is read as text."""
        if self._inside == "script" and data.strip():
            self.wrong.append("words inside a script")
        self.words.append(data)

    @property
    def text(self) -> str:
        """Every word and attribute value, as a person's browser holds them."""
        return "\n".join(self.words)


def read(html: str) -> Reader:
    """The page, parsed. `.wrong` is empty when nothing typed became markup."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    if "50337" in html:  # 7191 * 7, written nowhere else
        reader.wrong.append("a template was evaluated")
    return reader


def packed(payloads: Sequence[str], longest: int) -> str:
    """As many of these payloads as fit in a field, one after the other."""
    kept = ""
    for payload in payloads:
        longer = f"{kept} {payload}".strip()
        if len(longer) > longest:
            break
        kept = longer
    return kept or next(one for one in PAYLOADS if len(one) <= longest)
