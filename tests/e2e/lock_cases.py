"""Object lock and tags, as applications see them."""
import datetime, time
from cases import UNIT, fails, noise, run, s3

BUCKET, PLAIN = "locked", "unlocked"
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def put(key, **more):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=b"content", **more)["VersionId"]


def retained(key, version):
    return s3.get_object_retention(Bucket=BUCKET, Key=key, VersionId=version)["Retention"]


def gone(key, version, **more):
    return s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version, **more)


def case_a_bucket_is_locked_from_the_start_or_once_it_keeps_versions():
    assert s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    off = {"Status": "Suspended"}
    fails("InvalidBucketState", s3.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration=off)
    fails("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, Bucket=PLAIN)
    enabled = {"ObjectLockEnabled": "Enabled"}
    fails("InvalidBucketState", s3.put_object_lock_configuration, Bucket=PLAIN, ObjectLockConfiguration=enabled)
    s3.put_object(Bucket=PLAIN, Key="k", Body=b"")
    refused = dict(Bucket=PLAIN, Key="k", LegalHold={"Status": "ON"})
    fails("InvalidRequest", s3.put_object_legal_hold, **refused)
    fails("InvalidRequest", s3.put_object, Bucket=PLAIN, Key="k", Body=b"", ObjectLockLegalHoldStatus="ON")


def case_rules_that_make_no_sense_are_refused():
    def rule(**default):
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
        return dict(Bucket=BUCKET, ObjectLockConfiguration=configuration)
    fails("InvalidRetentionPeriod", s3.put_object_lock_configuration, **rule(Mode="GOVERNANCE", Days=0))
    fails("InvalidRetentionPeriod", s3.put_object_lock_configuration, **rule(Mode="GOVERNANCE", Years=-1))
    fails("MalformedXML", s3.put_object_lock_configuration, **rule(Mode="GOVERNANCE", Days=1, Years=1))
    fails("MalformedXML", s3.put_object_lock_configuration, **rule(Mode="abc", Days=1))


def case_governance_is_lifted_by_who_may_bypass_it():
    one = put("governed", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=now() + DAY)
    fails("AccessDenied", gone, key="governed", version=one)
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": now() + DAY / 2}
    fails("AccessDenied", s3.put_object_retention, Bucket=BUCKET, Key="governed", VersionId=one, Retention=shorter)
    longer = {"Mode": "GOVERNANCE", "RetainUntilDate": now() + 2 * DAY}
    s3.put_object_retention(Bucket=BUCKET, Key="governed", VersionId=one, Retention=longer)
    assert retained("governed", one) == longer
    s3.put_object_retention(Bucket=BUCKET, Key="governed", Retention=shorter, BypassGovernanceRetention=True)
    assert retained("governed", one) == shorter
    gone("governed", one, BypassGovernanceRetention=True)
    fails("404", s3.head_object, Bucket=BUCKET, Key="governed", VersionId=one)


def case_compliance_is_lifted_by_nobody_before_its_time():
    until = now() + datetime.timedelta(seconds=4)
    one = put("complied", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    fails("AccessDenied", gone, key="complied", version=one, BypassGovernanceRetention=True)
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        other = {"Mode": mode, "RetainUntilDate": now() + datetime.timedelta(seconds=2)}
        fails("AccessDenied", s3.put_object_retention, Bucket=BUCKET, Key="complied", VersionId=one, Retention=other,
              BypassGovernanceRetention=True)
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "complied", "VersionId": one}]})
    assert answer["Errors"][0]["Code"] == "AccessDenied" and "Deleted" not in answer
    marker = s3.delete_object(Bucket=BUCKET, Key="complied")
    assert marker["DeleteMarker"] is True
    s3.put_object(Bucket=BUCKET, Key="complied", Body=b"another")
    assert s3.get_object(Bucket=BUCKET, Key="complied", VersionId=one)["Body"].read() == b"content"
    time.sleep(max(0, (until - now()).total_seconds()) + 1)
    gone("complied", one)


def case_a_legal_hold_has_no_end_but_the_one_it_is_given():
    one = put("held", ObjectLockLegalHoldStatus="ON")
    assert s3.head_object(Bucket=BUCKET, Key="held")["ObjectLockLegalHoldStatus"] == "ON"
    fails("AccessDenied", gone, key="held", version=one, BypassGovernanceRetention=True)
    s3.put_object_legal_hold(Bucket=BUCKET, Key="held", LegalHold={"Status": "OFF"})
    assert s3.get_object_legal_hold(Bucket=BUCKET, Key="held")["LegalHold"]["Status"] == "OFF"
    gone("held", one)
    fails("MalformedXML", s3.put_object_legal_hold, Bucket=BUCKET, Key="held", LegalHold={"Status": "abc"})


def case_a_retention_may_last_until_2140():
    until = datetime.datetime(2140, 1, 1, tzinfo=datetime.timezone.utc)
    one = put("far", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)
    assert retained("far", one)["RetainUntilDate"] == until
    gone("far", one, BypassGovernanceRetention=True)
    past = dict(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=now() - DAY)
    fails("InvalidArgument", s3.put_object, Bucket=BUCKET, Key="far", Body=b"", **past)
    fails("InvalidArgument", s3.put_object, Bucket=BUCKET, Key="far", Body=b"", ObjectLockMode="GOVERNANCE")


def case_new_versions_are_locked_by_the_default_of_their_bucket():
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=configuration)
    assert s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"] == configuration
    one = put("defaulted")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="defaulted")["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key="defaulted", UploadId=upload, PartNumber=1, Body=noise(UNIT))["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    two = s3.complete_multipart_upload(Bucket=BUCKET, Key="defaulted", UploadId=upload, MultipartUpload=parts)["VersionId"]
    source = {"Bucket": BUCKET, "Key": "defaulted", "VersionId": one}
    three = s3.copy_object(Bucket=BUCKET, Key="defaulted", CopySource=source)["VersionId"]
    for version in (one, two, three):
        assert retained("defaulted", version)["Mode"] == "GOVERNANCE"
        assert DAY / 2 < retained("defaulted", version)["RetainUntilDate"] - now() <= DAY + DAY / 24
        fails("AccessDenied", gone, key="defaulted", version=version)
        gone("defaulted", version, BypassGovernanceRetention=True)
    enabled = {"ObjectLockEnabled": "Enabled"}
    s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=enabled)


def tags(key, **more):
    return {tag["Key"]: tag["Value"] for tag in s3.get_object_tagging(Bucket=BUCKET, Key=key, **more)["TagSet"]}


def tag_set(**pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs.items()]}


def case_objects_have_tags_of_their_own():
    one = put("tagged", Tagging="one=1&two=a%20b")
    before = s3.head_object(Bucket=BUCKET, Key="tagged")
    assert before["TagCount"] == 2 and tags("tagged") == {"one": "1", "two": "a b"}
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging=tag_set(three="3"))
    after = s3.head_object(Bucket=BUCKET, Key="tagged")
    assert tags("tagged") == {"three": "3"} and after["LastModified"] == before["LastModified"]
    assert after["ETag"] == before["ETag"] and after["VersionId"] == one
    assert s3.get_object(Bucket=BUCKET, Key="tagged")["Body"].read() == b"content"
    two = put("tagged")
    assert tags("tagged") == {} and tags("tagged", VersionId=one) == {"three": "3"}
    source = {"Bucket": BUCKET, "Key": "tagged", "VersionId": one}
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=source)
    assert tags("copied") == {"three": "3"}
    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource=source, Tagging="four=4", TaggingDirective="REPLACE")
    assert tags("copied") == {"four": "4"}
    s3.delete_object_tagging(Bucket=BUCKET, Key="tagged", VersionId=one)
    assert tags("tagged", VersionId=one) == {}
    many = tag_set(**{f"k{i}": "v" for i in range(11)})
    fails("InvalidTag", s3.put_object_tagging, Bucket=BUCKET, Key="tagged", Tagging=many)
    fails("InvalidTag", s3.put_object_tagging, Bucket=BUCKET, Key="tagged", Tagging=tag_set(k="v" * 257))
    long = "&".join(f"k{i}={'v' * 200}" for i in range(10))
    three = put("tagged", Tagging=long)
    assert len(tags("tagged")) == 10
    s3.put_object_tagging(Bucket=BUCKET, Key="tagged", Tagging=tag_set(short="1"))
    assert tags("tagged") == {"short": "1"}


def case_buckets_have_tags():
    fails("NoSuchTagSet", s3.get_bucket_tagging, Bucket=BUCKET)
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tag_set(team="x"))
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "team", "Value": "x"}]
    s3.delete_bucket_tagging(Bucket=BUCKET)
    fails("NoSuchTagSet", s3.get_bucket_tagging, Bucket=BUCKET)


s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
s3.create_bucket(Bucket=PLAIN)
run(globals())
