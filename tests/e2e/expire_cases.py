"""Uploads that nobody completes; the server gives them up after 2 seconds."""
import time
from cases import UNIT, fails, noise, run, s3

BUCKET = "abandoned"


def case_an_upload_is_given_up_and_leaves_nothing_to_complete():
    s3.create_bucket(Bucket=BUCKET)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k")["UploadId"]
    etag = s3.upload_part(Bucket=BUCKET, Key="k", UploadId=upload, PartNumber=1, Body=noise(UNIT))["ETag"]
    end = time.monotonic() + 20
    while s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"):
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.2)
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    fails("NoSuchUpload", s3.complete_multipart_upload, Bucket=BUCKET, Key="k", UploadId=upload, MultipartUpload=parts)
    fails("NoSuchUpload", s3.upload_part, Bucket=BUCKET, Key="k", UploadId=upload, PartNumber=1, Body=b"")


run(globals())
