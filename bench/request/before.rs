//! Before an S3: the backend alone, and Waxseal before it, in one run.

use crate::client::Client;
use crate::load::{Measured, Plan, run};
use crate::report::Report;
use crate::server::{BUCKET, Kind, Scratch, Server};
use crate::sign::Credentials;
use crate::{Result, works};
use std::path::Path;

/// The transfers; what they may cost of our own processor time, the report knows.
const WORKS: [(&str, works::Work); 5] = [
    ("GET 64 MiB × 8, before an S3", works::get_large),
    ("PUT 64 MiB × 4, before an S3", works::put_large),
    ("GET 4 KiB × 8, before an S3", works::get_small),
    ("PUT 4 KiB × 64, before an S3", works::put_small),
    ("GET range of 64 KiB × 8, before an S3", works::get_range),
];
const LIST: &str = "LIST of 1,000, before an S3";
const COPY: &str = "copy of 1 GiB, before an S3";

/// Whether any of it is asked for.
pub fn wanted(wants: impl Fn(&str) -> bool) -> bool {
    WORKS.iter().any(|(work, _)| wants(work)) || wants(LIST) || wants(COPY)
}

/// Measures what is asked for.
pub fn measure(
    (waxseal, minio): (&Path, &Path),
    scratch: &Scratch,
    (plan, credentials): (Plan, &Credentials),
    wants: impl Fn(&str) -> bool,
    report: &mut Report,
) -> Result<()> {
    let alone = Server::minio(minio, &scratch.join("minio"), credentials)?;
    let before = |kind, name| Server::before(waxseal, kind, &scratch.join(name), credentials, alone.address);
    let servers = [&before(Kind::Before, "before")?, &before(Kind::BeforeOpaque, "before-opaque")?, &alone];
    servers.iter().try_for_each(|server| works::prepare(server))?;
    for (work, step) in WORKS.into_iter().filter(|(work, _)| wants(work)) {
        eprintln!("{work}");
        let found = step(&servers, plan)?;
        found.iter().for_each(Measured::say);
        report.before(work, &found);
    }
    if wants(LIST) {
        eprintln!("{LIST}");
        let page = |client: &mut Client, _| {
            let text = client.text("GET", &format!("/{BUCKET}"), "list-type=2&max-keys=1000&prefix=small%2F")?;
            let keys = text.matches("<Key>").count();
            if keys == 1_000 { Ok(1) } else { Err(format!("a page of {keys}").into()) }
        };
        let found = run(&servers, Plan { connections: 1, ..plan }, &page)?;
        found.iter().for_each(Measured::say);
        report.pages_before(LIST, &found);
    }
    if wants(COPY) {
        eprintln!("{COPY}");
        let copy = |client: &mut Client, number| works::copy_huge(client, number % 2);
        let found = run(&servers, Plan { connections: 1, ..plan }, &copy)?;
        found.iter().for_each(Measured::say);
        report.copies_before(COPY, &found);
    }
    Ok(())
}
