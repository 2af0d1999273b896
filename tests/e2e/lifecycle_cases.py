"""Lifecycle rules, stored and followed; the server's day has 2 seconds."""
import datetime, re, time
from cases import UNIT, fails, noise, run, s3

DAY = 2


def bucket(name, **more):
    s3.create_bucket(Bucket=name, **more)
    return name


def follow(name, *rules):
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": list(rules)})


def rule(prefix="", **more):
    return {"ID": prefix or "all", "Status": "Enabled", "Filter": {"Prefix": prefix}, **more}


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.2)


def keys(name, **more):
    return [o["Key"] for o in s3.list_objects_v2(Bucket=name, **more).get("Contents", [])]


def versions(name):
    page = s3.list_object_versions(Bucket=name)
    return len(page.get("Versions", [])), len(page.get("DeleteMarkers", []))


def case_rules_come_back_as_they_were_set():
    name = bucket("stored")
    fails("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=name)
    both = {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 5}}
    date = datetime.datetime(2040, 1, 1, tzinfo=datetime.timezone.utc)
    rules = [
        {"ID": "one", "Status": "Enabled", "Prefix": "old/", "Expiration": {"Days": 3}},
        {"ID": "two", "Status": "Disabled", "Filter": both, "Expiration": {"Date": date}},
        {"ID": "three", "Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True},
         "NoncurrentVersionExpiration": {"NoncurrentDays": 4, "NewerNoncurrentVersions": 2},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 5}},
    ]
    follow(name, *rules)
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == rules
    def refused(code, **change):
        wrong = {"Rules": [{**rules[0], **change}]}
        fails(code, s3.put_bucket_lifecycle_configuration, Bucket=name, LifecycleConfiguration=wrong)
    refused("InvalidArgument", Expiration={"Days": 0})
    refused("InvalidArgument", ID="x" * 256)
    refused("MalformedXML", Status="enabled")
    refused("NotImplemented", Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])
    assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=name)
    fails("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, Bucket=name)


def case_objects_that_will_expire_say_when_and_do():
    name = bucket("expiring")
    follow(name, rule("gone/", Expiration={"Days": 1}))
    begun = datetime.datetime.now(datetime.timezone.utc)
    said = s3.put_object(Bucket=name, Key="gone/a", Body=noise(100_000))["Expiration"]
    when, by = re.fullmatch(r'expiry-date="(.+)", rule-id="(.+)"', said).groups()
    when = datetime.datetime.strptime(when, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=datetime.timezone.utc)
    assert by == "gone/" and abs((when - begun).total_seconds() - DAY) < 2
    assert s3.head_object(Bucket=name, Key="gone/a")["Expiration"] == said
    assert "Expiration" not in s3.put_object(Bucket=name, Key="kept", Body=b"")
    until(lambda: keys(name) == ["kept"])
    fails("NoSuchKey", s3.get_object, Bucket=name, Key="gone/a")


def case_an_expired_object_of_a_bucket_with_versions_is_marked_and_the_rest_follows():
    name = bucket("versioned")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two", b"three"):
        s3.put_object(Bucket=name, Key="k", Body=body)
    follow(name, rule(Expiration={"Days": 1}))
    until(lambda: versions(name) == (3, 1))
    assert keys(name) == []
    follow(name, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}))
    until(lambda: versions(name) == (1, 1))
    follow(name, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    until(lambda: versions(name) == (0, 1))
    follow(name, rule(Expiration={"ExpiredObjectDeleteMarker": True}))
    until(lambda: versions(name) == (0, 0))


def case_a_locked_version_outlives_every_rule():
    name = bucket("locked-rules", ObjectLockEnabledForBucket=True)
    one = s3.put_object(Bucket=name, Key="k", Body=b"one", ObjectLockLegalHoldStatus="ON")["VersionId"]
    s3.put_object(Bucket=name, Key="k", Body=b"two")
    follow(name, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    time.sleep(3 * DAY)
    assert s3.get_object(Bucket=name, Key="k", VersionId=one)["Body"].read() == b"one"
    s3.put_object_legal_hold(Bucket=name, Key="k", VersionId=one, LegalHold={"Status": "OFF"})
    until(lambda: versions(name) == (1, 0))


def case_a_rule_for_tags_is_about_objects_that_have_them():
    name = bucket("tags")
    follow(name, {"ID": "t", "Status": "Enabled", "Filter": {"Tag": {"Key": "go", "Value": "yes"}}, "Expiration": {"Days": 1}})
    s3.put_object(Bucket=name, Key="goes", Body=b"", Tagging="go=yes")
    s3.put_object(Bucket=name, Key="stays", Body=b"", Tagging="go=no")
    until(lambda: keys(name) == ["stays"])


def case_uploads_that_are_not_completed_are_given_up():
    name = bucket("uploads")
    upload = s3.create_multipart_upload(Bucket=name, Key="begun/k")["UploadId"]
    s3.upload_part(Bucket=name, Key="begun/k", UploadId=upload, PartNumber=1, Body=noise(UNIT))
    other = s3.create_multipart_upload(Bucket=name, Key="other/k")["UploadId"]
    follow(name, rule("begun/", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}))
    until(lambda: [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=name).get("Uploads", [])] == [other])
    fails("NoSuchUpload", s3.list_parts, Bucket=name, Key="begun/k", UploadId=upload)


run(globals())
