"""Compiled templates are shared by the applications of a process, and never outlive the file they came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jinja2 import Environment

from core.access.viewer import ANONYMOUS
from core.kernel.i18n import Translator
from core.kernel.web.render import Renderer, Surroundings


def rendered(folder: Path) -> str:
    renderer = Renderer([folder], {}, Translator([]), demo=False, exit_url="", emergency=())
    return renderer.render("page.html", {}, Surroundings(viewer=ANONYMOUS, locale="fr", csrf_token="")).decode()


def test_a_template_is_compiled_once_for_all_and_again_when_its_text_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_one = Environment._generate

    def counted(self: Environment, *args: object, **named: object) -> str:
        compiled.append(str(args[1]))
        return compile_one(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Environment, "_generate", counted)
    for word in ("Oui", "Oui", "Non", "Oui"):
        (tmp_path / "page.html").write_text(f"{word} {{{{ locale }}}}", encoding="utf-8")
        os.utime(tmp_path / "page.html", ns=(1, 1))
        assert rendered(tmp_path) == f"{word} fr"
    assert compiled == ["page.html"] * 2
