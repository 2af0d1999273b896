//! What a process used, as Linux tells in /proc.

use crate::Result;
use std::fs;
use std::ops::Sub;

/// Ticks a second in /proc/PID/stat; fixed for user space on every Linux architecture that runs this.
const TICKS: f64 = 100.0;

/// What a process has used since it began.
#[derive(Clone, Copy, Default)]
pub struct Usage {
    /// Seconds of processor time, in user space and in the kernel.
    pub cpu: f64,
    /// Bytes that `read` and its kin returned; sockets of async runtimes use `recv` and are not among them.
    pub read: u64,
    /// Bytes written towards the disk.
    pub to_disk: u64,
}

impl Usage {
    /// Of a process.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let after = stat.rsplit(')').next().unwrap_or_default();
        let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        let io = fs::read_to_string(format!("/proc/{pid}/io"))?;
        Ok(Self { cpu: ticks / TICKS, read: field(&io, "rchar:"), to_disk: field(&io, "write_bytes:") })
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { cpu: self.cpu - before.cpu, read: self.read - before.read, to_disk: self.to_disk - before.to_disk }
    }
}

/// Resident memory of a process now, and the most since [`forget_peak`], in bytes.
pub fn memory(pid: u32) -> Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    Ok((field(&status, "VmRSS:") * 1024, field(&status, "VmHWM:") * 1024))
}

/// Makes the peak of a process what it has now.
pub fn forget_peak(pid: u32) -> Result<()> {
    Ok(fs::write(format!("/proc/{pid}/clear_refs"), "5")?)
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}
