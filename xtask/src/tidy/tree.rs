//! The files of the repository, read once for all checks.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::rust::Scanned;
use crate::command::{cargo, output, program, root};

/// A text file.
pub(super) struct File {
    /// From the root of the repository, with `/`.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
    /// The same as Rust, if it is.
    pub(super) rust: Option<Scanned>,
}

/// All files, and what only other programs can tell about them.
#[derive(Default)]
pub(super) struct Tree {
    /// The text files, sorted by path.
    pub(super) files: Vec<File>,
    /// Every file, binary ones too.
    pub(super) paths: BTreeSet<String>,
    /// `name version|licence` of every package we build with, a line each.
    pub(super) packages: String,
    /// The git blob id of every migration.
    pub(super) blobs: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the files that git tracks and those it would add.
    pub(super) fn read() -> Result<Self> {
        let listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let listed = output(program("git").args(listing))?;
        let mut tree = Self::default();
        for path in listed.split_terminator('\0') {
            // A file that is deleted but not yet committed is still listed.
            let Ok(bytes) = std::fs::read(root().join(path)) else { continue };
            if path.contains("/migrations/") {
                let blob = output(program("git").args(["hash-object", path]))?;
                tree.blobs.insert(path.to_owned(), blob.trim().to_owned());
            }
            tree.add(path, String::from_utf8(bytes).ok());
        }
        let packages = ["tree", "--locked", "--workspace", "--target", "all", "--prefix", "none"];
        tree.packages = output(cargo(packages).args(["--format", "{p}|{l}"]))?;
        tree.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(tree)
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        self.paths.insert(path.to_owned());
        if let Some(text) = text {
            let rust = is(path, "rs").then(|| Scanned::of(&text));
            self.files.push(File { path: path.to_owned(), text, rust });
        }
    }

    /// The Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&File, &Scanned)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// The files whose name ends so after its last dot.
    pub(super) fn all<'a>(&'a self, extension: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| is(&file.path, extension))
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// A tree for the tests of the checks.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }
}

/// Whether a file's name ends so after its last dot.
pub(super) fn is(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}
