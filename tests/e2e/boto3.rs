//! boto3, for what command lines cannot say: see boto3_cases.py.

use crate::support::server::Home;
use crate::tool::{client, output};
use std::path::Path;

#[test]
fn boto3_holds_every_case() {
    let home = Home::new();
    let server = home.serve();
    let Some(mut python) = client("python", home.path()) else { return };
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/boto3_cases.py");
    let output = output(python.arg(cases).arg(&server.url));
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}
