"""The exceptions."""

import pickle

import pytest

from oss_upload import Bucket, OssError, ServiceError, Status, errors, version


def test_each_status_has_an_exception_of_its_own() -> None:
    kinds = {errors._BY_STATUS[status] for status in Status if status != Status.OK}
    assert len(kinds) == len(Status) - 1
    assert all(issubclass(kind, OssError) for kind in kinds)


def test_status_of_a_later_library_is_one() -> None:
    assert Status(12345) == Status.INTERNAL


def test_exceptions_can_be_pickled(bucket: Bucket) -> None:
    with pytest.raises(ServiceError) as raised:
        bucket.stat("nothing")
    error = pickle.loads(pickle.dumps(raised.value))
    assert type(error) is ServiceError and str(error) == str(raised.value)
    assert error.result == raised.value.result
    with pytest.raises(ValueError, match="pickled"):
        error.result.header("date")
    for kind in errors._BY_STATUS.values():
        assert type(pickle.loads(pickle.dumps(kind(raised.value.result)))) is kind


def test_library_has_a_version() -> None:
    assert version()[0].isdigit()
