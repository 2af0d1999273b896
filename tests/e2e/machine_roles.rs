//! Keys of the backend that nobody writes down: those that a platform gives to a container or to a machine.

use crate::parts::{UNIT, Upload, done, get, put};
use crate::support::client::request;
use crate::support::s3_server::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use crate::support::server::{Home, waxseal};
use crate::tool::{client, noise, output, run};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Stands in for the two agents of AWS, which run nowhere else:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html> and
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>. What they give is from the STS
/// of a real server.
fn agent(given: String, asked: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let has = |line: &str| head.iter().any(|found| found == line);
            let answer = match first.as_str() {
                "GET /container HTTP/1.1" if has("authorization: pod-token") => Some(given.clone()),
                "PUT /latest/api/token HTTP/1.1" if head.iter().any(|line| line.starts_with("x-aws-ec2-metadata-token-ttl")) => {
                    Some("machine-token".to_owned())
                }
                "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1" if has("x-aws-ec2-metadata-token: machine-token") => {
                    Some("role".to_owned())
                }
                "GET /latest/meta-data/iam/security-credentials/role HTTP/1.1"
                    if has("x-aws-ec2-metadata-token: machine-token") =>
                {
                    Some(given.clone())
                }
                _ => None,
            };
            asked.fetch_add(usize::from(answer.as_ref() == Some(&given)), Ordering::Relaxed);
            let (status, body) = answer.map_or(("401 Unauthorized", String::new()), |body| ("200 OK", body));
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    address
}

/// A session's key of the server, which holds for an hour, as the agents write it; they say that it expires when told.
fn session(home: &Home, server: &S3Server, expires: &str) -> Option<String> {
    let mut python = client("python", home.path())?;
    let script = "import boto3, json, sys\n\
         sts = boto3.client('sts', endpoint_url=sys.argv[1], aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])\n\
         key = sts.assume_role(RoleArn='arn:xxx:xxx:xxx:xxxx', RoleSessionName='tests')['Credentials']\n\
         print(json.dumps({'Code': 'Success', 'Type': 'AWS-HMAC', 'LastUpdated': '2026-01-01T00:00:00Z', \
         'AccessKeyId': key['AccessKeyId'], 'SecretAccessKey': key['SecretAccessKey'], \
         'Token': key['SessionToken'], 'Expiration': sys.argv[4]}))";
    Some(run(python.args(["-c", script, &server.url(), ACCESS_KEY, SECRET_KEY, expires])))
}

#[test]
fn a_role_of_the_platform_signs_every_request_and_is_asked_for_again_before_it_expires() {
    let Some(backend) = S3Server::shared() else { return };
    let far = "2099-01-01T00:00:00Z";
    let soon = (chrono::DateTime::from_timestamp(i64::try_from(crate::support::client::now()).unwrap(), 0).unwrap()
        + Duration::from_secs(240))
    .format("%Y-%m-%dT%H:%M:%SZ")
    .to_string();
    for (kind, expires) in [("container", far), ("instance", &soon)] {
        let home = Home::in_memory();
        let Some(given) = session(&home, backend, expires) else { return };
        let asked = Arc::new(AtomicUsize::new(0));
        let agent = agent(given, Arc::clone(&asked));
        let (token, file) = (home.path().join("token"), home.path().join("role.toml"));
        std::fs::write(&token, "pod-token").unwrap();
        let (url, prefix) = (backend.url(), home.prefix());
        let said = if kind == "instance" { "credentials = \"instance\"\n" } else { "" };
        std::fs::write(
            &file,
            format!("[backend]\nkind = \"s3\"\nendpoint = \"{url}\"\nbucket = \"{BUCKET}\"\nprefix = \"{prefix}\"\n{said}"),
        )
        .unwrap();
        let environment = [
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://{agent}/container")),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().unwrap().to_owned()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{agent}")),
        ];
        let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let server = home.serve_in(&environment, &["--config", file.to_str().unwrap()]);
        let client = server.client();
        done(client.send(&request("PUT", "/roles")), 200);
        let bytes = noise(UNIT + 10, 1);
        let upload = Upload::begin(&client, "/roles/parts");
        let etags = [upload.part(1, &bytes[..UNIT]), upload.part(2, &bytes[UNIT..])];
        done(upload.complete(&[(1, &etags[0]), (2, &etags[1])]), 200);
        let before = asked.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(300));
        done(client.send(&put("/roles/small", b"small")), 200);
        assert!(done(client.send(&get("/roles/parts")), 200).body == bytes);
        let after = asked.load(Ordering::Relaxed);
        if kind == "instance" {
            assert!(after > before, "a key that holds for four minutes more was not asked for again");
        } else {
            assert_eq!((before, after), (1, 1), "a key that holds was asked for again");
        }
        let log = std::fs::read_to_string(home.log()).unwrap();
        assert!(!log.contains("pod-token") && !log.contains("SessionToken"));
    }
}

/// More of a configuration, the environment, and what is named.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn what_the_platform_did_not_give_is_named_by_check() {
    let home = Home::new();
    let file = home.path().join("role.toml");
    let said = |configuration: &str, environment: &[(&str, &str)]| {
        std::fs::write(&file, format!("[backend]\nkind = \"s3\"\nbucket = \"sealed\"\n{configuration}")).unwrap();
        let mut check = waxseal();
        let found = output(check.arg("check").arg("--config").arg(&file).env_clear().envs(environment.iter().copied()));
        assert!(!found.status.success());
        String::from_utf8_lossy(&found.stdout).into_owned() + &String::from_utf8_lossy(&found.stderr)
    };
    let token = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ENDPOINT_URL_STS", "http://sts.example.org")];
    let cases: [Case<'_>; 5] = [
        ("", &[], &["access_key_id", "credentials = \"instance\""]),
        ("", &token, &["no AWS_ROLE_ARN", "AWS_ENDPOINT_URL_STS is not https"]),
        ("credentials = \"container\"\n", &[], &["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]),
        ("credentials = \"somebody\"\n", &[], &["web_identity"]),
        ("credentials = \"instance\"\nmax_connections = 7\n", &[], &["max_connections", "8 or more"]),
    ];
    for (configuration, environment, named) in cases {
        let said = said(configuration, environment);
        for what in named {
            assert!(said.contains(what), "{what} is not in {said}");
        }
    }
}
