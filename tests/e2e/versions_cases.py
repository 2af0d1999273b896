"""Versions, as applications see them."""
import concurrent.futures
from cases import UNIT, fails, noise, run, s3

BUCKET = "versions"


def put(key, body=b"content", **more):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **more).get("VersionId")


def read(key, **more):
    return s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()


def listed(prefix, **more):
    page = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix, **more)
    return [v["VersionId"] for v in page.get("Versions", [])], [m["VersionId"] for m in page.get("DeleteMarkers", [])]


def case_a_bucket_keeps_no_versions_until_it_is_told_to():
    assert "Status" not in s3.get_bucket_versioning(Bucket=BUCKET)
    answer = s3.put_object(Bucket=BUCKET, Key="before", Body=b"null")
    assert "VersionId" not in answer
    assert "VersionId" not in s3.get_object(Bucket=BUCKET, Key="before")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert s3.get_object(Bucket=BUCKET, Key="before")["VersionId"] == "null"


def case_every_version_is_read_by_its_id():
    sizes = (0, 10, 70_000, 600_000)
    ids = [put("kept", noise(size, size)) for size in sizes]
    assert len(set(ids)) == 4 and "null" not in ids
    assert {len(one) for one in ids} in ({32}, {36}, {26}), "ours, MinIO's, versitygw's"
    assert read("kept") == noise(600_000, 600_000)
    for one, size in zip(ids, sizes):
        found = s3.get_object(Bucket=BUCKET, Key="kept", VersionId=one)
        assert found["Body"].read() == noise(size, size) and found["VersionId"] == one
        assert s3.head_object(Bucket=BUCKET, Key="kept", VersionId=one)["ContentLength"] == size
    assert listed("kept")[0] == ids[::-1]
    if len(ids[0]) == 32:
        fails("NoSuchVersion", s3.get_object, Bucket=BUCKET, Key="kept", VersionId="A" * 32)
    fails("NoSuchVersion", s3.get_object, Bucket=BUCKET, Key="kept", VersionId=put("another"))
    fails("InvalidArgument", s3.get_object, Bucket=BUCKET, Key="kept", VersionId="bogus")


def case_a_delete_adds_a_marker_and_removing_it_brings_the_object_back():
    one = put("marked")
    answer = s3.delete_object(Bucket=BUCKET, Key="marked")
    marker = answer["VersionId"]
    assert answer["DeleteMarker"] is True and marker != one
    headers = fails("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="marked")["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true" and headers["x-amz-version-id"] == marker
    refused = fails("MethodNotAllowed", s3.get_object, Bucket=BUCKET, Key="marked", VersionId=marker)
    assert refused["ResponseMetadata"]["HTTPHeaders"]["allow"] == "DELETE"
    assert "marked" not in [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, Prefix="marked").get("Contents", [])]
    assert listed("marked") == ([one], [marker])
    assert read("marked", VersionId=one) == b"content"
    gone = s3.delete_object(Bucket=BUCKET, Key="marked", VersionId=marker)
    assert gone["DeleteMarker"] is True and gone["VersionId"] == marker
    assert read("marked") == b"content"


def case_a_suspended_bucket_replaces_the_null_version_and_keeps_the_others():
    one = put("suspended", b"one")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert put("suspended", b"null 1") is None
    assert put("suspended", b"null 2") is None
    assert s3.head_object(Bucket=BUCKET, Key="suspended")["VersionId"] == "null"
    assert listed("suspended")[0] == ["null", one]
    assert read("suspended", VersionId="null") == b"null 2" and read("suspended", VersionId=one) == b"one"
    answer = s3.delete_object(Bucket=BUCKET, Key="suspended")
    assert answer["DeleteMarker"] is True and answer["VersionId"] == "null"
    assert listed("suspended") == ([one], ["null"])
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    two = put("suspended", b"two")
    assert listed("suspended") == ([two, one], ["null"])
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert put("suspended", b"null 3") is None
    assert listed("suspended") == (["null", two, one], []), "in the place of the marker"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def case_a_marker_that_is_the_null_version_is_removed_for_good():
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=BUCKET, Key="null-marked")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    one = put("null-marked")
    assert listed("null-marked") == ([one], ["null"])
    s3.delete_object(Bucket=BUCKET, Key="null-marked", VersionId="null")
    assert listed("null-marked") == ([one], [])


def case_the_newest_version_is_read_however_often_the_one_before_was():
    for body in (noise(200_000, 21), noise(200_000, 22)):
        put("again", body)
        for _ in range(3):
            assert read("again") == body and read("again", Range="bytes=70000-140000") == body[70_000:140_001]


def case_versions_are_listed_in_pages():
    for key in ("page/a", "page/b", "page/sub/c"):
        for _ in range(3):
            put(key)
    s3.delete_object(Bucket=BUCKET, Key="page/b")
    whole = s3.list_object_versions(Bucket=BUCKET, Prefix="page/")
    rows = sorted([(v["Key"], v["VersionId"]) for v in whole["Versions"] + whole["DeleteMarkers"]])
    assert len(rows) == 10
    paged, markers = [], {}
    while True:
        page = s3.list_object_versions(Bucket=BUCKET, Prefix="page/", MaxKeys=3, **markers)
        paged += [(v["Key"], v["VersionId"]) for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert sorted(paged) == rows and len(paged) == 10
    grouped = s3.list_object_versions(Bucket=BUCKET, Prefix="page/", Delimiter="/")
    assert [p["Prefix"] for p in grouped["CommonPrefixes"]] == ["page/sub/"]
    latest = [(v["Key"], v["IsLatest"]) for v in whole["Versions"] + whole["DeleteMarkers"] if v["IsLatest"]]
    assert sorted(key for key, _ in latest) == ["page/a", "page/b", "page/sub/c"]
    fails("InvalidArgument", s3.list_object_versions, Bucket=BUCKET, VersionIdMarker="null")


def case_a_version_is_copied_and_brought_back():
    one, two = put("from", b"one"), put("from", b"two")
    answer = s3.copy_object(Bucket=BUCKET, Key="from", CopySource={"Bucket": BUCKET, "Key": "from", "VersionId": one})
    assert answer["CopySourceVersionId"] == one and answer["VersionId"] not in (one, two)
    assert read("from") == b"one" and len(listed("from")[0]) == 3


def case_an_upload_in_parts_makes_a_version():
    before = put("parts", b"before")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    parts = []
    for number in (1, 2):
        body = noise(UNIT, number)
        etag = s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    answer = s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    assert listed("parts")[0] == [answer["VersionId"], before]
    assert read("parts", VersionId=before) == b"before"
    assert read("parts") == noise(UNIT, 1) + noise(UNIT, 2)


def case_conditions_are_held_against_the_current_version_and_markers():
    put("once")
    fails("PreconditionFailed", s3.put_object, Bucket=BUCKET, Key="once", Body=b"", IfNoneMatch="*")
    s3.delete_object(Bucket=BUCKET, Key="once")
    put("once", b"again", IfNoneMatch="*")
    etag = s3.head_object(Bucket=BUCKET, Key="once")["ETag"]
    fails("PreconditionFailed", s3.delete_object, Bucket=BUCKET, Key="once", IfMatch='"0"')
    s3.delete_object(Bucket=BUCKET, Key="once", IfMatch=etag)
    fails("NoSuchKey", s3.put_object, Bucket=BUCKET, Key="once", Body=b"", IfMatch=etag)


def case_racing_writers_each_leave_a_version():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda i: put("raced", b"%d" % i), range(32)))
    assert sorted(listed("raced")[0]) == sorted(ids) and len(set(ids)) == 32
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        source = {"Bucket": BUCKET, "Key": "raced"}
        copies = list(pool.map(lambda _: s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=source), range(16)))
    assert len({copy["VersionId"] for copy in copies}) == 16


def case_many_versions_are_deleted_at_once_and_then_the_bucket():
    fails("BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "many"}]})["Deleted"][0]
    assert answer["DeleteMarker"] is True and answer["DeleteMarkerVersionId"]
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        doomed = page.get("Versions", []) + page.get("DeleteMarkers", [])
        doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in doomed]
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": doomed})
        assert len(answer["Deleted"]) == len(doomed) and "Errors" not in answer
    s3.delete_bucket(Bucket=BUCKET)


s3.create_bucket(Bucket=BUCKET)
run(globals())
