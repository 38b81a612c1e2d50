#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| roda_fuzz::properties::entry_and_run(data));
