"""What existing applications do through an SDK, one function a case; prints each name and fails on the first fault."""
import base64, hashlib, io, sys, urllib.request, zlib
import boto3
from botocore.client import Config
from botocore.exceptions import ClientError
from cases import run

URL = sys.argv[1]
CONFIG = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1})
s3 = boto3.client("s3", endpoint_url=URL, config=CONFIG)
BUCKET = "sdk"
UNIT = 5 << 20


def noise(length, seed=1):
    block = b"".join(hashlib.sha256(b"%d %d" % (seed, i)).digest() for i in range(256))
    return (block * (length // len(block) + 1))[:length]


def fails(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["Error"]["Code"]
        assert found == code, f"{found} is not {code}"
        return error
    raise AssertionError(f"{code} was expected")


def put(key, body=b"content", **more):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more)


def read(key, **more):
    return s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()


def case_a_bucket_is_made_once():
    put("kept", b"content")
    s3.create_bucket(Bucket=BUCKET)
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"content"
    s3.delete_object(Bucket=BUCKET, Key="kept")
    fails("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    fails("InvalidBucketName", s3.create_bucket, Bucket="127.0.0.1")
    fails("404", s3.head_bucket, Bucket="nobodys-bucket")
    fails("NoSuchBucket", s3.list_objects_v2, Bucket="nobodys-bucket")
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == [BUCKET]


def case_contents_of_many_lengths_come_back():
    for length in (0, 1, 100, 65535, 65536, 65537, 262143, 262144, 262145, 1000000, 9000001):
        body = noise(length, length)
        answer = put("length", body)
        assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"', length
        found = s3.get_object(Bucket=BUCKET, Key="length")
        assert found["Body"].read() == body and found["ContentLength"] == length, length
        assert s3.head_object(Bucket=BUCKET, Key="length")["ContentLength"] == length


def case_ranges_give_exactly_their_bytes():
    body = noise(700001)
    put("ranged", body)
    for first, last in ((0, 0), (0, 65535), (65535, 65536), (65536, 131071), (1, 700000), (262143, 262145), (699999, 800000)):
        found = s3.get_object(Bucket=BUCKET, Key="ranged", Range=f"bytes={first}-{last}")
        assert found["Body"].read() == body[first:last + 1], (first, last)
        assert found["ContentRange"] == f"bytes {first}-{min(last, 700000)}/700001"
    assert read("ranged", Range="bytes=-70000") == body[-70000:]
    fails("InvalidRange", s3.get_object, Bucket=BUCKET, Key="ranged", Range="bytes=700001-")


def case_headers_and_metadata_are_kept():
    headers = dict(ContentType="text/x; charset=utf-8", ContentEncoding="gzip", ContentLanguage="de", CacheControl="no-store",
                   ContentDisposition='attachment; filename="b.txt"', Metadata={"one": "1", "two": "a b  c"})
    put("headed", **headers)
    found = s3.head_object(Bucket=BUCKET, Key="headed")
    assert {name: found[name] for name in headers} == headers
    found = s3.get_object(Bucket=BUCKET, Key="headed", ResponseContentType="text/other", ResponseCacheControl="max-age=1")
    assert (found["ContentType"], found["CacheControl"]) == ("text/other", "max-age=1")


def case_checksums_are_verified_sealed_and_returned():
    body = noise(200000)
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    assert put("summed", body, ChecksumAlgorithm="CRC32")["ChecksumCRC32"] == crc
    assert s3.head_object(Bucket=BUCKET, Key="summed", ChecksumMode="ENABLED")["ChecksumCRC32"] == crc
    sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert put("summed", body, ChecksumSHA256=sha)["ChecksumSHA256"] == sha
    wrong = base64.b64encode(bytes(32)).decode()
    fails("BadDigest", put, key="summed", body=b"other", ChecksumSHA256=wrong)
    fails("BadDigest", put, key="summed", body=b"other", ContentMD5=base64.b64encode(bytes(16)).decode())
    assert read("summed") == body


def case_conditions_hold():
    etag = put("conditional", b"one")["ETag"]
    fails("304", s3.get_object, Bucket=BUCKET, Key="conditional", IfNoneMatch=etag)
    fails("PreconditionFailed", s3.get_object, Bucket=BUCKET, Key="conditional", IfMatch='"00"')
    assert read("conditional", IfMatch=etag) == b"one"
    fails("PreconditionFailed", put, key="conditional", IfNoneMatch="*")
    fails("PreconditionFailed", put, key="conditional", IfMatch='"00"')
    put("conditional", b"two", IfMatch=etag)
    assert read("conditional") == b"two"


def case_listings_page_group_and_show_plain_sizes():
    keys = ["a", "a//b", "b/1", "b/2", "b/c/3", "ä", "z z", "z+z", "\U0001f600"]
    for number, key in enumerate(keys):
        put("list/" + key, bytes(number))
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/")["Contents"]
    assert [o["Key"][5:] for o in listed] == sorted(keys, key=lambda key: key.encode())
    assert {o["Key"][5:]: o["Size"] for o in listed} == {key: number for number, key in enumerate(keys)}
    assert all(o["ETag"] == f'"{hashlib.md5(bytes(o["Size"])).hexdigest()}"' for o in listed)
    grouped = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", Delimiter="/")
    assert [p["Prefix"] for p in grouped["CommonPrefixes"]] == ["list/a/", "list/b/"]
    assert len(grouped["Contents"]) == 5
    for paginator in ("list_objects_v2", "list_objects"):
        for size in (1, 2, 3):
            pages = s3.get_paginator(paginator).paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": size})
            found = [o["Key"] for page in pages for o in page.get("Contents", ())]
            assert found == [o["Key"] for o in listed], (paginator, size)
    after = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/b/2")["Contents"]
    assert after[0]["Key"] == "list/b/c/3"


def case_keys_are_exact():
    for key in ("k//b", "/k", "k/../b", "./k", "k/", "k\x01\x7f", "k%2Fb", "k b+c", "k" * 1024, "😀/é"):
        put(key, key.encode())
        assert read(key) == key.encode(), key
        assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == len(key.encode())
        s3.delete_object(Bucket=BUCKET, Key=key)
        fails("NoSuchKey", s3.get_object, Bucket=BUCKET, Key=key)


def case_copies_keep_or_replace_metadata():
    body = noise(300000)
    put("source", body, Metadata={"kept": "yes"}, ContentType="text/kept")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "source"})
    found = s3.get_object(Bucket=BUCKET, Key="copy")
    assert found["Body"].read() == body and found["Metadata"] == {"kept": "yes"} and found["ContentType"] == "text/kept"
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "source"}, MetadataDirective="REPLACE",
                   Metadata={"new": "x" * 1500})
    found = s3.get_object(Bucket=BUCKET, Key="copy")
    assert found["Body"].read() == body and found["Metadata"] == {"new": "x" * 1500}
    s3.delete_object(Bucket=BUCKET, Key="source")
    assert read("copy") == body
    fails("InvalidRequest", s3.copy_object, Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"})
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"}, MetadataDirective="REPLACE")
    assert s3.head_object(Bucket=BUCKET, Key="copy")["Metadata"] == {}


def case_uploads_in_parts():
    parts = [noise(UNIT, 1), noise(UNIT + 70000, 2), noise(12345, 3)]
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key="parts", Metadata={"kept": "yes"}, ContentType="text/parts")
    upload = dict(Bucket=BUCKET, Key="parts", UploadId=begun["UploadId"])
    assert begun["UploadId"][0].isalpha() or begun["UploadId"].count("-") == 4, "some clients take what looks like a number for one"
    etags = {}
    for number in (3, 1, 2):
        s3.upload_part(**upload, PartNumber=number, Body=b"an attempt that is given up")
        etags[number] = s3.upload_part(**upload, PartNumber=number, Body=parts[number - 1])["ETag"]
    listed = s3.list_parts(**upload)["Parts"]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(n + 1, len(part)) for n, part in enumerate(parts)]
    fails("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="parts")
    named = [{"PartNumber": n, "ETag": etags[n]} for n in (1, 2, 3)]
    fails("InvalidPartOrder", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named[::-1]})
    fails("InvalidPart", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": [{"PartNumber": 9, "ETag": etags[1]}]})
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": named})
    md5 = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert done["ETag"] == f'"{md5}-3"', done["ETag"]
    found = s3.get_object(Bucket=BUCKET, Key="parts")
    assert found["Body"].read() == b"".join(parts) and found["Metadata"] == {"kept": "yes"}
    whole = b"".join(parts)
    for first, last in ((UNIT - 1, UNIT), (2 * UNIT + 69999, 2 * UNIT + 70000), (0, len(whole) - 1)):
        assert read("parts", Range=f"bytes={first}-{last}") == whole[first:last + 1]
    fails("NoSuchUpload", s3.list_parts, **upload)


def case_open_uploads_are_listed():
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key="begun")["UploadId"]
    open_uploads = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert [(u["Key"], u["UploadId"]) for u in open_uploads] == [("begun", begun)]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="begun", UploadId=begun)


def case_a_small_part_before_the_last_is_refused():
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key="small")
    upload = dict(Bucket=BUCKET, Key="small", UploadId=begun["UploadId"])
    named = [{"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=b"small")["ETag"]} for n in (1, 2)]
    fails("EntityTooSmall", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": named})
    s3.abort_multipart_upload(**upload)
    fails("NoSuchUpload", s3.upload_part, **upload, PartNumber=1, Body=b"late")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


def case_transfers_switch_to_parts_by_themselves():
    body = noise(30 << 20, 4)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "transferred")
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "transferred", back)
    assert back.getvalue() == body


def case_many_keys_are_deleted_at_once():
    for number in range(30):
        put(f"many/{number}")
    gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": f"many/{n}"} for n in range(31)]})
    assert len(gone["Deleted"]) == 31 and "Errors" not in gone
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="many/")["KeyCount"] == 0
    quiet = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "none"}], "Quiet": True})
    assert "Deleted" not in quiet


def case_presigned_urls_read_and_write():
    url = s3.generate_presigned_url("put_object", Params=dict(Bucket=BUCKET, Key="presigned"), ExpiresIn=60)
    request = urllib.request.Request(url, data=b"presigned", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    url = s3.generate_presigned_url("get_object", Params=dict(Bucket=BUCKET, Key="presigned"), ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"presigned"


def case_what_is_not_there_says_so():
    fails("NotImplemented", s3.put_bucket_policy, Bucket=BUCKET, Policy="{}")
    fails("NotImplemented", s3.restore_object, Bucket=BUCKET, Key="presigned", RestoreRequest={"Days": 1})


def case_a_bucket_goes_when_it_is_empty():
    fails("BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": o["Key"]} for o in page["Contents"]]})
    s3.delete_bucket(Bucket=BUCKET)
    assert s3.list_buckets()["Buckets"] == []


s3.create_bucket(Bucket=BUCKET)
run(globals())
