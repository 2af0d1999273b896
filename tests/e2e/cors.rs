//! CORS: what browsers ask before they send, and what they are told with each answer.

use crate::support::client::{Client, Response, now, request};
use crate::support::server::{Home, Server};

const RULES: &str = "<CORSConfiguration>\
    <CORSRule><ID>apps</ID><AllowedOrigin>https://*.example.org</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
    <AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader>\
    <MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>\
    <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>";

fn served() -> (Home, Server, Client) {
    let home = Home::in_memory();
    let server = home.serve();
    let client = server.client();
    assert_eq!(client.send(&request("PUT", "/clinic")).status, 200);
    assert_eq!(client.send(&request("PUT", "/clinic/scan").body("a scan")).status, 200);
    (home, server, client)
}

fn unsigned(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut all = vec![("host".to_owned(), client.address.clone())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    client.exchange(&request(method, path), &all).unwrap()
}

#[test]
fn cors_rules_are_kept_as_they_were_given_until_they_are_removed() {
    let (_home, _server, client) = served();
    let get = || client.send(&request("GET", "/clinic?cors"));
    assert_eq!((get().status, get().code().as_str()), (404, "NoSuchCORSConfiguration"));
    assert_eq!(client.send(&request("PUT", "/clinic?cors").body(RULES)).status, 200);
    for kept in ["<ID>apps</ID>", "https://*.example.org", "<AllowedMethod>PUT", "x-amz-*", ">ETag<", ">600<"] {
        assert!(get().text().contains(kept), "{kept} is not in {}", get().text());
    }
    let altered =
        request("PUT", "/clinic?cors").body(RULES.replace("600", "601")).header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(client.send(&altered).code(), "BadDigest");
    let bad = [
        ("<CORSConfiguration></CORSConfiguration>".to_owned(), "MalformedXML"),
        (RULES.replace("*.example", "*.*"), "InvalidRequest"),
        (RULES.replace(">HEAD<", ">OPTIONS<"), "InvalidRequest"),
        (RULES.replace("ETag", "x-*"), "InvalidRequest"),
        (RULES.replace("600", "-1"), "MalformedXML"),
        (RULES.replace("</CORSConfiguration>", ""), "MalformedXML"),
    ];
    for (rules, code) in bad {
        let answer = client.send(&request("PUT", "/clinic?cors").body(rules.clone()));
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{rules}");
    }
    assert_eq!(client.send(&request("PUT", "/clinic/scan?cors").body(RULES)).code(), "MethodNotAllowed");
    assert!(get().text().contains(">600<"), "a refused change was made");
    assert_eq!(client.send(&request("DELETE", "/clinic?cors")).status, 204);
    assert_eq!(get().status, 404);
}

#[test]
fn a_preflight_is_answered_without_credentials_by_the_rules_alone() {
    let (_home, _server, client) = served();
    let ask = |path: &str, origin: &str, method: &str, headers: &str| {
        let mut all = vec![("origin", origin), ("access-control-request-method", method)];
        if !headers.is_empty() {
            all.push(("access-control-request-headers", headers));
        }
        unsigned(&client, "OPTIONS", path, &all)
    };
    let refused = |answer: &Response, why: &str| {
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessForbidden"), "{answer:?}");
        assert!(answer.text().contains(why) && answer.header("access-control-allow-origin").is_none(), "{answer:?}");
    };
    refused(&ask("/clinic/scan", "https://a.example.org", "GET", ""), "CORS is not enabled");
    refused(&ask("/nobodys/scan", "https://a.example.org", "GET", ""), "Bucket not found");
    assert_eq!(client.send(&request("PUT", "/clinic?cors").body(RULES)).status, 200);
    for path in ["/clinic", "/clinic/scan", "/clinic/none?uploads&X-Amz-Signature=0"] {
        let answer = ask(path, "https://a.example.org", "PUT", "x-amz-date, X-Amz-Acl");
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.example.org"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, PUT"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("x-amz-date, X-Amz-Acl"));
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert!(answer.header("vary").is_some_and(|vary| vary.contains("Origin")));
    }
    let anyone = ask("/clinic/scan", "http://other.example.com", "HEAD", "");
    assert_eq!(anyone.header("access-control-allow-origin"), Some("*"));
    assert_eq!(anyone.header("access-control-allow-credentials"), None);
    refused(&ask("/clinic/scan", "https://a.example.org", "DELETE", ""), "not allowed");
    refused(&ask("/clinic/scan", "https://example.com", "GET", ""), "not allowed");
    refused(&ask("/clinic/scan", "https://a.example.org", "GET", "authorization"), "not allowed");
    let silent = unsigned(&client, "OPTIONS", "/clinic/scan", &[("access-control-request-method", "GET")]);
    assert_eq!((silent.status, silent.code().as_str()), (400, "BadRequest"));
    let vague = unsigned(&client, "OPTIONS", "/clinic/scan", &[("origin", "https://a.example.org")]);
    assert_eq!((vague.status, vague.code().as_str()), (400, "BadRequest"));
}

#[test]
fn answers_and_errors_tell_a_page_that_it_may_read_them() {
    let (_home, _server, client) = served();
    assert_eq!(client.send(&request("PUT", "/clinic?cors").body(RULES)).status, 200);
    let told = |answer: &Response| answer.header("access-control-allow-origin").map(str::to_owned);
    let from = Some("https://a.example.org".to_owned());
    let url = client.presign("GET", "/clinic/scan", 60, now());
    let read = unsigned(&client, "GET", &url, &[("origin", "https://a.example.org")]);
    assert_eq!((read.status, read.body.as_slice(), told(&read)), (200, &b"a scan"[..], from.clone()));
    assert_eq!(read.header("access-control-expose-headers"), Some("ETag"));
    let missing = client.send(&request("GET", "/clinic/none").header("origin", "https://a.example.org"));
    assert_eq!((missing.status, told(&missing)), (404, from.clone()));
    let denied = unsigned(&client, "PUT", "/clinic/new", &[("origin", "https://a.example.org")]);
    assert_eq!((denied.status, told(&denied)), (403, from));
    let elsewhere = unsigned(&client, "GET", &url, &[("origin", "https://example.com")]);
    assert_eq!((elsewhere.status, told(&elsewhere)), (200, None));
    assert!(elsewhere.header("vary").is_some());
    let no_page = unsigned(&client, "GET", &url, &[]);
    assert_eq!((no_page.status, told(&no_page)), (200, None));
}
