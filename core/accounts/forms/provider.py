"""What an organisation's administration types about its identity provider."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.kernel.web.forms import Form


class ProviderForm(Form):
    """Lists are typed one item a line. A blank secret keeps the one there is."""

    enabled: bool = False
    issuer: str = Field(max_length=300)
    client_id: str = Field(max_length=200)
    client_secret: str = Field(default="", max_length=500)
    auth_method: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    allowed_domains: str = Field(default="", max_length=4000)
    joining_roles: list[Literal["worker", "intake", "committee_member"]] = Field(default=[], max_length=3)
    required_acr: str = Field(default="", max_length=4000)
    required_amr: str = Field(default="", max_length=4000)
    subject_claim: str = Field(default="sub", max_length=60)
    email_claim: str = Field(default="email", max_length=60)
    verified_claim: str = Field(default="email_verified", max_length=60)
    name_claim: str = Field(default="name", max_length=60)
