//! Disks that fail on demand, made of Debian packages: nbdkit serves the image through a filter,
//! nbdfuse makes a file of it, a loop device a disk, and ext4 does not know the difference.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::run;

/// The disk, and where it is mounted.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    fuse: PathBuf,
    mounted: PathBuf,
    nbdfuse: Option<Child>,
    device: Option<String>,
}

impl Disk {
    /// Makes one of so many bytes with an empty ext4, in which nothing is kept back for root.
    pub fn new(folder: &Path, size: u64) -> Result<Self> {
        let [image, fuse, mounted] = ["disk", "fuse", "mounted"].map(|name| folder.join(name));
        File::create(&image)?.set_len(size)?;
        let options: [&OsStr; 4] = ["-q", "-F", "-m", "0"].map(AsRef::as_ref);
        run("mkfs.ext4", &[&options[..], &[image.as_ref()]].concat())?;
        std::fs::create_dir(&fuse)?;
        std::fs::create_dir(&mounted)?;
        Ok(Self { image, fuse, mounted, nbdfuse: None, device: None })
    }

    /// The folder it is mounted on.
    pub fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// Mounts it behind a volatile cache, which forgets what was not flushed when it is cut off.
    pub fn mount_volatile(&mut self) -> Result<()> {
        self.mount_behind("cache", &["cache=writeback".as_ref()])
    }

    /// Mounts it so that every write fails while there is a file of this name.
    pub fn mount_failing(&mut self, switch: &Path) -> Result<()> {
        let mut file = OsString::from("error-pwrite-file=");
        file.push(switch);
        let options = ["error-pwrite=EIO".as_ref(), "error-pwrite-rate=100%".as_ref(), &*file];
        self.mount_behind("error", &options)
    }

    /// Mounts it so that it can be stalled.
    pub fn mount_stalling(&mut self) -> Result<()> {
        self.mount_behind("noparallel", &[])
    }

    fn mount_behind(&mut self, filter: &str, options: &[&OsStr]) -> Result<()> {
        let mut command = Command::new("nbdfuse");
        command.arg(&self.fuse).args(["--command", "nbdkit", "-s"]);
        command.arg(format!("--filter={filter}")).arg("file").arg(&self.image).args(options);
        command.stdin(Stdio::null());
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
    pub fn cut(&self) -> Result<()> {
        self.signal(Signal::KILL)
    }

    /// Nothing that is asked of the disk is done …
    pub fn stall(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// … until it goes on.
    pub fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let nbdfuse = self.nbdfuse.as_ref().context("the disk is not mounted")?.id();
        let children = std::fs::read_to_string(format!("/proc/{nbdfuse}/task/{nbdfuse}/children"))?;
        let nbdkit = children.split_whitespace().next().and_then(|id| id.parse().ok());
        let nbdkit = nbdkit.and_then(Pid::from_raw).context("nbdfuse has no nbdkit")?;
        Ok(kill_process(nbdkit, signal)?)
    }

    /// Takes the disk away, with whatever still hangs on it.
    pub fn unmount(&mut self) {
        // A disk that stands still cannot be taken away.
        drop(self.resume());
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

    /// Repairs and mounts what reached the disk, as a machine does that starts.
    pub fn mount_repaired(&mut self) -> Result<()> {
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
