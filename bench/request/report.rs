//! The table: what was to be reached, what was measured, and what bounds it.

use crate::lists::{Listing, Page};
use crate::load::Measured;
use crate::memory::Memory;
use crate::number::{mib, real};
use crate::seal::Sealing;
use crate::server::Kind;
use serde_json::{Value, json};

/// Which side of the target is good.
#[derive(Clone, Copy)]
pub enum Sense {
    /// As much as possible.
    AtLeast,
    /// As little as possible.
    AtMost,
}

/// One line of the table.
pub struct Row {
    /// What is done.
    pub work: &'static str,
    /// What is looked at.
    pub figure: String,
    /// How it should be.
    pub sense: Sense,
    /// The mark.
    pub target: f64,
    /// What came out.
    pub measured: f64,
    /// What keeps it from being better.
    pub bound: String,
}

impl Row {
    /// Whether the mark is reached.
    pub fn met(&self) -> bool {
        match self.sense {
            Sense::AtLeast => self.measured >= self.target,
            Sense::AtMost => self.measured <= self.target,
        }
    }
}

/// Bars beside each other.
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// Of what.
    pub unit: &'static str,
    /// Names and heights.
    pub bars: Vec<(String, f64)>,
}

/// Everything a run found.
#[derive(Default)]
pub struct Report {
    /// Where it ran.
    pub machine: Vec<(String, String)>,
    /// The table.
    pub rows: Vec<Row>,
    /// The plots.
    pub charts: Vec<Chart>,
    /// The figures of each load as they came.
    pub loads: Vec<(&'static str, Value)>,
}

impl Report {
    fn row(&mut self, work: &'static str, figure: &str, mark: (Sense, f64), measured: f64, bound: &str) {
        let (sense, target) = mark;
        let row = Row { work, figure: figure.to_owned(), sense, target, measured, bound: bound.to_owned() };
        let verdict = if row.met() { "met" } else { "MISSED" };
        eprintln!("  {verdict:6} {work}: {figure} {measured:.3} (target {target:.3}); {bound}");
        self.rows.push(row);
    }

    /// The cipher alone.
    pub fn sealing(&mut self, found: &Sealing) {
        let bound = "GHASH, which polyval computes 128 bits at a time and aws-lc-rs 512: see src/crypto/provider/rustcrypto.rs";
        for (work, (ours, theirs)) in [("seal 64 KiB", found.seal), ("open 64 KiB", found.open)] {
            self.row(work, "ratio to aws-lc-rs", (Sense::AtLeast, 0.9), ours / theirs, bound);
            let bars = vec![("waxseal".to_owned(), ours), ("aws-lc-rs".to_owned(), theirs)];
            self.charts.push(Chart { title: format!("{work}, one core"), unit: "GB/s", bars });
        }
    }

    /// A load, with marks for ratios of the rate to `null` and to rclone.
    pub fn load(&mut self, work: &'static str, found: &[Measured], null: Option<f64>, rclone: f64) {
        let Some(ours) = of(found, Kind::Waxseal) else { return };
        let bound = bound(ours);
        if let Some((mark, other)) = null.zip(of(found, Kind::Null)) {
            self.row(work, "ratio of its rate to null", (Sense::AtLeast, mark), ours.rate / other.rate, &bound);
        }
        if let Some(other) = of(found, Kind::Rclone) {
            self.row(work, "ratio of its rate to rclone crypt", (Sense::AtLeast, rclone), ours.rate / other.rate, &bound);
        }
        self.bars(work, found);
    }

    /// Rate and processor time of each server.
    fn bars(&mut self, work: &'static str, found: &[Measured]) {
        let large = found.first().is_some_and(|one| one.mib_rate / one.rate >= 1.0);
        let bars = |height: fn(&Measured) -> f64| found.iter().map(|one| (one.kind.name().to_owned(), height(one))).collect();
        let (rate, cpu): (Chart, Chart) = if large {
            let (rate, cpu) = (bars(|one| one.mib_rate), bars(|one| one.cpu_gib));
            (
                Chart { title: work.into(), unit: "MiB/s", bars: rate },
                Chart { title: work.into(), unit: "CPU-s/GiB of the server", bars: cpu },
            )
        } else {
            let (rate, cpu) = (bars(|one| one.rate), bars(|one| one.cpu_request));
            (
                Chart { title: work.into(), unit: "requests/s", bars: rate },
                Chart { title: work.into(), unit: "CPU-µs a request of the server", bars: cpu },
            )
        };
        self.charts.extend([rate, cpu]);
        self.loads.push((work, found.iter().map(figures).collect()));
    }

    /// A mark for processor time of one server in a load.
    pub fn cpu(&mut self, work: &'static str, found: &[Measured], kind: Kind, mark: f64) {
        if let Some(one) = of(found, kind) {
            let figure = format!("CPU-s/GiB ({})", kind.name());
            self.row(work, &figure, (Sense::AtMost, mark), one.cpu_gib, &bound(one));
        }
    }

    /// A load before an S3: our own processor time, beside the rate of the S3 alone.
    pub fn before(&mut self, work: &'static str, found: &[Measured]) {
        self.bars(work, found);
        let marks = [
            ("GET 64", 0.8, 0.8),
            ("PUT 64", 2.3, 0.9),
            ("GET 4", 150.0, 150.0),
            ("PUT 4", 200.0, 200.0),
            ("GET range", 250.0, 250.0),
        ];
        let Some((name, md5, opaque)) = marks.into_iter().find(|(name, ..)| work.starts_with(name)) else { return };
        let alone = of(found, Kind::Minio).map_or(0.0, |alone| alone.rate);
        for (kind, mark) in [(Kind::Before, md5), (Kind::BeforeOpaque, opaque)] {
            let Some(one) = of(found, kind) else { continue };
            let (unit, cost) = if name.ends_with("64") { ("CPU-s/GiB", one.cpu_gib) } else { ("CPU-µs each", one.cpu_request) };
            let figure = format!("{unit} ({}), at {:.2} of the rate of the S3 alone", kind.name(), one.rate / alone);
            self.row(work, &figure, (Sense::AtMost, mark), cost, &bound(one));
        }
    }

    /// Pages before an S3, against the time of the S3 alone.
    pub fn pages_before(&mut self, work: &'static str, found: &[Measured]) {
        let Some(alone) = of(found, Kind::Minio) else { return };
        for one in found.iter().filter(|one| one.kind != Kind::Minio) {
            let ratio = f64::from(one.latency.0) / f64::from(alone.latency.0.max(1));
            let figure = format!("ratio of its time to the S3 alone ({}), which takes {} µs", one.kind.name(), alone.latency.0);
            self.row(work, &figure, (Sense::AtMost, 1.15), ratio, &bound(one));
        }
    }

    /// Copies before an S3, against the time of the S3 alone.
    pub fn copies_before(&mut self, work: &'static str, found: &[Measured]) {
        let Some(alone) = of(found, Kind::Minio) else { return };
        for one in found.iter().filter(|one| one.kind != Kind::Minio) {
            let more = (f64::from(one.latency.0) - f64::from(alone.latency.0)) / 1_000.0;
            let figure = format!("ms more than the S3 alone ({}), which takes {} ms", one.kind.name(), alone.latency.0 / 1_000);
            self.row(work, &figure, (Sense::AtMost, 100.0), more, &bound(one));
        }
    }

    /// Small synced writes, against a mark that an fsync of more than 1 ms lowers in proportion.
    pub fn synced(&mut self, work: &'static str, found: &[Measured], sync: (f64, f64)) {
        let Some(ours) = of(found, Kind::Waxseal) else { return };
        let mark = 4_000.0 / sync.0.max(1.0);
        let figure = format!("PUT/s, where an fsync takes {:.2} ms (p99 {:.2}); 4,000 at 1 ms or less", sync.0, sync.1);
        self.row(work, &figure, (Sense::AtLeast, mark), ours.rate, &bound(ours));
    }

    /// Reads of ranges: what is read from the store, and how many.
    pub fn ranges(&mut self, work: &'static str, found: &[Measured]) {
        let Some(ours) = of(found, Kind::Waxseal) else { return };
        let chunks = ours.read / 65_552.0;
        self.row(work, "sealed chunks read a request", (Sense::AtMost, 2.0), chunks, "the offset: two chunks hold any 64 KiB");
        self.row(work, "GET/s", (Sense::AtLeast, 6_000.0), ours.rate, &bound(ours));
    }

    /// Pages of listings.
    pub fn listings(&mut self, found: &[Listing]) {
        for pages in found {
            let figure = format!("ms a page of 1,000 in {} keys (p50; p99 {:.1})", pages.keys, pages.p99);
            let (mark, bound) = match pages.page {
                Page::Keys => (15.0, "opening the end of each entry on one core"),
                Page::Folders => (20.0, "a step of the index for each folder"),
                Page::Versions => (20.0, "opening the end of each version on one core"),
            };
            self.row(pages.page.name(), &figure, (Sense::AtMost, mark), pages.p50, bound);
        }
        let mut flat = found.iter().filter(|pages| pages.page == Page::Keys);
        if let (Some(first), Some(last)) = (flat.next(), flat.next_back()) {
            let bound = "depth of the index and its cache";
            self.row("LIST", "ratio of the largest to the smallest", (Sense::AtMost, 1.5), last.p50 / first.p50, bound);
        }
        let bars = found.iter().map(|pages| (format!("{}, {} keys", pages.page.name(), pages.keys), pages.p50)).collect();
        self.charts.push(Chart { title: "Pages of 1,000".into(), unit: "ms", bars });
    }

    /// Resident memory.
    pub fn memory(&mut self, found: &Memory) {
        let bound = "two pooled buffers of four chunks, and the connection";
        self.row("memory", "KiB an open PUT", (Sense::AtMost, 512.0), found.each_put, bound);
        self.row("memory", "KiB a GET whose client stopped reading", (Sense::AtMost, 512.0), found.each_get, bound);
        self.row("memory", "MiB resident with 1,000 open PUTs of 100 MiB", (Sense::AtMost, 600.0), found.puts, bound);
        let bars = vec![("idle".to_owned(), found.idle), ("1,000 open PUTs".to_owned(), found.puts)];
        self.charts.push(Chart { title: "Resident memory".into(), unit: "MiB", bars });
    }

    /// All of it for programs.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "work": row.work, "figure": row.figure, "target": row.target, "measured": row.measured,
                    "at": match row.sense { Sense::AtLeast => "least", Sense::AtMost => "most" },
                    "ratio": row.measured / row.target, "met": row.met(), "bound_by": row.bound,
                })
            })
            .collect();
        let machine: serde_json::Map<_, _> = self.machine.iter().map(|(name, is)| (name.clone(), json!(is))).collect();
        let loads: serde_json::Map<_, _> = self.loads.iter().map(|(work, all)| ((*work).to_owned(), all.clone())).collect();
        json!({ "machine": machine, "rows": rows, "loads": loads })
    }
}

fn of(found: &[Measured], kind: Kind) -> Option<&Measured> {
    found.iter().find(|one| one.kind == kind)
}

/// What a load ran against, from who was busy.
fn bound(one: &Measured) -> String {
    let machine = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let all = real(crate::number::count(machine));
    let busy = format!("server {:.2}, client {:.2} of {machine} cores", one.cores.0, one.cores.1);
    let full = one.cores.0 + one.cores.1 > 0.85 * all;
    match one.syncs {
        Some(syncs) if syncs > 1.0 => format!(
            "{}: {busy}; {syncs:.0} syncs/s, {:.1} requests each",
            if full { "processor" } else { "disk" },
            one.rate / syncs
        ),
        _ if full => format!("processor: {busy}"),
        _ => format!("waiting: {busy}"),
    }
}

fn figures(one: &Measured) -> Value {
    json!({
        "server": one.kind.name(), "requests_per_second": one.rate, "mib_per_second": one.mib_rate,
        "cpu_seconds_per_gib": one.cpu_gib, "cpu_micros_per_request": one.cpu_request,
        "server_cores": one.cores.0, "client_cores": one.cores.1, "p50_micros": one.latency.0, "p99_micros": one.latency.1,
        "store_bytes_read_per_request": one.read, "disk_bytes_written_per_byte": one.written,
        "syncs_per_second": one.syncs, "peak_rss_mib": mib(one.peak),
    })
}
