//! How much room the disk has, and which file systems cannot hold a store.

use std::path::PathBuf;

use hookyard_model::StoreError;
use rusqlite::Connection;

const FREE_IN_FILE: &str =
    "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";

/// Watches that some room stays free, so that there is always enough to settle and to clean up.
pub(super) struct Space {
    directory: PathBuf,
    keep_free: u64,
}

impl Space {
    pub(super) const fn new(directory: PathBuf, keep_free: u64) -> Self {
        Self { directory, keep_free }
    }

    /// Fails when there is less room than is to be kept free. What is free in the file itself
    /// counts: retention makes room there, not on the disk.
    ///
    /// Cheap beside a commit, so asked before each: a fast disk fills in the blink of an eye.
    pub(super) fn check(&self, conn: &Connection) -> Result<(), StoreError> {
        let on_disk = free_bytes(&self.directory).unwrap_or(u64::MAX);
        if on_disk >= self.keep_free {
            return Ok(());
        }
        let free = on_disk.saturating_add(free_in_file(conn).unwrap_or(0));
        if free >= self.keep_free {
            return Ok(());
        }
        Err(StoreError::Full(format!(
            "{free} bytes are free in {} and in the store's file, and {} are kept free; make room \
             on the disk, or keep events for a shorter time",
            self.directory.display(),
            self.keep_free
        )))
    }
}

fn free_in_file(conn: &Connection) -> rusqlite::Result<u64> {
    let bytes: i64 = conn.prepare_cached(FREE_IN_FILE)?.query_row([], |row| row.get(0))?;
    Ok(bytes.unsigned_abs())
}

/// Free bytes of the file system that a directory is on, where that is known.
#[cfg(unix)]
pub(super) fn free_bytes(directory: &std::path::Path) -> Option<u64> {
    let status = rustix::fs::statvfs(directory).ok()?;
    status.f_bavail.checked_mul(status.f_frsize)
}

#[cfg(not(unix))]
pub(super) fn free_bytes(_directory: &std::path::Path) -> Option<u64> {
    None
}

/// The name of the file system that a directory is on, if it is one over a network: locks and
/// shared memory do not hold there, and two machines could write at once.
#[cfg(target_os = "linux")]
pub(super) fn network_file_system(directory: &std::path::Path) -> Option<String> {
    const FUSE: u32 = 0x6573_5546;
    let magic = rustix::fs::statfs(directory).ok()?.f_type;
    // The field is signed on some machines and unsigned on others, and 4 or 8 bytes long.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits matter")]
    let magic = magic as u32;
    let name = match magic {
        0x6969 => "NFS",
        0x517B | 0xFE53_4D42 | 0xFF53_4D42 => "SMB",
        0x0102_1997 => "9P",
        0x00C3_6400 => "Ceph",
        0x5346_414F => "AFS",
        0x7375_7245 => "Coda",
        0x0BD0_0BD0 => "Lustre",
        FUSE => return network_fuse(directory),
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn network_file_system(_directory: &std::path::Path) -> Option<String> {
    None
}

/// FUSE has one number for all; the list of mounts says which it is.
#[cfg(target_os = "linux")]
fn network_fuse(directory: &std::path::Path) -> Option<String> {
    let directory = directory.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    network_fuse_in(&mounts, &directory)
}

/// Finds the innermost mount that holds the directory; see proc_pid_mountinfo(5).
#[cfg(target_os = "linux")]
fn network_fuse_in(mounts: &str, directory: &std::path::Path) -> Option<String> {
    const OVER_NETWORK: &[&str] = &[
        "sshfs",
        "glusterfs",
        "ceph",
        "s3fs",
        "rclone",
        "gcsfuse",
        "goofys",
        "mount-s3",
        "smbnetfs",
        "davfs",
        "curlftpfs",
        "juicefs",
        "seaweedfs",
        "moosefs",
        "lizardfs",
        "blobfuse2",
    ];
    let kind = mounts
        .lines()
        .filter_map(|line| {
            let (mount, kind) = line.split_once(" - ")?;
            Some((mount.split(' ').nth(4)?, kind.split(' ').next()?))
        })
        .filter(|(point, _)| directory.starts_with(point))
        .max_by_key(|(point, _)| point.len())?
        .1;
    let name = kind.strip_prefix("fuse.")?;
    OVER_NETWORK.contains(&name).then(|| name.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn finds_the_file_system_of_a_directory() {
        let mounts = "22 1 254:0 / / rw - ext4 /dev/vda rw\n\
            40 22 0:40 / /srv rw shared:1 - fuse.sshfs host:/ rw\n\
            41 40 0:41 / /srv/local rw - fuse.mergerfs x rw\n";
        let cases = [
            ("/var", None),
            ("/srv/hookyard", Some("sshfs")),
            ("/srv/local/hookyard", None),
            ("/srvs", None),
        ];
        for (directory, expected) in cases {
            let found = network_fuse_in(mounts, Path::new(directory));
            assert_eq!(found.as_deref(), expected, "{directory}");
        }
    }

    #[test]
    fn refuses_below_the_mark() {
        let (here, conn) = (std::env::temp_dir(), Connection::open_in_memory().unwrap());
        assert_eq!(Space::new(here.clone(), 1).check(&conn), Ok(()));
        assert!(matches!(Space::new(here, u64::MAX).check(&conn), Err(StoreError::Full(_))));
    }
}
