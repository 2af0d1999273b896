//! The report as one HTML page that needs nothing else.

use crate::report::{Chart, Report, Row, Sense};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1d2430}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d9dee6;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}.met{color:#0a6b3b}.missed{color:#b3261e;font-weight:600}
.plots{display:flex;flex-wrap:wrap;gap:1rem}svg{background:#f6f8fb;border-radius:6px}svg text{font:12px system-ui,sans-serif;fill:#1d2430}";
const COLOURS: [&str; 4] = ["#8b98ab", "#2559c5", "#5a8bf0", "#c98a2b"];

/// The whole page.
pub fn render(report: &Report) -> String {
    let met = report.rows.iter().filter(|row| row.met()).count();
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Waxseal: speed and memory</title><style>{STYLE}</style>\
         <h1>Waxseal: speed and memory</h1><p>{met} of {} marks reached. All figures of a work are from one run, one client, \
         servers taking turns on the same cores as the client; every byte that came back was compared.</p><table>",
        report.rows.len()
    );
    for (name, value) in &report.machine {
        page += &format!("<tr><th>{}<td>{}", text(name), text(value));
    }
    page += "</table><h2>Marks</h2><table><tr><th>Work<th>Figure<th>Target<th>Measured<th>Of target<th>Verdict<th>Bound by";
    for row in &report.rows {
        page += &line(row);
    }
    page += "</table><h2>Plots</h2><div class=plots>";
    for chart in &report.charts {
        page += &bars(chart);
    }
    page += "</div><h2>Loads</h2>";
    for (work, found) in &report.loads {
        page += &load(work, found);
    }
    page
}

fn line(row: &Row) -> String {
    let sign = match row.sense {
        Sense::AtLeast => "≥",
        Sense::AtMost => "≤",
    };
    let (class, verdict) = if row.met() { ("met", "met") } else { ("missed", "missed") };
    format!(
        "<tr><td>{}<td>{}<td class=n>{sign} {}<td class=n>{}<td class=n>{:.2}<td class={class}>{verdict}<td>{}",
        text(row.work),
        text(&row.figure),
        figure(row.target),
        figure(row.measured),
        row.measured / row.target,
        text(&row.bound)
    )
}

/// Horizontal bars from zero.
fn bars(chart: &Chart) -> String {
    let most = chart.bars.iter().map(|(_, height)| *height).fold(f64::MIN_POSITIVE, f64::max);
    let tall = chart.bars.iter().fold(44, |sum, _| sum + 26);
    let mut plot = format!(
        "<svg width=440 height={tall} role=img><text x=12 y=22 font-weight=600>{}, {}</text>",
        text(&chart.title),
        text(chart.unit)
    );
    let mut down = 36;
    for ((name, height), colour) in chart.bars.iter().zip(COLOURS.iter().cycle()) {
        let wide = 190.0 * height / most;
        let _ = write!(
            plot,
            "<text x=12 y={}>{}</text><rect x=160 y={down} width={wide:.1} height=18 fill='{colour}'/><text x={:.1} y={}>{}</text>",
            down + 14,
            text(name),
            166.0 + wide,
            down + 14,
            figure(*height)
        );
        down += 26;
    }
    plot + "</svg>"
}

/// The figures of a load as they are in the JSON.
fn load(work: &str, found: &serde_json::Value) -> String {
    let servers = found.as_array().map(Vec::as_slice).unwrap_or_default();
    let names = servers.first().and_then(|one| one.as_object()).map(|one| one.keys().cloned().collect::<Vec<_>>());
    let mut table = format!("<h3>{}</h3><table>", text(work));
    for name in names.unwrap_or_default() {
        table += &format!("<tr><th>{}", text(&name.replace('_', " ")));
        for one in servers {
            let cell = one.get(&name).map(|value| match value.as_f64() {
                Some(number) => figure(number),
                None => value.as_str().unwrap_or("–").to_owned(),
            });
            table += &format!("<td class=n>{}", text(&cell.unwrap_or_default()));
        }
    }
    table + "</table>"
}

/// Three digits that count, or all before the point.
fn figure(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

fn text(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
