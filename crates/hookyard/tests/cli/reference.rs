//! Keeps `docs/reference/cli.md` what the options say. `UPDATE_GENERATED=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};

const HEAD: &str = "\
# Command line

<!-- Made from the options by `crates/hookyard/tests/cli/reference.rs`; do not edit. -->

Data goes to standard output, everything else to standard error.
Colour is used on a terminal only, and not when `NO_COLOR` is set.
";

#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let page = page();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/reference/cli.md is not current: run the tests with UPDATE_GENERATED=1"
    );
}

fn page() -> String {
    let mut command = hookyard::cli::command();
    command.build();
    let mut page = HEAD.to_owned();
    let codes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    page.push_str("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for line in codes.lines().skip(1) {
        let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
        writeln!(page, "| {code} | {meaning} |").unwrap();
    }
    for inner in command.get_subcommands() {
        describe(inner, "hookyard", &mut page);
    }
    page
}

/// A command, then those below it.
fn describe(command: &Command, parent: &str, page: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    let about =
        command.get_long_about().or(command.get_about()).expect("every command says what it does");
    writeln!(page, "\n## `{name}`\n\n{}", sentences(&about.to_string())).unwrap();
    let usage = command.clone().render_usage().to_string();
    writeln!(page, "\n```\n{}\n```", usage.trim_start_matches("Usage: ")).unwrap();
    let shown = |argument: &&Arg| !argument.is_hide_set() && argument.get_id() != "help";
    let arguments: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    if !arguments.is_empty() {
        page.push('\n');
    }
    for argument in arguments {
        writeln!(page, "- {}", option(argument)).unwrap();
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines: Vec<&str> = examples.lines().skip(1).map(str::trim).collect();
        writeln!(page, "\nExamples:\n\n```sh\n{}\n```", lines.join("\n")).unwrap();
    }
    for inner in command.get_subcommands() {
        describe(inner, &name, page);
    }
}

fn option(argument: &Arg) -> String {
    let help =
        argument.get_long_help().or(argument.get_help()).expect("every option says what it does");
    let mut text =
        format!("{}: {}", names(argument), sentences(&help.to_string()).replace('\n', "\n  "));
    let choices = argument.get_possible_values();
    if argument.get_num_args().is_some_and(|range| range.takes_values()) && !choices.is_empty() {
        let words: Vec<String> =
            choices.iter().map(|choice| format!("`{}`", choice.get_name())).collect();
        write!(text, "\n  One of {}.", words.join(", ")).unwrap();
    }
    if argument.get_num_args().is_some_and(|range| range.takes_values()) {
        for default in argument.get_default_values() {
            write!(text, "\n  Default: `{}`.", default.to_string_lossy()).unwrap();
        }
    }
    if let Some(variable) = argument.get_env() {
        write!(text, "\n  Environment: `{}`.", variable.to_string_lossy()).unwrap();
    }
    text
}

/// How an argument is written.
fn names(argument: &Arg) -> String {
    let value = argument.get_value_names().and_then(|names| names.first());
    let takes = argument.get_num_args().is_some_and(|range| range.takes_values());
    let value = value.filter(|_| takes).map(|name| format!(" {name}")).unwrap_or_default();
    match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("`-{short}`, `--{long}{value}`"),
        (None, Some(long)) => format!("`--{long}{value}`"),
        _ => format!("`{}`", value.trim()),
    }
}

/// Help as prose: a full stop at the end, no empty lines, a sentence a line.
fn sentences(help: &str) -> String {
    let lines: Vec<String> = help
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| match line.trim_end() {
            line if line.ends_with(['.', ':']) => line.to_owned(),
            line => format!("{line}."),
        })
        .collect();
    lines.join("\n").replace(". ", ".\n")
}
