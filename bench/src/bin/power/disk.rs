//! A disk with a volatile write cache, made of Debian packages: nbdkit's cache filter keeps what
//! was written and not flushed in memory, nbdfuse makes a file of it, a loop device a disk.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hookyard_bench::process::run;
use rustix::process::{Pid, Signal, kill_process};

const SIZE: u64 = 512 << 20;

/// The disk, and where it is mounted.
pub(crate) struct Disk {
    image: PathBuf,
    fuse: PathBuf,
    mounted: PathBuf,
    nbdfuse: Option<Child>,
    device: Option<String>,
}

impl Disk {
    /// Makes one with an empty ext4.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let [image, fuse, mounted] = ["disk", "fuse", "mounted"].map(|name| folder.join(name));
        File::create(&image)?.set_len(SIZE)?;
        run("mkfs.ext4", &["-q".as_ref(), "-F".as_ref(), image.as_ref()])?;
        std::fs::create_dir(&fuse)?;
        std::fs::create_dir(&mounted)?;
        Ok(Self { image, fuse, mounted, nbdfuse: None, device: None })
    }

    /// The folder it is mounted on.
    pub(crate) fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// Mounts it behind the volatile cache.
    pub(crate) fn mount_volatile(&mut self) -> Result<()> {
        let mut command = Command::new("nbdfuse");
        command.arg(&self.fuse).args(["--command", "nbdkit", "-s", "--filter=cache", "file"]);
        command.arg(&self.image).arg("cache=writeback").stdin(Stdio::null());
        // It complains of the disk that goes, which is what it is there for.
        command.stderr(Stdio::null());
        self.nbdfuse = Some(command.spawn().context("cannot start nbdfuse")?);
        let file = self.fuse.join("nbd");
        for _ in 0..500 {
            if file.exists() {
                return self.mount(&file);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("nbdfuse does not show its file")
    }

    /// The power goes: what was not flushed is gone.
    pub(crate) fn cut(&self) -> Result<()> {
        let nbdfuse = self.nbdfuse.as_ref().context("the disk is not mounted")?.id();
        let children = std::fs::read_to_string(format!("/proc/{nbdfuse}/task/{nbdfuse}/children"))?;
        let nbdkit = children.split_whitespace().next().and_then(|id| id.parse().ok());
        let nbdkit = nbdkit.and_then(Pid::from_raw).context("nbdfuse has no nbdkit")?;
        Ok(kill_process(nbdkit, Signal::KILL)?)
    }

    /// Takes the disk away, with whatever still hangs on it.
    pub(crate) fn unmount(&mut self) {
        if let Some(device) = self.device.take() {
            // What is already gone need not be taken away.
            drop(run("umount", &["-l".as_ref(), self.mounted.as_ref()]));
            drop(run("losetup", &["-d".as_ref(), device.as_ref()]));
        }
        if let Some(mut nbdfuse) = self.nbdfuse.take() {
            drop(run("fusermount3", &["-uz".as_ref(), self.fuse.as_ref()]));
            drop(nbdfuse.kill());
            drop(nbdfuse.wait());
        }
    }

    /// Repairs and mounts what reached the disk, as a machine does that starts again.
    pub(crate) fn mount_what_is_left(&mut self) -> Result<()> {
        let image: &OsStr = self.image.as_ref();
        let checked = Command::new("e2fsck").arg("-fy").arg(image).output()?;
        // 1 says that it repaired something, which is its work.
        if !matches!(checked.status.code(), Some(0 | 1)) {
            bail!("e2fsck: {}", String::from_utf8_lossy(&checked.stdout));
        }
        self.mount(&self.image.clone())
    }

    fn mount(&mut self, file: &Path) -> Result<()> {
        let device = run("losetup", &["-f".as_ref(), "--show".as_ref(), file.as_ref()])?;
        self.device = Some(device.clone());
        run("mount", &[device.as_ref(), self.mounted.as_ref()])?;
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}
