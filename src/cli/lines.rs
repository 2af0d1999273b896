//! Lines of the log on their way to standard error.
//!
//! A server has one for each answer. Written one by one each would cost a system call and wake whoever reads the log,
//! which together is more than some requests cost. So a thread writes what came within a few milliseconds at once.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others.
const WAIT: Duration = Duration::from_millis(5);

/// How many bytes may wait. Whoever adds more writes them, so that a log that nobody reads stops the program, as it
/// would without this, and does not fill its memory.
const MOST: usize = 256 << 10;

/// Where lines go. Clones share what waits.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    out: Mutex<Box<dyn Write + Send>>,
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Whether there is a thread that writes them.
    gathering: bool,
}

/// Lines are gathered while this is held; dropped, it writes what still waits.
pub(super) struct Gathering(Arc<Shared>);

impl Lines {
    /// Lines that are written as they come.
    pub(super) fn new(out: impl Write + Send + 'static) -> Self {
        let out: Box<dyn Write + Send> = Box::new(out);
        Self(Arc::new(Shared { out: Mutex::new(out), waiting: Mutex::default(), came: Condvar::new() }))
    }

    /// From now on lines wait for others, all but warnings and errors.
    pub(super) fn gather(&self) -> io::Result<Gathering> {
        let shared = Arc::clone(&self.0);
        self.0.waiting().gathering = true;
        let started = std::thread::Builder::new().name("log".to_owned()).spawn(move || shared.work());
        let gathering = Gathering(Arc::clone(&self.0));
        started.map(|_detached| gathering)
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.0.waiting().gathering = false;
        self.0.came.notify_one();
        self.0.write_out();
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8], urgent: bool) {
        let mut waiting = self.waiting();
        let first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        let now = urgent || !waiting.gathering || waiting.bytes.len() >= MOST;
        drop(waiting);
        if now {
            self.write_out();
        } else if first {
            self.came.notify_one();
        }
    }

    /// Writes all that waits. A reader that is gone is no error: nobody wants the lines.
    fn write_out(&self) {
        // Held before the lines are taken, so that nobody overtakes.
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = std::mem::take(&mut self.waiting().bytes);
        let _nobody_reads = out.write_all(&bytes);
    }

    fn work(&self) {
        loop {
            let idle = |waiting: &mut Waiting| waiting.gathering && waiting.bytes.is_empty();
            let waiting = self.came.wait_while(self.waiting(), idle).unwrap_or_else(PoisonError::into_inner);
            if !waiting.gathering {
                return;
            }
            drop(waiting);
            std::thread::sleep(WAIT);
            self.write_out();
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { shared: &self.0, urgent: true }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a> {
        Line { shared: &self.0, urgent: *meta.level() <= Level::WARN }
    }
}

/// A line that is being written, whole at once.
pub(super) struct Line<'a> {
    shared: &'a Shared,
    urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.shared.add(bytes, self.urgent);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written, a text each time.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<String>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_wait_for_others_and_a_warning_takes_them_along_at_once() {
        let written = Written::default();
        let lines = Lines::new(written.clone());
        let _gathering = lines.gather().unwrap();
        ["a\n", "b\n"].iter().for_each(|line| lines.0.add(line.as_bytes(), false));
        lines.0.add(b"warning\n", true);
        assert_eq!(written.0.lock().unwrap().concat(), "a\nb\nwarning\n");
    }

    #[test]
    fn every_line_is_written_in_order_within_milliseconds_or_when_gathering_ends() {
        let written = Written::default();
        let lines = Lines::new(written.clone());
        let gathering = lines.gather().unwrap();
        let expected: String = (0..50_000).map(|number| format!("{number}\n")).collect();
        expected.split_inclusive('\n').for_each(|line| lines.0.add(line.as_bytes(), false));
        std::thread::sleep(WAIT * 100);
        assert_eq!(written.0.lock().unwrap().concat(), expected);
        assert!(written.0.lock().unwrap().len() < 5_000, "lines are gathered");
        lines.0.add(b"last\n", false);
        drop(gathering);
        lines.0.add(b"after\n", false);
        assert!(written.0.lock().unwrap().concat().ends_with("last\nafter\n"));
    }
}
