"""Access keys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ._call import Call, current
from ._handle import Handle
from ._library import AnyPath, CData, ffi, lib, optional_path, optional_text, text


@dataclass(frozen=True)
class AccessKey:
    """An access key, as a function of yours gives it to `Credentials.from_function()`."""

    id: str
    secret: str = field(repr=False)
    #: That of a temporary key.
    token: str | None = field(default=None, repr=False)
    #: Until when OSS takes it, with a time zone. It is asked for again before; without it, before every request.
    expires: datetime | None = None

    def __post_init__(self) -> None:
        if self.expires is not None and self.expires.utcoffset() is None:
            raise ValueError("expires has no time zone")


class Credentials(Handle):
    """Where access keys come from. It holds secrets, which it does not show."""

    #: What C knows the caller's function by, as long as keys are asked for.
    kept: CData = None

    def __init__(self, access_key_id: str, access_key_secret: str, security_token: str | None = None) -> None:
        key = (
            text(access_key_id, "access_key_id"),
            text(access_key_secret, "access_key_secret"),
            optional_text(security_token, "security_token"),
        )
        super().__init__(Call().make(lib.oss_credentials_new, *key, free=lib.oss_credentials_free))

    @classmethod
    def _made_by(cls, function: Callable[..., int], *arguments: CData) -> "Credentials":
        made = cls.__new__(cls)
        Handle.__init__(made, Call().make(function, *arguments, free=lib.oss_credentials_free))
        return made

    @classmethod
    def from_environment(cls) -> "Credentials":
        """The key in OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN, or else in ALIBABA_CLOUD_ACCESS_KEY_ID,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN."""
        return cls._made_by(lib.oss_credentials_new_from_environment)

    @classmethod
    def anonymous(cls) -> "Credentials":
        """No key: requests are not signed, for buckets that anybody may write."""
        return cls._made_by(lib.oss_credentials_new_anonymous)

    @classmethod
    def from_function(cls, function: Callable[[], AccessKey]) -> "Credentials":
        """Keys that a function gives, during a call that needs one. What it raises, a call that has no other key raises."""
        handle = ffi.new_handle(function)
        made = cls._made_by(lib.oss_credentials_new_from_function, _retrieve, handle)
        made.kept = handle
        return made

    @classmethod
    def from_profile(cls, file: AnyPath | None = None, profile: str | None = None) -> "Credentials":
        """Keys of a profile of Alibaba Cloud's command line tools: of this name, or else the current one; in this file, or else in
        those of the tools."""
        where = optional_path(file, "file")
        return cls._made_by(lib.oss_credentials_new_from_profile, where, optional_text(profile, "profile"))

    @classmethod
    def from_ecs_role(cls, role: str | None = None) -> "Credentials":
        """Keys of the RAM role of the instance that the program runs on."""
        return cls._made_by(lib.oss_credentials_new_from_ecs_role, optional_text(role, "role"))

    @classmethod
    def from_oidc(
        cls,
        role_arn: str | None = None,
        oidc_provider_arn: str | None = None,
        token_file: AnyPath | None = None,
        session_name: str | None = None,
        sts_endpoint: str | None = None,
    ) -> "Credentials":
        """Keys of a RAM role that is taken on with an OIDC token, as pods of a cluster do. What is not given, the environment
        tells."""
        return cls._made_by(
            lib.oss_credentials_new_from_oidc,
            optional_text(role_arn, "role_arn"),
            optional_text(oidc_provider_arn, "oidc_provider_arn"),
            optional_path(token_file, "token_file"),
            optional_text(session_name, "session_name"),
            optional_text(sts_endpoint, "sts_endpoint"),
        )

    @classmethod
    def from_uri(cls, uri: str | None = None) -> "Credentials":
        """Keys that a URL answers with, or else the one in ALIBABA_CLOUD_CREDENTIALS_URI."""
        return cls._made_by(lib.oss_credentials_new_from_uri, optional_text(uri, "uri"))

    @classmethod
    def from_process(cls, command: str) -> "Credentials":
        """Keys that a command of the shell prints."""
        return cls._made_by(lib.oss_credentials_new_from_process, text(command, "command"))

    @classmethod
    def default_chain(cls) -> "Credentials":
        """Keys of the first place that has any: the environment, a role with an OIDC token, a profile, the instance's role, a
        URL."""
        return cls._made_by(lib.oss_credentials_new_default_chain)


@ffi.callback("oss_credentials_fn", error=1)
def _retrieve(function: CData, answer: CData) -> int:
    def answer_with(key: AccessKey) -> None:
        lib.oss_credentials_answer_set_access_key_id(answer, text(key.id, "id"))
        lib.oss_credentials_answer_set_access_key_secret(answer, text(key.secret, "secret"))
        lib.oss_credentials_answer_set_security_token(answer, text(key.token or "", "token"))
        if key.expires is not None:
            lib.oss_credentials_answer_set_expiry(answer, int(key.expires.timestamp()))

    return current().attempt_to_get_a_key(ffi.from_handle(function), answer_with)
