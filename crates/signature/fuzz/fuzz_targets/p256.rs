//! Fuzzes `hookyard_signature::fuzzing::p256`, which says what has to hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| hookyard_signature::fuzzing::p256(data));
