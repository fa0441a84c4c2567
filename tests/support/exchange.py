"""Shares uploads with other programs, by the official SDK oss2. The bucket is that of the environment.

    exchange.py get KEY FILE                downloads an object
    exchange.py put KEY FILE                uploads a file
    exchange.py begin KEY FILE              begins a multipart upload with the file as part 1, prints its id
    exchange.py finish KEY UPLOAD_ID FILE   adds the file as part 2 and completes the upload
"""

import os
import sys

import oss2

PARTS = {"begin": 1, "finish": 2}


def main(verb, key, *rest):
    auth = oss2.AuthV4(os.environ["OSS_ACCESS_KEY_ID"], os.environ["OSS_ACCESS_KEY_SECRET"])
    bucket = oss2.Bucket(
        auth, os.environ["OSS_ENDPOINT"], os.environ["OSS_BUCKET"], region=os.environ["OSS_REGION"]
    )
    path = rest[-1]
    if verb == "get":
        bucket.get_object_to_file(key, path)
    elif verb == "put":
        bucket.put_object_from_file(key, path)
    else:
        upload_id = rest[0] if verb == "finish" else bucket.init_multipart_upload(key).upload_id
        with open(path, "rb") as file:
            bucket.upload_part(key, upload_id, PARTS[verb], file.read())
        if verb == "finish":
            parts = list(oss2.PartIterator(bucket, key, upload_id))
            bucket.complete_multipart_upload(key, upload_id, parts)
        print(upload_id)


main(*sys.argv[1:])
