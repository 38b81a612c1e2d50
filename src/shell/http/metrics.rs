//! `/metrics`: the view as Prometheus text. The recorder is the node's own: several nodes may live
//! in one process.

use metrics::{describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::shell::handle::{StoreState, View};

pub(super) struct Metrics(PrometheusRecorder);

impl Metrics {
    pub(super) fn new() -> Metrics {
        let recorder = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&recorder, || {
            describe_gauge!("roda_messages", "entries committed in all logs");
            describe_gauge!("roda_links", "links that are up");
            describe_gauge!("roda_members", "members known, this node too");
            describe_gauge!("roda_clock", "greatest Lamport counter held");
            describe_gauge!("roda_arrival", "last local arrival number");
            describe_gauge!("roda_store_ok", "1 while writes are committed");
            describe_gauge!("roda_pages", "pages connected");
        });
        Metrics(recorder)
    }

    /// The text, with the values of this moment.
    pub(super) fn render(&self, view: &View, pages: usize) -> String {
        with_local_recorder(&self.0, || {
            gauge!("roda_messages").set(view.messages as f64);
            gauge!("roda_links").set(view.links as f64);
            gauge!("roda_members").set(view.members.len() as f64);
            gauge!("roda_clock").set(view.clock as f64);
            gauge!("roda_arrival").set(view.arrival as f64);
            gauge!("roda_store_ok").set(f64::from(u8::from(view.store == StoreState::Ok)));
            gauge!("roda_pages").set(pages as f64);
        });
        self.0.handle().render()
    }
}
