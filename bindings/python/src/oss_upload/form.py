"""Forms that others, such as browsers, upload with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ._call import Call
from ._library import CData, lib, string, text
from ._settings import settings
from .body import Body, lend_body
from .bucket_options import BucketOptions, lend_bucket_options
from .cancel import Cancel
from .result import Result


@dataclass(frozen=True, kw_only=True)
class PostPolicy:
    """What others may upload with a form. What is not said here is left to them; but a key or a prefix has to be."""

    key: str | None = None
    #: What the key begins with; "" for any key.
    key_prefix: str | None = None
    #: The least and the most bytes that the object may have.
    length: tuple[int, int] | None = None
    content_type: str | None = None
    #: Those that the form has to have with exactly these values.
    fields: Mapping[str, str] = field(default_factory=dict)
    #: What the values of fields have to begin with.
    field_prefixes: Mapping[str, str] = field(default_factory=dict)
    #: Whether those who have a form without a callback may add one of their own.
    any_callback: bool = False


@dataclass(frozen=True)
class PostForm:
    """A form that uploads an object: where it is sent to, and its fields. The file comes last, in a field "file"."""

    url: str
    fields: Mapping[str, str] = field(repr=False)
    #: Until when it is good, unless somebody else signed it.
    expires: datetime | None = None


def post_object(
    form: PostForm,
    body: Body,
    options: BucketOptions | None = None,
    *,
    timeout: float | None = None,
    cancel: Cancel | None = None,
) -> Result:
    """Uploads an object by a form that somebody signed, without any access key. The form needs the field "key"."""
    call = Call(timeout, cancel)
    native = call.make(lib.oss_post_form_new, text(form.url, "url"), free=lib.oss_post_form_free)
    for name, value in form.fields.items():
        call.do(lib.oss_post_form_set_field, native, text(name, "a name in fields"), text(value, "a value in fields"))
    return call.run(lib.oss_post_object, native, lend_body(call, body), lend_bucket_options(call, options))


def lend_policy(call: Call, policy: PostPolicy) -> CData:
    made = settings(lib.oss_post_policy_new, lib.oss_post_policy_free, lib.oss_post_policy_error)
    made.set(lib.oss_post_policy_set_key, policy.key, "key")
    made.set(lib.oss_post_policy_set_key_prefix, policy.key_prefix, "key_prefix")
    if policy.length is not None:
        least, most = policy.length
        made.add(lib.oss_post_policy_set_length_range, (least, "length"), (most, "length"))
    made.set(lib.oss_post_policy_set_content_type, policy.content_type, "content_type")
    made.add_all(lib.oss_post_policy_add_field, policy.fields, "fields")
    made.add_all(lib.oss_post_policy_add_field_prefix, policy.field_prefixes, "field_prefixes")
    made.set(lib.oss_post_policy_allow_any_callback, policy.any_callback, "any_callback")
    return call.keep(made.native)


def read_form(native: CData) -> PostForm:
    return PostForm(
        url=string(lib.oss_post_form_url(native)),
        fields={
            string(lib.oss_post_form_field_name(native, index)): string(lib.oss_post_form_field_value(native, index))
            for index in range(lib.oss_post_form_field_count(native))
        },
        expires=datetime.fromtimestamp(lib.oss_post_form_expires(native), timezone.utc),
    )
