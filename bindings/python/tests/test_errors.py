"""The exceptions."""

from oss_upload import OssError, Status, errors, version


def test_each_status_has_an_exception_of_its_own() -> None:
    kinds = {errors._BY_STATUS[status] for status in Status if status != Status.OK}
    assert len(kinds) == len(Status) - 1
    assert all(issubclass(kind, OssError) for kind in kinds)


def test_status_of_a_later_library_is_one() -> None:
    assert Status(12345) == Status.INTERNAL


def test_library_has_a_version() -> None:
    assert version()[0].isdigit()
