"""A bucket, and what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._call import Call, take
from ._handle import Handle
from ._library import LARGEST_OF_32_BITS, CData, integer, lib, string, text
from ._settings import settings
from .body import Body, lend_body
from .bucket_options import BucketOptions, made_bucket_options
from .callback import Callback, Finding, find, lend_callback
from .cancel import Cancel
from .credentials import Credentials
from .form import PostForm, PostPolicy, lend_policy, read_form
from .multipart import Multipart
from .options import PutOptions, UploadOptions, lend_put_options, lend_upload_options
from .outbox import Outbox, Owed
from .presigned import Presigned, read_presigned
from .progress import ProgressFunction, observe
from .result import Result
from .writer import Writer


@dataclass(frozen=True)
class Upload:
    """An upload in parts that is neither completed nor aborted."""

    key: str
    upload_id: str
    #: When it was begun, as OSS writes it.
    initiated: str


class UploadList(list[Upload]):
    """Uploads in parts that are neither completed nor aborted."""

    #: Whether there are more than that.
    is_truncated = False


class Bucket(Handle):
    """A bucket and the connections to it. Any number of threads may use it at once.

    What uploads, completes or looks up returns a `Result`, and raises an `OssError` that holds one. Each call can have a
    time-out in seconds, and a `Cancel` that ends it. On the main thread, Ctrl-C ends it.
    """

    def __init__(
        self, endpoint: str, name: str, credentials: Credentials, options: BucketOptions | None = None
    ) -> None:
        """Nothing is sent: whether the bucket exists is found out by the first upload."""
        options = options or BucketOptions()
        native, log = made_bucket_options(options)
        where = (text(endpoint, "endpoint"), text(name, "name"))
        super().__init__(Call().make(lib.oss_bucket_new, *where, credentials.native, native, free=lib.oss_bucket_free))
        self.name = name
        self._timeout = options.timeout
        # Whose functions C calls, as long as the bucket is used, or what was made from it.
        self._kept = (credentials.kept, options, log)

    def put(
        self,
        key: str,
        body: Body,
        callback: Callback | None = None,
        options: PutOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Uploads an object by a single request: up to 5 GiB, of a length that is known. `Sized` makes it known. What can be read
        only once, such as an iterator or a pipe, is held in memory, up to 4 MiB; `upload()` takes any length of it."""
        call = self._call(timeout, cancel)
        data, notify, settings = lend_body(call, body), lend_callback(call, callback), lend_put_options(call, options)
        return self._run(call, lib.oss_put_body, text(key, "key"), data, notify, settings)

    def upload(
        self,
        key: str,
        body: Body,
        callback: Callback | None = None,
        options: UploadOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Uploads an object of any size and length: what is not small in parts, several at a time. With a checkpoint, the same call
        goes on where an earlier one was stopped."""
        call = self._call(timeout, cancel)
        data, notify = lend_body(call, body), lend_callback(call, callback)
        return self._run(
            call, lib.oss_upload_object, text(key, "key"), data, notify, lend_upload_options(call, options)
        )

    def writer(
        self,
        key: str,
        callback: Callback | None = None,
        options: UploadOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Writer:
        """Takes the data of an object piece by piece. The time-out is that of each call."""
        call = self._call(timeout, cancel)
        notify, settings = lend_callback(call, callback), lend_upload_options(call, options)
        bucket = self._limited(call)
        native = call.make(lib.oss_writer_new, bucket, text(key, "key"), notify, settings, free=lib.oss_writer_free)
        return Writer(native, call, (self._kept, options))

    def append(
        self,
        key: str,
        position: int,
        body: Body,
        options: PutOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Appends to an object that is so long, or begins one at 0. `Result.next_position` is where the next append goes on."""
        call = self._call(timeout, cancel)
        data, settings = lend_body(call, body), lend_put_options(call, options)
        return self._run(call, lib.oss_append_object, text(key, "key"), integer(position, "position"), data, settings)

    def stat(self, key: str, *, timeout: float | None = None, cancel: Cancel | None = None) -> Result:
        """Looks at an object: its headers are those of the result."""
        return self._run(self._call(timeout, cancel), lib.oss_stat_object, text(key, "key"))

    def remove(self, key: str, *, timeout: float | None = None, cancel: Cancel | None = None) -> Result:
        """Removes an object. That it was not there is no error."""
        return self._run(self._call(timeout, cancel), lib.oss_remove_object, text(key, "key"))

    def trigger_callback(
        self,
        key: str,
        callback: Callback,
        options: PutOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Has OSS call for an object that is there already."""
        call = self._call(timeout, cancel)
        notify, settings = lend_callback(call, callback), lend_put_options(call, options)
        return self._run(call, lib.oss_trigger_callback, text(key, "key"), notify, settings)

    def check_callback(self, callback: Callback) -> list[Finding]:
        """Looks for what `Callback.check()` finds, and for what is wrong with it after uploads to this bucket."""
        call = Call()
        return find(call, lib.oss_bucket_check_callback, self.native, lend_callback(call, callback))

    def begin_multipart(
        self,
        key: str,
        options: PutOptions | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Multipart:
        """Begins an upload in parts."""
        call = self._call(timeout, cancel)
        made = self._multipart(call, lib.oss_begin_multipart, text(key, "key"), lend_put_options(call, options))
        return Multipart(made, self._timeout, (self._kept, options))

    def reopen_multipart(
        self, key: str, upload_id: str, *, timeout: float | None = None, cancel: Cancel | None = None
    ) -> Multipart:
        """Takes up an upload in parts that was begun before, by whomever."""
        call = self._call(timeout, cancel)
        made = self._multipart(call, lib.oss_reopen_multipart, text(key, "key"), text(upload_id, "upload_id"))
        return Multipart(made, self._timeout, self._kept)

    def list_uploads(
        self,
        prefix: str = "",
        limit: int = 1000,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> UploadList:
        """Uploads in parts that are neither completed nor aborted, so many at the most."""
        call = self._call(timeout, cancel)
        what = (lib.oss_list_uploads, text(prefix, "prefix"), integer(limit, "limit", LARGEST_OF_32_BITS))
        native = take("oss_upload_list **", lambda made: self._run(call, *what, made), lib.oss_upload_list_free)
        uploads = UploadList(
            Upload(
                key=string(lib.oss_upload_list_key(native, index)),
                upload_id=string(lib.oss_upload_list_upload_id(native, index)),
                initiated=string(lib.oss_upload_list_initiated(native, index)),
            )
            for index in range(lib.oss_upload_list_count(native))
        )
        uploads.is_truncated = bool(lib.oss_upload_list_is_truncated(native))
        return uploads

    def deliver(
        self,
        outbox: Outbox,
        *,
        parallel: int | None = None,
        progress: ProgressFunction | None = None,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Makes up for all callbacks that are owed for objects of this bucket and are due, each once.

        `Result.delivered` counts those that are no longer owed, `Result.owed` those that still are. The exception is that of the
        first one that failed; its result counts too. Progress counts callbacks: `accepted` of those in `total` are no longer owed.
        """
        call = self._call(timeout, cancel)
        options = settings(lib.oss_delivery_options_new, lib.oss_delivery_options_free, lib.oss_delivery_options_error)
        options.set(lib.oss_delivery_options_set_parallel, parallel, "parallel")
        observe(call, lib.oss_delivery_options_set_progress, options.native, progress)
        return call.run(lib.oss_outbox_deliver, outbox.native, self._limited(call), options.native)

    def settle(self, owed: Owed, *, timeout: float | None = None, cancel: Cancel | None = None) -> Result:
        """Makes up for one callback that is owed, if the object is there.

        When this returns, it is no longer owed: with `Stored.YES` the application server answered, with `Stored.NO` the object is
        not stored. Otherwise it stays owed, and is due later. So does what is owed for an object that was stored and is gone: OSS
        can then no longer be asked to call for it.
        """
        with owed.alone() as native:
            return self._run(self._call(timeout, cancel), lib.oss_owed_settle, native)

    def presign_put(
        self,
        key: str,
        lifetime: int,
        callback: Callback | None = None,
        options: PutOptions | None = None,
    ) -> Presigned:
        """Signs the upload of an object, for somebody else to make within so many seconds, up to seven days. The callback
        travels in the URL; each option becomes a header that has to be sent with it."""
        call = Call()
        notify, settings = lend_callback(call, callback), lend_put_options(call, options)
        return self._presign(call, lib.oss_presign_put, lifetime, text(key, "key"), notify, settings)

    def presign_upload_part(self, key: str, upload_id: str, number: int, lifetime: int) -> Presigned:
        """Signs the upload of a part."""
        which = (text(key, "key"), text(upload_id, "upload_id"), integer(number, "number", LARGEST_OF_32_BITS))
        return self._presign(Call(), lib.oss_presign_upload_part, lifetime, *which)

    def presign_complete_multipart(
        self, key: str, upload_id: str, lifetime: int, callback: Callback | None = None
    ) -> Presigned:
        """Signs the completion of an upload in parts."""
        call = Call()
        which = (text(key, "key"), text(upload_id, "upload_id"))
        return self._presign(call, lib.oss_presign_complete_multipart, lifetime, *which, lend_callback(call, callback))

    def presign_trigger_callback(self, key: str, callback: Callback, lifetime: int) -> Presigned:
        """Signs the request that has OSS call for an object that is there already."""
        call = Call()
        what = (text(key, "key"), lend_callback(call, callback))
        return self._presign(call, lib.oss_presign_trigger_callback, lifetime, *what)

    def presign_get(self, key: str, lifetime: int) -> Presigned:
        """Signs the download of an object."""
        return self._presign(Call(), lib.oss_presign_get, lifetime, text(key, "key"))

    def sign_form(self, policy: PostPolicy, lifetime: int, callback: Callback | None = None) -> PostForm:
        """The form that uploads what a policy allows, for so many seconds, up to seven days."""
        call = Call()
        allowed, notify = lend_policy(call, policy), lend_callback(call, callback)
        what = (allowed, self.native, notify, integer(lifetime, "lifetime"))
        return read_form(call.make(lib.oss_post_policy_sign, *what, free=lib.oss_post_form_free))

    def _call(self, timeout: float | None, cancel: Cancel | None) -> Call:
        return Call(self._timeout if timeout is None else timeout, cancel)

    def _limited(self, call: Call) -> CData:
        limits = (call.deadline_ms, call.cancel)
        return call.make(lib.oss_bucket_with_limits, self.native, *limits, free=lib.oss_bucket_free)

    def _run(self, call: Call, function: Callable[..., int], *arguments: Any) -> Result:
        return call.run(function, self._limited(call), *arguments)

    def _multipart(self, call: Call, begin: Callable[..., int], *arguments: Any) -> CData:
        return take("oss_multipart **", lambda made: self._run(call, begin, *arguments, made), lib.oss_multipart_free)

    def _presign(self, call: Call, sign: Callable[..., int], lifetime: int, *arguments: Any) -> Presigned:
        what = (self.native, *arguments, integer(lifetime, "lifetime"))
        return read_presigned(call.make(sign, *what, free=lib.oss_presigned_free))
