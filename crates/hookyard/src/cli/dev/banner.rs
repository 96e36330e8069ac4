//! What `hookyard dev` says when it is ready: where it listens, and what to try.

use std::env;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use crate::api::AdminFile;
use crate::cli::hub::{DEFAULT_CONFIG, DEFAULT_STORE};
use crate::cli::out::{Out, Paint};

/// What there is to say.
pub(super) struct Banner<'a> {
    /// Where webhooks come in.
    pub(super) ingest: SocketAddr,
    /// Where the API is.
    pub(super) admin: SocketAddr,
    /// Where events are kept.
    pub(super) store: &'a Path,
    /// Where events are forwarded.
    pub(super) forward: Option<&'a str>,
    /// How many deliveries wait since the hub ran last.
    pub(super) pending: u64,
    /// What holds deliveries from the start on, in a sentence.
    pub(super) held: Option<String>,
}

impl Banner<'_> {
    /// For a person.
    pub(super) fn text(&self, out: Out) -> String {
        let name = |text: String| out.paint(Paint::Name, text);
        let dim = |text: &str| out.paint(Paint::Dim, text);
        let forward = self.forward.map_or_else(
            || dim("nowhere: events are kept; `--forward http://localhost:3000` delivers them"),
            |url| name(url.to_owned()),
        );
        let mut rows = vec![
            ("receives at", name(self.webhook("{name}"))),
            ("", dim("any name will do; nothing is verified, anybody on this machine can send")),
            ("forwards to", forward),
        ];
        if self.forward.is_some() {
            let headers =
                "with the sender's headers; with `serve` that takes `forward_headers = \"all\"`";
            rows.push(("", dim(headers)));
        }
        if let Some(held) = &self.held {
            rows.push(("held", out.paint(Paint::Waiting, held)));
        }
        if let Some(waits) = self.waits() {
            rows.push(("waits", out.paint(Paint::Waiting, waits)));
        }
        let admin = AdminFile::path(self.store);
        let admin = admin.file_name().unwrap_or_default().display();
        rows.extend([
            ("keeps in", name(self.store.display().to_string())),
            ("admin API", name(format!("http://{}", self.admin))),
            ("", dim(&format!("its token is in {admin} beside the store"))),
            ("try", out.paint(Paint::Bold, self.attempt())),
        ]);
        let head = format!(
            "\n  {} is ready {}\n\n",
            out.paint(Paint::Bold, "hookyard"),
            dim("(Ctrl-C ends it)")
        );
        let line = |(label, value)| format!("  {label:<12} {value}\n");
        head + &rows.into_iter().map(line).collect::<String>()
    }

    /// For a program.
    pub(super) fn json(&self) -> String {
        json!({
            "kind": "listening",
            "webhook_url": self.webhook("{name}"),
            "admin_url": format!("http://{}", self.admin),
            "store": self.store.display().to_string(),
            "forward": self.forward,
            "pending": self.pending,
            "held": self.held,
            "try": self.attempt(),
        })
        .to_string()
    }

    fn webhook(&self, name: &str) -> String {
        format!("http://{}/webhook/{name}", self.ingest)
    }

    fn waits(&self) -> Option<String> {
        let how = if self.forward.is_none() { "; `--forward` makes them" } else { "" };
        match self.pending {
            0 => None,
            1 => Some(format!("1 delivery waits from before{how}")),
            count => Some(format!("{count} deliveries wait from before{how}")),
        }
    }

    /// A command that sends an event here when it is pasted into a shell in this folder.
    fn attempt(&self) -> String {
        format!("{} trigger github push --to {}", own_name(), self.webhook("github"))
    }
}

/// A command that resumes a destination of the hub that has this store, in this folder.
pub(super) fn resume(destination: &str, store: &Path) -> String {
    let mut command = format!("{} destinations resume {destination}", own_name());
    // A configuration would lead the command to another hub's store.
    if store != Path::new(DEFAULT_STORE) || Path::new(DEFAULT_CONFIG).exists() {
        command.push_str(" --store ");
        command.push_str(&quote(&store.display().to_string()));
    }
    command
}

/// How this very program is called from a shell here: by its name where the shell finds it by
/// that, else by its path.
fn own_name() -> String {
    let Ok(own) = env::current_exe().and_then(|path| path.canonicalize()) else {
        return "hookyard".to_owned();
    };
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .find_map(|folder| folder.join("hookyard").canonicalize().ok());
    if found.as_deref() == Some(&own) {
        return "hookyard".to_owned();
    }
    let here = env::current_dir().and_then(|path| path.canonicalize()).unwrap_or_default();
    match own.strip_prefix(&here) {
        Ok(below) => quote(&format!("./{}", below.display())),
        Err(_) => quote(&own.display().to_string()),
    }
}

/// A text as one word of a POSIX shell.
fn quote(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(quote("./target/release/hookyard"), "./target/release/hookyard");
        assert_eq!(quote("/a b/it's"), r"'/a b/it'\''s'");
        assert_eq!(quote("$x"), "'$x'");
    }
}
