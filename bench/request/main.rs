//! Speed and memory of the whole program, as ratios within one run.
//!
//! ```text
//! cargo bench --bench request --ignore-rust-version                  all of it, less than 15 minutes
//! cargo bench --bench request --ignore-rust-version -- --quick       short turns, no bucket of 10^6 keys
//! cargo bench --bench request --ignore-rust-version -- --only "GET"  the works whose name begins so
//! ```
//!
//! The client starts each server as a child on the same machine: `null` (this program again: the same s3s and hyper
//! with nothing behind them), the product as it comes and with opaque `ETag`s, and `rclone serve s3` over a crypt remote;
//! then MinIO alone, and the product before it.
//! They take turns under the same client, which compares every byte it gets; processor time, memory and I/O are those
//! of the child in /proc. The report is written to bench/report.html and bench/report.json.

#![expect(unreachable_pub, reason = "a benchmark has no outside")]

mod before;
mod client;
mod content;
mod lists;
mod load;
mod memory;
mod null;
mod number;
mod page;
mod report;
mod seal;
mod server;
mod sign;
mod usage;
mod works;

use clap::Parser;
use load::{Measured, Plan};
use report::Report;
use server::{Kind, Scratch, Server};
use sign::Credentials;
use std::path::{Path, PathBuf};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Speed and memory of the whole program, as ratios within one run.
#[derive(Parser)]
struct Arguments {
    /// Short turns, and no bucket of 10^6 keys.
    #[arg(long)]
    quick: bool,
    /// Only the works whose name begins with this.
    #[arg(long, default_value = "")]
    only: String,
    /// The program to measure.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_waxseal"))]
    waxseal: PathBuf,
    /// rclone; left out where there is none.
    #[arg(long, default_value = ".venv/bin/rclone")]
    rclone: PathBuf,
    /// A real S3 server for Waxseal to stand before; left out where there is none.
    #[arg(long, default_value = "target/tools/bin/minio")]
    minio: PathBuf,
    /// Where the data directories lie: the disk that is measured.
    #[arg(long, default_value = "target/bench")]
    disk: PathBuf,
    /// Be the null server, with this access key and secret.
    #[arg(long, num_args = 2, hide = true)]
    serve_null: Option<Vec<String>>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some([access, secret]) = arguments.serve_null.as_deref() {
        return null::serve(access, secret);
    }
    let scratch = Scratch::new(&arguments.disk)?;
    let mut report = Report { machine: machine(&arguments), ..Report::default() };
    let run = Run { scratch: &scratch, plan: plan(arguments.quick), arguments: &arguments };
    if run.wants("seal") {
        let turn = Duration::from_millis(if arguments.quick { 50 } else { 250 });
        report.sealing(&seal::run(5, turn)?);
    }
    run.transfers(&mut report)?;
    run.before_s3(&mut report)?;
    if run.wants("memory") {
        let server = Server::waxseal(&arguments.waxseal, Kind::Waxseal, &scratch.join("memory"), &credentials()?)?;
        report.memory(&memory::measure(&server)?);
    }
    if run.wants("LIST") {
        report.listings(&lists::measure(&arguments.waxseal, &scratch, &credentials()?, arguments.quick)?);
    }
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
    std::fs::write(out.join("report.json"), serde_json::to_vec_pretty(&report.json())?)?;
    std::fs::write(out.join("report.html"), page::render(&report))?;
    eprintln!("{}", out.join("report.html").display());
    Ok(())
}

/// What is measured, where and for how long.
struct Run<'a> {
    scratch: &'a Scratch,
    plan: Plan,
    arguments: &'a Arguments,
}

impl Run<'_> {
    fn wants(&self, work: &str) -> bool {
        work.starts_with(&self.arguments.only)
    }

    fn transfers(&self, report: &mut Report) -> Result<()> {
        const WORKS: [&str; 5] =
            ["GET 64 MiB × 8", "PUT 64 MiB × 4", "GET 4 KiB × 8", "PUT 4 KiB × 64", "GET range of 64 KiB × 8"];
        if !WORKS.iter().any(|work| self.wants(work)) {
            return Ok(());
        }
        let servers = self.servers()?;
        servers.iter().try_for_each(works::prepare)?;
        let all: Vec<&Server> = servers.iter().collect();
        let plain: Vec<&Server> = servers.iter().filter(|server| server.kind != Kind::Opaque).collect();
        let [get_large, put_large, get_small, put_small, get_range] = WORKS;
        if let Some(found) = self.load(get_large, &plain, works::get_large)? {
            report.load(get_large, &found, Some(0.8), 2.0);
            report.cpu(get_large, &found, Kind::Waxseal, 0.6);
        }
        if let Some(found) = self.load(put_large, &all, works::put_large)? {
            report.load(put_large, &found, None, 2.0);
            report.cpu(put_large, &found, Kind::Waxseal, 2.8);
            report.cpu(put_large, &found, Kind::Opaque, 1.4);
        }
        if let Some(found) = self.load(get_small, &plain, works::get_small)? {
            report.load(get_small, &found, Some(0.6), 1.5);
        }
        if let Some(found) = self.load(put_small, &plain, works::put_small)? {
            let sync = works::sync_latency(&self.scratch.join("synced"), Duration::from_secs(1))?;
            report.load(put_small, &found, None, 2.0);
            report.synced(put_small, &found, sync);
        }
        if let Some(found) = self.load(get_range, &plain, works::get_range)? {
            report.load(get_range, &found, None, 10.0);
            report.ranges(get_range, &found);
        }
        Ok(())
    }

    fn before_s3(&self, report: &mut Report) -> Result<()> {
        if !before::wanted(|work| self.wants(work)) {
            return Ok(());
        }
        let minio = &self.arguments.minio;
        if !minio.exists() {
            eprintln!("left out: what is before an S3, there is no {}", minio.display());
            return Ok(());
        }
        let programs = (self.arguments.waxseal.as_path(), minio.as_path());
        before::measure(programs, self.scratch, (self.plan, &credentials()?), |work| self.wants(work), report)
    }

    fn load(
        &self,
        work: &str,
        servers: &[&Server],
        run: fn(&[&Server], Plan) -> Result<Vec<Measured>>,
    ) -> Result<Option<Vec<Measured>>> {
        if !self.wants(work) {
            return Ok(None);
        }
        eprintln!("{work}");
        let found = run(servers, self.plan)?;
        found.iter().for_each(Measured::say);
        Ok(Some(found))
    }

    fn servers(&self) -> Result<Vec<Server>> {
        let credentials = credentials()?;
        let mut servers = vec![Server::null(&credentials)?];
        for (kind, name) in [(Kind::Waxseal, "md5"), (Kind::Opaque, "opaque")] {
            servers.push(Server::waxseal(&self.arguments.waxseal, kind, &self.scratch.join(name), &credentials)?);
        }
        if self.arguments.rclone.exists() {
            servers.push(Server::rclone(&self.arguments.rclone, &self.scratch.join("rclone"), &credentials)?);
        } else {
            eprintln!("left out: rclone, there is no {}", self.arguments.rclone.display());
        }
        Ok(servers)
    }
}

fn plan(quick: bool) -> Plan {
    let turn = Duration::from_millis(if quick { 1_000 } else { 4_000 });
    Plan { connections: 1, rounds: if quick { 2 } else { 5 }, turn }
}

/// One user for all servers of a run.
fn credentials() -> Result<Credentials> {
    let mut bytes = [0; 40];
    getrandom::fill(&mut bytes)?;
    let (access, secret) = bytes.split_at(10);
    Ok(Credentials {
        access: hex_simd::encode_to_string(access, hex_simd::AsciiCase::Upper),
        secret: hex_simd::encode_to_string(secret, hex_simd::AsciiCase::Lower),
    })
}

/// What the figures depend on.
fn machine(arguments: &Arguments) -> Vec<(String, String)> {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1).map(str::to_owned));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let pairs = [
        ("Waxseal", env!("CARGO_PKG_VERSION").to_owned()),
        ("Processor", format!("{cores} × {}", model.unwrap_or_default())),
        ("Kernel", kernel.trim().to_owned()),
        ("Turns", if arguments.quick { "quick: 2 of 1 s".to_owned() } else { "5 of 4 s".to_owned() }),
    ];
    pairs.into_iter().map(|(name, is)| (name.to_owned(), is)).collect()
}
