"""Objects that the SDKs encrypt themselves, in parts, each of which says how."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from alibabacloud_oss_v2.crypto import MasterRsaCipher
from alibabacloud_oss_v2.encryption_client import EncryptionClient
from conftest import v2_client
from Crypto.PublicKey import RSA

PART = 100 * 1024
DATA = bytes(range(256)) * 400 + b"the last part"
PARTS = [DATA[:PART], DATA[PART:]]


@pytest.fixture(scope="module")
def keys():
    key = RSA.generate(1024)
    return {"public_key": key.publickey().export_key().decode(), "private_key": key.export_key().decode()}


def test_oss2_encrypts_parts(bucket, server, prefix, keys):
    key = prefix + "encrypted"
    crypto = oss2.CryptoBucket(
        bucket.auth,
        server.endpoint,
        server.bucket,
        crypto_provider=oss2.RsaProvider(keys),
        region=server.region or None,
    )
    context = oss2.models.MultipartUploadCryptoContext(len(DATA), PART)
    upload_id = crypto.init_multipart_upload(key, upload_context=context).upload_id
    parts = [
        oss2.models.PartInfo(number, crypto.upload_part(key, upload_id, number, part, upload_context=context).etag)
        for number, part in enumerate(PARTS, 1)
    ]
    crypto.complete_multipart_upload(key, upload_id, parts)
    assert crypto.get_object(key).read() == DATA
    assert bucket.get_object(key).read() != DATA


def test_v2_encrypts_parts(bucket, server, version, prefix, keys):
    place = {"bucket": server.bucket, "key": prefix + "encrypted"}
    client = EncryptionClient(v2_client(server, version), MasterRsaCipher(**keys))
    begun = client.initiate_multipart_upload(
        oss_v2.InitiateMultipartUploadRequest(cse_part_size=PART, cse_data_size=len(DATA), **place)
    )
    parts = []
    for number, part in enumerate(PARTS, 1):
        request = oss_v2.UploadPartRequest(
            part_number=number,
            upload_id=begun.upload_id,
            body=part,
            cse_multipart_context=begun.cse_multipart_context,
            **place,
        )
        parts.append(oss_v2.UploadPart(part_number=number, etag=client.upload_part(request).etag))
    client.complete_multipart_upload(
        oss_v2.CompleteMultipartUploadRequest(
            upload_id=begun.upload_id,
            complete_multipart_upload=oss_v2.CompleteMultipartUpload(parts=parts),
            **place,
        )
    )
    assert client.get_object(oss_v2.GetObjectRequest(**place)).body.content == DATA
    assert bucket.get_object(place["key"]).read() != DATA
