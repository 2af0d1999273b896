"""Canned ACLs, as their owners, other users and the anonymous see them."""
import sys
import boto3
from botocore import UNSIGNED
from botocore.client import Config
from cases import CONFIG, UNIT, URL, fails, noise, run, s3

ME = s3.list_buckets()["Owner"]
OTHER = {"ID": "other", "DisplayName": "The Other"}
other = boto3.client("s3", endpoint_url=URL, config=CONFIG, aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])
anyone = boto3.client("s3", endpoint_url=URL, config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}))
ALL = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
SIGNED = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}


def user(of):
    return {"Type": "CanonicalUser", **of}


def grant(to, permission):
    return {"Grantee": to, "Permission": permission}


def grants(acl, of=ME, bucket_of=ME):
    groups = {
        "public-read": [grant(ALL, "READ")],
        "public-read-write": [grant(ALL, "READ"), grant(ALL, "WRITE")],
        "authenticated-read": [grant(SIGNED, "READ")],
    }
    of_bucket = {"bucket-owner-read": "READ", "bucket-owner-full-control": "FULL_CONTROL"}
    others = [grant(user(bucket_of), of_bucket[acl])] if acl in of_bucket and of != bucket_of else []
    return groups.get(acl, []) + [grant(user(of), "FULL_CONTROL")] + others


def shows(answer, acl, of=ME):
    assert answer["Owner"] == of, answer
    assert answer["Grants"] == grants(acl, of), answer["Grants"]


def body(client, **what):
    return client.get_object(**what)["Body"].read()


def case_a_canned_acl_is_set_with_what_it_is_of():
    for acl in ["private", "public-read", "public-read-write", "authenticated-read"]:
        s3.create_bucket(Bucket=acl, ACL=acl)
        shows(s3.get_bucket_acl(Bucket=acl), acl)
        s3.put_bucket_acl(Bucket=acl, ACL="private")
        shows(s3.get_bucket_acl(Bucket=acl), "private")
        s3.put_bucket_acl(Bucket=acl, ACL=acl)
        shows(s3.get_bucket_acl(Bucket=acl), acl)
        at = dict(Bucket=acl, Key="k")
        s3.put_object(**at, Body=b"content", ACL=acl)
        shows(s3.get_object_acl(**at), acl)
        s3.put_object_acl(**at, ACL="private")
        shows(s3.get_object_acl(**at), "private")
        s3.copy_object(Bucket=acl, Key="copy", CopySource=at, ACL=acl)
        shows(s3.get_object_acl(Bucket=acl, Key="copy"), acl)
        upload = s3.create_multipart_upload(Bucket=acl, Key="parts", ACL=acl)["UploadId"]
        part = s3.upload_part(Bucket=acl, Key="parts", UploadId=upload, PartNumber=1, Body=b"content")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        s3.complete_multipart_upload(Bucket=acl, Key="parts", UploadId=upload, MultipartUpload=parts)
        shows(s3.get_object_acl(Bucket=acl, Key="parts"), acl)
    assert body(anyone, Bucket="public-read", Key="parts") == b"content"
    assert [one["Key"] for one in anyone.list_objects_v2(Bucket="public-read")["Contents"]] == ["copy", "k", "parts"]
    fails("AccessDenied", anyone.get_object, Bucket="authenticated-read", Key="parts")
    assert body(other, Bucket="authenticated-read", Key="parts") == b"content"
    fails("AccessDenied", other.list_objects, Bucket="private")
    fails("BucketAlreadyExists", other.create_bucket, Bucket="private")


def case_an_object_belongs_to_who_wrote_it():
    s3.create_bucket(Bucket="shared", ACL="public-read-write")
    s3.put_object(Bucket="shared", Key="mine", Body=b"mine")
    other.put_object(Bucket="shared", Key="theirs", Body=b"theirs")
    anyone.put_object(Bucket="shared", Key="whose", Body=b"whose")
    nobody = s3.get_object_acl(Bucket="shared", Key="whose")["Owner"]
    assert nobody["DisplayName"] == "Anonymous"
    owners = {one["Key"]: one["Owner"] for one in anyone.list_objects(Bucket="shared")["Contents"]}
    assert owners == {"mine": ME, "theirs": OTHER, "whose": nobody}, owners
    assert {one["Key"]: one["Owner"] for one in s3.list_object_versions(Bucket="shared")["Versions"]} == owners
    assert body(other, Bucket="shared", Key="theirs") == b"theirs"
    fails("AccessDenied", anyone.get_object, Bucket="shared", Key="theirs")
    fails("AccessDenied", other.get_object, Bucket="shared", Key="mine")
    shows(other.get_object_acl(Bucket="shared", Key="theirs"), "private", OTHER)
    for acl in ["bucket-owner-read", "bucket-owner-full-control", "public-read"]:
        other.put_object_acl(Bucket="shared", Key="theirs", ACL=acl)
        shows(other.get_object_acl(Bucket="shared", Key="theirs"), acl, OTHER)
    assert body(anyone, Bucket="shared", Key="theirs") == b"theirs"
    mine = s3.create_multipart_upload(Bucket="shared", Key="a")["UploadId"]
    theirs = other.create_multipart_upload(Bucket="shared", Key="b")["UploadId"]
    begun = {one["Key"]: (one["Owner"], one["Initiator"]) for one in other.list_multipart_uploads(Bucket="shared")["Uploads"]}
    assert begun == {"a": (ME, ME), "b": (OTHER, OTHER)}, begun
    fails("AccessDenied", other.abort_multipart_upload, Bucket="shared", Key="a", UploadId=mine)
    assert s3.list_parts(Bucket="shared", Key="b", UploadId=theirs)["Owner"] == OTHER
    other.abort_multipart_upload(Bucket="shared", Key="b", UploadId=theirs)
    # What others wrote over is theirs, and private.
    other.put_object(Bucket="shared", Key="mine", Body=b"over")
    fails("AccessDenied", anyone.get_object, Bucket="shared", Key="mine")
    assert s3.get_object_acl(Bucket="shared", Key="mine")["Owner"] == OTHER


def case_an_acl_of_grants_is_the_canned_one_that_has_them():
    s3.create_bucket(Bucket="grants")
    s3.put_object(Bucket="grants", Key="k", Body=b"content")
    for acl in ["public-read", "authenticated-read", "public-read-write", "private"]:
        policy = {"Owner": ME, "Grants": grants(acl)[::-1]}
        s3.put_bucket_acl(Bucket="grants", AccessControlPolicy=policy)
        shows(s3.get_bucket_acl(Bucket="grants"), acl)
        s3.put_object_acl(Bucket="grants", Key="k", AccessControlPolicy=policy)
        shows(s3.get_object_acl(Bucket="grants", Key="k"), acl)


def case_what_no_canned_acl_says_is_refused():
    s3.create_bucket(Bucket="refused")
    s3.put_object(Bucket="refused", Key="k", Body=b"")
    at = dict(Bucket="refused", Key="k")

    def asked(*more, owner=ME):
        return {"Owner": owner, "Grants": grants("private") + list(more)}

    fails("InvalidArgument", s3.put_bucket_acl, Bucket="refused", ACL="public-ready")
    fails("InvalidArgument", s3.put_object, **at, Body=b"x", ACL="public-ready")
    fails("NotImplemented", s3.put_object, **at, Body=b"x", GrantRead="id=other")
    fails("NotImplemented", s3.put_bucket_acl, Bucket="refused", GrantWrite="id=other")
    fails("NotImplemented", s3.put_object_acl, **at, AccessControlPolicy=asked(grant(user(OTHER), "READ")))
    fails("NotImplemented", s3.put_bucket_acl, Bucket="refused", AccessControlPolicy=asked(grant(ALL, "WRITE")))
    fails("NotImplemented", s3.put_bucket_acl, Bucket="refused", AccessControlPolicy={"Owner": ME, "Grants": []})
    fails("AccessDenied", s3.put_object_acl, **at, AccessControlPolicy=asked(owner=OTHER))
    nobody = grant({"Type": "CanonicalUser", "ID": "_foo"}, "FULL_CONTROL")
    fails("InvalidArgument", s3.put_bucket_acl, Bucket="refused", AccessControlPolicy=asked(nobody))
    nowhere = grant({"Type": "AmazonCustomerByEmail", "EmailAddress": "nobody@example.org"}, "READ")
    fails("UnresolvableGrantByEmailAddress", s3.put_object_acl, **at, AccessControlPolicy=asked(nowhere))
    by_email = grant({"Type": "AmazonCustomerByEmail", "EmailAddress": "other@example.org"}, "READ")
    fails("NotImplemented", s3.put_object_acl, **at, AccessControlPolicy=asked(by_email))
    fails("MalformedACLError", s3.put_object_acl, **at, AccessControlPolicy={"Grants": grants("private")})
    fails("NoSuchKey", s3.put_object_acl, Bucket="refused", Key="none", ACL="public-read")
    shows(s3.get_object_acl(**at), "private")


def case_a_copy_never_inherits_an_acl():
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket="copies", Key="open", Body=b"content", ACL="public-read")
    source = dict(Bucket="copies", Key="open")
    s3.copy_object(Bucket="copies", Key="copy", CopySource=source)
    fails("AccessDenied", anyone.get_object, Bucket="copies", Key="copy")
    fails("AccessDenied", other.copy_object, Bucket="copies", Key="copy", CopySource=source)
    other.create_bucket(Bucket="their-copies")
    other.copy_object(Bucket="their-copies", Key="copy", CopySource=source)
    assert body(other, Bucket="their-copies", Key="copy") == b"content"
    fails("AccessDenied", s3.get_object, Bucket="their-copies", Key="copy")
    fails("AccessDenied", other.copy_object, Bucket="their-copies", Key="more", CopySource=dict(Bucket="copies", Key="copy"))


def case_a_new_acl_changes_neither_time_nor_content():
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    content = noise(UNIT)
    first = s3.put_object(Bucket="versions", Key="k", Body=content, Metadata={"a": "b"})["VersionId"]
    s3.put_object(Bucket="versions", Key="k", Body=b"second")
    before = s3.head_object(Bucket="versions", Key="k", VersionId=first)
    s3.put_object_acl(Bucket="versions", Key="k", VersionId=first, ACL="public-read")
    after = s3.head_object(Bucket="versions", Key="k", VersionId=first)
    same = ["LastModified", "ETag", "ContentLength", "Metadata", "VersionId"]
    assert [before[name] for name in same] == [after[name] for name in same]
    assert body(anyone, Bucket="versions", Key="k", VersionId=first) == content
    fails("AccessDenied", anyone.get_object, Bucket="versions", Key="k")
    shows(s3.get_object_acl(Bucket="versions", Key="k"), "private")


run(globals())
