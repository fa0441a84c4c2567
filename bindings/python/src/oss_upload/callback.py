"""What OSS tells the application server after an upload."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from enum import IntEnum

from ._call import Call, take
from ._library import NULL, CData, lib, string, text
from ._settings import Settings, settings
from .errors import InvalidArgument
from .result import Result


class CallbackBody(IntEnum):
    """How OSS fills in the template of a callback's body, and the content type it sends."""

    #: Values are percent-encoded.
    FORM = lib.OSS_CALLBACK_BODY_FORM
    #: Values become JSON literals. Strings come with their quotes, so the template puts none around a placeholder.
    JSON = lib.OSS_CALLBACK_BODY_JSON


class Severity(IntEnum):
    """How bad a finding is."""

    WARNING = lib.OSS_SEVERITY_WARNING
    ERROR = lib.OSS_SEVERITY_ERROR


@dataclass(frozen=True)
class Finding:
    """A broken rule or a likely mistake in a callback."""

    severity: Severity
    #: A name for programs, such as "https-without-sni".
    rule: str
    message: str


@dataclass(frozen=True)
class Callback:
    """What OSS shall tell the application server after an upload. It sends a POST, waits for the answer for up to 5 seconds, and
    hands that answer back to the uploader.

    In the template of the body, ${bucket}, ${object}, ${etag}, ${size}, ${mimeType}, ${imageInfo.height}, ${imageInfo.width},
    ${imageInfo.format}, ${crc64}, ${contentMd5}, ${vpcId}, ${clientIp}, ${reqId} and ${operation} stand for what OSS knows, and
    ${x:name} for a variable. Everything else is sent as it is.
    """

    #: May hold a password or a token, and is not shown; nor is anything else that may.
    url: str = field(default="", repr=False)
    body: str = ""
    _: KW_ONLY
    #: Are tried in turn when those before failed. There can be five in all.
    more_urls: Sequence[str] = field(default=(), repr=False)
    body_type: CallbackBody = CallbackBody.FORM
    #: By names such as "x:user".
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: A variable, such as "x:delivery", that is set for each upload anew, to an id that is the same in all that OSS sends for it.
    delivery_variable: str | None = None
    #: The Host header of the POST, if it is not that of the URL.
    host: str | None = None
    #: Whether OSS names the host in the TLS handshake. Most servers with several domains need that.
    sni: bool = False
    #: Headers of the POST. Only error messages of OSS speak of this: try it before you rely on it.
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Settings for which there is no field here, by their names, as JSON.
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: The name of a callback that is stored on the bucket. Nothing but variables can be set then.
    policy: str = ""

    def check(self) -> list[Finding]:
        """Looks for broken rules and likely mistakes. Nothing is sent, and nothing is raised for what is found."""
        call = Call()
        return find(call, lib.oss_callback_check, lend_callback(call, self))

    def encode(self) -> tuple[str, str]:
        """The callback and its variables as OSS wants them, for the headers x-oss-callback and x-oss-callback-var."""
        call = Call()
        encoded, variables = call.make_strings(lib.oss_callback_encode, lend_callback(call, self), count=2)
        return encoded, variables

    def render(self, upload: Result | None = None, values: Mapping[str, str] | None = None) -> str:
        """The body that OSS would send after an upload, so that a program can tell its server itself when the callback failed.

        The values come before what the result tells, and are named as in the template.
        """
        call = Call()
        result = NULL if upload is None else upload.native
        notify, known = lend_callback(call, self), lend_values(call, values)
        [body] = call.make_strings(lib.oss_callback_render, notify, result, known)
        return body


def lend_callback(call: Call, callback: Callback | None) -> CData:
    """The callback as C takes it, for the time of a call."""
    if callback is None:
        return NULL
    if callback.policy:
        policy = text(callback.policy, "policy")
        native = call.make(lib.oss_callback_new_from_policy, policy, free=lib.oss_callback_free)
    else:
        what = text(callback.url, "url"), text(callback.body, "body")
        native = call.make(lib.oss_callback_new, *what, free=lib.oss_callback_free)
    made = Settings(call.keep(native), lib.oss_callback_error)
    for url in callback.more_urls:
        made.add(lib.oss_callback_add_url, (url, "a URL in more_urls"))
    if callback.body_type != CallbackBody.FORM:
        made.set(lib.oss_callback_set_body_type, callback.body_type, "body_type")
    made.add_all(lib.oss_callback_add_variable, callback.variables, "variables")
    made.set(lib.oss_callback_set_delivery_variable, callback.delivery_variable, "delivery_variable")
    made.set(lib.oss_callback_set_host, callback.host, "host")
    made.set(lib.oss_callback_set_sni, callback.sni or None, "sni")
    made.add_all(lib.oss_callback_add_header, callback.headers, "headers")
    made.add_all(lib.oss_callback_set_field, callback.fields, "fields")
    return native


def lend_values(call: Call, values: Mapping[str, str] | None) -> CData:
    """Values for what a body is rendered from."""
    made = settings(lib.oss_callback_values_new, lib.oss_callback_values_free, lib.oss_callback_values_error)
    made.add_all(lib.oss_callback_values_set, values or {}, "values")
    return call.keep(made.native)


def find(call: Call, look: Callable[..., int], *arguments: CData) -> list[Finding]:
    """What C finds about a callback. A broken rule is an error to C; here it is a finding like others."""

    def look_at(found: CData) -> None:
        try:
            call.do(look, *arguments, found)
        except InvalidArgument:
            if found[0] == NULL:
                raise

    findings = take("oss_finding_list **", look_at, lib.oss_finding_list_free)
    return [
        Finding(
            severity=Severity(lib.oss_finding_list_severity(findings, index)),
            rule=string(lib.oss_finding_list_rule(findings, index)),
            message=string(lib.oss_finding_list_message(findings, index)),
        )
        for index in range(lib.oss_finding_list_count(findings))
    ]
