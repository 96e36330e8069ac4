//! The program `hookyard`.

fn main() -> std::process::ExitCode {
    hookyard::cli::main()
}
