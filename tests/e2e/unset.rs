//! What S3 can be told of a bucket, and no bucket here is.

use crate::support::client::request;
use crate::support::server::Home;

#[test]
fn a_bucket_answers_as_one_that_was_never_told() {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/clinic")).status, 200);
    let gets = [
        ("requestPayment", 200, "<Payer>BucketOwner</Payer>"),
        ("accelerate", 200, "AccelerateConfiguration"),
        ("notification", 200, "NotificationConfiguration"),
        ("logging", 200, "BucketLoggingStatus"),
        ("replication", 404, "<Code>ReplicationConfigurationNotFoundError</Code>"),
        ("website", 404, "<Code>NoSuchWebsiteConfiguration</Code>"),
        ("analytics", 200, "<IsTruncated>false</IsTruncated>"),
        ("analytics&id=a", 404, "<Code>NoSuchConfiguration</Code>"),
        ("inventory", 200, "<IsTruncated>false</IsTruncated>"),
        ("inventory&id=a", 404, "<Code>NoSuchConfiguration</Code>"),
        ("metrics", 200, "<IsTruncated>false</IsTruncated>"),
        ("metrics&id=a", 404, "<Code>NoSuchConfiguration</Code>"),
        ("intelligent-tiering", 200, "<IsTruncated>false</IsTruncated>"),
        ("intelligent-tiering&id=a", 404, "<Code>NoSuchConfiguration</Code>"),
    ];
    for (query, status, said) in gets {
        let answer = client.send(&request("GET", &format!("/clinic?{query}")));
        assert!(answer.status == status && answer.text().contains(said), "{query}: {} {}", answer.status, answer.text());
        let missing = client.send(&request("GET", &format!("/nobodys-bucket?{query}")));
        assert_eq!((missing.status, missing.code().as_str()), (404, "NoSuchBucket"), "{query}");
        let of_object = client.send(&request("PUT", &format!("/clinic/key?{query}")).body("x"));
        assert_eq!(of_object.status, 405, "{query}: {}", of_object.text());
    }
    for query in ["replication", "website"] {
        assert_eq!(client.send(&request("DELETE", &format!("/clinic?{query}"))).status, 204, "{query}");
    }
    for query in ["analytics", "inventory", "metrics", "intelligent-tiering"] {
        let answer = client.send(&request("DELETE", &format!("/clinic?{query}&id=a")));
        assert_eq!(answer.code(), "NoSuchConfiguration", "{query}");
    }
    for method in ["DELETE", "PUT"] {
        let answer = client.send(&request(method, "/clinic?id=a"));
        assert_eq!(answer.status, 501, "{method}: {}", answer.text());
    }
    assert_eq!(client.send(&request("GET", "/clinic/key")).code(), "NoSuchKey");
}

#[test]
fn a_bucket_is_told_what_is_so_and_nothing_else() {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/clinic")).status, 200);
    let rows = [
        ("requestPayment", "RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>", "<Payer>Requester</Payer>"),
        ("accelerate", "AccelerateConfiguration", "<Status>Suspended</Status>", "<Status>Enabled</Status>"),
        (
            "notification",
            "NotificationConfiguration",
            "",
            "<QueueConfiguration><Queue>arn</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>",
        ),
        (
            "logging",
            "BucketLoggingStatus",
            "",
            "<LoggingEnabled><TargetBucket>clinic</TargetBucket><TargetPrefix>l/</TargetPrefix></LoggingEnabled>",
        ),
    ];
    for (query, root, same, other) in rows {
        let put = |what: &str| client.send(&request("PUT", &format!("/clinic?{query}")).body(format!("<{root}>{what}</{root}>")));
        let (kept, refused) = (put(same), put(other));
        assert_eq!(kept.status, 200, "{query}: {}", kept.text());
        assert_eq!((refused.status, refused.code().as_str()), (501, "NotImplemented"), "{query}: {}", refused.text());
    }
    let rule = "<Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::other</Bucket></Destination></Rule>";
    let replication = format!("<ReplicationConfiguration><Role>role</Role>{rule}</ReplicationConfiguration>");
    for (query, body) in [("website", "<WebsiteConfiguration/>"), ("replication", &replication)] {
        let answer = client.send(&request("PUT", &format!("/clinic?{query}")).body(body));
        assert_eq!(answer.code(), "NotImplemented", "{query}: {}", answer.text());
    }
}
