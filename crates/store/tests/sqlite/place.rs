//! A folder with a store in it.

use std::path::PathBuf;
use std::sync::Arc;

use hookyard_model::Store;
use hookyard_store::conformance::Place;
use hookyard_store::{Options, SqliteStore};
use tempfile::TempDir;

/// A folder that goes away in the end.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// How the store in this folder is opened.
    pub(crate) fn options(&self) -> Options {
        Options::new(self.path("hookyard.db"))
    }
}

impl Place for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.options()).unwrap())
    }
}
