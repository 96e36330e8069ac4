//! The program `hookyard`.
fn main() {}
