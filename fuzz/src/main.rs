//! Hands the target that `DIDFARM_FUZZ_TARGET` names to libFuzzer.
#![no_main]

use std::sync::OnceLock;

use fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("DIDFARM_FUZZ_TARGET").expect("DIDFARM_FUZZ_TARGET names a target");
        let target = TARGETS.iter().find(|target| target.name == name);
        RUN.set(target.expect("there is such a target").run).expect("this is the first call");
    },
    |octets: &[u8]| RUN.get().expect("it was set before the first input")(octets)
);
