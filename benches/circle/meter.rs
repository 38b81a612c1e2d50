//! Figures: their spread, and what `/proc` and `ss` say of processes.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::time::Instant;

/// Clock ticks in a second, as `/proc` counts on every Linux of today.
const TICKS: f64 = 100.0;

pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub greatest: f64,
}

impl Spread {
    pub fn of(figures: &[f64]) -> Spread {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        Spread { least: at(0.0), median: at(0.5), greatest: at(1.0) }
    }
}

/// The figure below which this share of all is.
pub fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[((figures.len() - 1) as f64 * share).round() as usize]
}

/// Seconds of processor time that the process has used, its ended threads too.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    // The second field is a name in parentheses, which may hold spaces.
    let after = stat.rsplit_once(')').expect("a name").1;
    let ticks = |field: usize| -> f64 {
        after.split_whitespace().nth(field).and_then(|text| text.parse().ok()).expect("a number")
    };
    (ticks(11) + ticks(12)) / TICKS
}

/// Bytes that the process has had written to storage.
pub fn written_bytes(pid: u32) -> f64 {
    field(&format!("/proc/{pid}/io"), "write_bytes")
}

/// MiB of memory: `VmRSS` now, `VmHWM` at its most.
pub fn memory_mib(pid: u32, what: &str) -> f64 {
    field(&format!("/proc/{pid}/status"), what) / 1024.0
}

fn field(file: &str, name: &str) -> f64 {
    let text = fs::read_to_string(file).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()).expect("a field");
    number.parse().expect("a number")
}

/// Bytes that went over the connections to these ports, both ways, since they stand.
pub fn wire_bytes(ports: &BTreeSet<u16>) -> f64 {
    let ss = std::process::Command::new("ss").args(["-tinHO"]).output();
    let listed = ss.expect("ss is there: apt-get install iproute2").stdout;
    let port = |place: &str| place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let mut sum = 0.0;
    for line in String::from_utf8_lossy(&listed).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut ends = words.iter().skip(3).take(2).filter_map(|word| port(word));
        if ends.any(|end| ports.contains(&end)) {
            // Each end has a line of its own, with what it has sent.
            let sent = words.iter().find_map(|word| word.strip_prefix("bytes_sent:"));
            sum += sent.map_or(0.0, |text| text.parse().expect("a number"));
        }
    }
    sum
}

/// Median microseconds until 400 more bytes of a file are safe: what "durable" costs now.
pub fn fdatasync_us() -> f64 {
    let mut file = tempfile::tempfile().expect("a temporary file");
    let mut times: Vec<f64> = (0..60)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[7; 400]).and_then(|()| file.sync_data()).expect("the disk takes it");
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    quantile(&mut times, 0.5)
}
