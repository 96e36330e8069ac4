//! `cargo xtask`: the project's own tools, from one check to the whole of CI.
#![expect(clippy::print_stdout, reason = "these programs talk to the person at the terminal")]
#![expect(clippy::print_stderr, reason = "and say there what went wrong")]

mod bench;
mod ci;
mod command;
mod fuzz;
mod interop;
mod needs;
mod packages;
mod peers;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

use command::Ended;

const USAGE: &str = "\
cargo xtask COMMAND

  test [FILTER] [--without-interop]
                     all tests, with what they need; the README's test command
  interop            install the providers' own packages, which `test` needs, and no more
  ci                 fmt, clippy, docs, tidy and then `test`; what .ci/run does
  tidy               the project's own checks
  fuzz [TARGET] […]  fuzz the parsers and the verification, `--seconds N` each (120)
  bench […]          measure everything that we publish; about an hour, `--quick` two minutes
  torture cost kill states simulate power disk duplicates destinations crowd bombs
  overload clock noisy octokit load baseline sink verify […]
                     the other tools of bench/; `--help` after the name explains each";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly(code)) => ExitCode::from(code),
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Ended> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    match command {
        "test" => test::run(rest),
        "interop" => interop::install().map(|()| Ended::Well),
        "ci" => ci::run(),
        "tidy" => tidy::run(),
        "fuzz" => fuzz::run(rest),
        tool if bench::TOOLS.contains(&tool) => bench::run(tool, rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(Ended::Well)
        }
        unknown => anyhow::bail!("there is no command `{unknown}`\n\n{USAGE}"),
    }
}
