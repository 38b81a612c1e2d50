//! The log on standard error: what is written, and how often.

use std::collections::HashMap;
use std::io::{IsTerminal as _, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{self, FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What libraries may log at most, whatever the filter says: below that they write whole frames of
/// the page, with its token and the texts.
const LIBRARIES_SAY: Level = Level::INFO;
/// Lines that one place in the code writes in one [`WINDOW`]: strangers, members and pages cause
/// most of them, and could fill a disk.
const LINES_MAX: u32 = 10;
/// What lines are counted in.
const WINDOW: Duration = Duration::from_secs(60);

/// Starts the log. `filter` was checked with the settings.
pub fn start_log(filter: &str) {
    let colours =
        stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lines = fmt::layer()
        .with_writer(stderr)
        .with_ansi(colours)
        // It would be said on standard error, and panic where that is what cannot be written.
        .log_internal_errors(false)
        .event_format(Seldom::new(fmt::format().compact()));
    tracing_subscriber::registry()
        .with(EnvFilter::new(filter))
        .with(Targets::new().with_target("roda", Level::TRACE).with_default(LIBRARIES_SAY))
        .with(lines)
        .init();
}

/// Writes lines as `format` does, but of each place in the code a few a minute, and says how many
/// it left out. What somebody asked for with `debug` or `trace` is written whole.
struct Seldom<F> {
    format: F,
    places: Mutex<HashMap<Identifier, Lines>>,
}

/// What one place has written.
struct Lines {
    began: Instant,
    written: u32,
    left_out: u64,
}

impl<F> Seldom<F> {
    fn new(format: F) -> Seldom<F> {
        Seldom { format, places: Mutex::default() }
    }

    /// How many lines of this place were left out before this one; none where it is left out too.
    fn line(&self, place: Identifier, now: Instant) -> Option<u64> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = places.entry(place).or_insert(Lines { began: now, written: 0, left_out: 0 });
        if now.duration_since(lines.began) >= WINDOW {
            (lines.began, lines.written) = (now, 0);
        }
        if lines.written == LINES_MAX {
            lines.left_out += 1;
            return None;
        }
        lines.written += 1;
        Some(std::mem::take(&mut lines.left_out))
    }
}

impl<S, N, F> FormatEvent<S, N> for Seldom<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let meta = event.metadata();
        if *meta.level() > Level::INFO {
            return self.format.format_event(context, writer, event);
        }
        let Some(left_out) = self.line(meta.callsite(), Instant::now()) else { return Ok(()) };
        self.format.format_event(context, writer.by_ref(), event)?;
        match left_out {
            0 => Ok(()),
            count => writeln!(writer, "  ({count} lines like this one were left out before it)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing::Metadata;
    use tracing::callsite::Callsite as _;
    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn place(meta: &'static Metadata<'static>) -> Identifier {
        meta.callsite()
    }

    #[test]
    fn a_flood_writes_a_few_lines_of_each_place_and_leaves_others_and_details_alone() {
        let written = Written::default();
        let writer = written.clone();
        let lines = fmt::layer()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Seldom::new(fmt::format().compact()));
        with_default(tracing_subscriber::registry().with(lines), || {
            for number in 0..1_000 {
                tracing::warn!(number, "a member's fault");
                tracing::debug!(number, "a detail");
            }
            tracing::info!("something else");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |words: &str| written.matches(words).count();
        assert_eq!(count("a member's fault"), LINES_MAX as usize);
        assert_eq!((count("a detail"), count("something else")), (1_000, 1));
    }

    #[test]
    fn the_next_minute_writes_again_and_says_how_many_were_left_out() {
        let callsite = tracing::callsite! {
            name: "flood", kind: tracing::metadata::Kind::EVENT, fields: message
        };
        let (seldom, place, start) = (Seldom::new(()), place(callsite.metadata()), Instant::now());
        let line = |at| seldom.line(place.clone(), at);
        let written = (0..10_000).filter_map(|_| line(start)).collect::<Vec<_>>();
        assert_eq!(written, [0; LINES_MAX as usize]);
        assert_eq!(line(start + WINDOW), Some(10_000 - u64::from(LINES_MAX)));
        assert_eq!(line(start + WINDOW), Some(0));
    }
}
