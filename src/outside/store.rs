//! Where uploaded files live: on disk under random names, or in memory for tests. A file is written once and never changed;
//! its row is committed after it is safely on disk, so a crash can leave a file without a row (swept later), never the reverse.
//!
//! All calls block: run them off the async threads.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::kind::{Kind, PREFIX};
use crate::error::{Error, Result};

#[derive(Debug, Clone)]
pub enum Store {
    Disk(PathBuf),
    Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>),
}

/// A file that is safely kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The name to fetch it by: `ab/` and 64 hexadecimal digits, random, of no meaning.
    pub blob: String,
    /// In bytes.
    pub size: u64,
    /// Of the content, in lower-case hexadecimal.
    pub sha256: String,
    pub kind: Kind,
}

impl Store {
    /// Keeps files under `root`, which is made (for its owner only) where it is missing.
    pub fn disk(root: PathBuf) -> Result<Store> {
        make_private_folder(&root)?;
        Ok(Store::Disk(root))
    }

    pub fn memory() -> Store {
        Store::Memory(Arc::default())
    }

    /// Reads `content` to its end and keeps it. `name` is what the sender called it and only helps to tell its kind.
    ///
    /// # Errors
    /// `TooLarge` as soon as more than `cap` bytes came; nothing is left behind then, nor after any other error.
    pub fn put(&self, content: &mut dyn Read, name: &str, cap: u64) -> Result<Stored> {
        let blob = new_blob()?;
        match self {
            Store::Disk(root) => put_on_disk(root, blob, content, name, cap),
            Store::Memory(files) => {
                let mut bytes = Vec::new();
                let stored = copy(content, &mut bytes, blob, name, cap)?;
                held(files).insert(stored.blob.clone(), bytes);
                Ok(stored)
            }
        }
    }

    /// The content, from its beginning.
    ///
    /// # Errors
    /// `NotFound` where there is no such file, also for any text that is not a blob's name.
    pub fn open(&self, blob: &str) -> Result<Box<dyn Read + Send>> {
        if !is_blob(blob) {
            return Err(Error::NotFound);
        }
        match self {
            Store::Disk(root) => match File::open(root.join(blob)) {
                Ok(file) => Ok(Box::new(file)),
                Err(cause) if cause.kind() == ErrorKind::NotFound => Err(Error::NotFound),
                Err(cause) => Err(cause.into()),
            },
            Store::Memory(files) => match held(files).get(blob) {
                Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
                None => Err(Error::NotFound),
            },
        }
    }

    /// Forgets the file; one that is gone already is no error.
    pub fn delete(&self, blob: &str) -> Result<()> {
        if !is_blob(blob) {
            return Ok(());
        }
        match self {
            Store::Disk(root) => match fs::remove_file(root.join(blob)) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => Err(cause.into()),
                _ => Ok(()),
            },
            Store::Memory(files) => {
                held(files).remove(blob);
                Ok(())
            }
        }
    }

    /// Every blob there is, in order: for the sweep and for backups.
    pub fn list(&self) -> Result<Vec<String>> {
        match self {
            Store::Disk(root) => {
                let mut found = names_below(root)?;
                found.retain(|name| is_blob(name));
                Ok(found)
            }
            Store::Memory(files) => Ok(held(files).keys().cloned().collect()),
        }
    }

    /// Removes what uploads cut off by a crash left behind, and says how many. Only at start-up: it would take a running
    /// upload's file as well.
    pub fn sweep_unfinished(&self) -> Result<usize> {
        let Store::Disk(root) = self else {
            return Ok(0);
        };
        let mut swept = 0;
        for name in names_below(root)? {
            if name.strip_suffix(".tmp").is_some_and(is_blob) {
                fs::remove_file(root.join(name))?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

fn put_on_disk(
    root: &Path,
    blob: String,
    content: &mut dyn Read,
    name: &str,
    cap: u64,
) -> Result<Stored> {
    let target = root.join(&blob);
    let folder = target.parent().unwrap_or(root);
    make_private_folder(folder)?;
    let unfinished = Unfinished(target.with_extension("tmp"));
    let mut file = new_private_file(&unfinished.0)?;
    let stored = copy(content, &mut file, blob, name, cap)?;
    file.sync_all()?;
    fs::rename(&unfinished.0, &target)?;
    // A rename is only as durable as the folder that holds it.
    File::open(folder)?.sync_all()?;
    Ok(stored)
}

/// Removes the file at its path when dropped; after the rename there is none.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn copy(
    from: &mut dyn Read,
    to: &mut dyn Write,
    blob: String,
    name: &str,
    cap: u64,
) -> Result<Stored> {
    let mut buffer = vec![0; PREFIX];
    let mut prefix = Vec::new();
    let mut digest = Sha256::new();
    let mut size = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            Err(cause) => return Err(cause.into()),
        };
        let part = &buffer[..read];
        size += read as u64;
        if size > cap {
            return Err(Error::TooLarge(in_words(cap)));
        }
        prefix.extend_from_slice(&part[..read.min(PREFIX - prefix.len())]);
        digest.update(part);
        to.write_all(part)?;
    }
    Ok(Stored {
        blob,
        size,
        sha256: HEXLOWER.encode(&digest.finalize()),
        kind: Kind::of(&prefix, name),
    })
}

fn in_words(cap: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if cap >= MIB {
        format!("{} MB a file", cap / MIB)
    } else {
        format!("{cap} bytes a file")
    }
}

fn new_blob() -> Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)
        .map_err(|cause| Error::broken(format!("no random numbers: {cause}")))?;
    let name = HEXLOWER.encode(&random);
    Ok(format!("{}/{name}", &name[..2]))
}

fn is_blob(name: &str) -> bool {
    let hex = |part: &str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match name.split_once('/') {
        Some((folder, file)) => folder.len() == 2 && file.len() == 64 && hex(folder) && hex(file),
        None => false,
    }
}

fn names_below(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            names.push(format!(
                "{}/{}",
                folder.file_name().to_string_lossy(),
                file?.file_name().to_string_lossy()
            ));
        }
    }
    names.sort();
    Ok(names)
}

/// A panic elsewhere leaves a map of whole files: every insert and removal is one step.
fn held(files: &Mutex<BTreeMap<String, Vec<u8>>>) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn new_private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private_folder(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    match path.parent().filter(|parent| parent.is_dir()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes, then breaks, as a connection does.
    struct Broken(usize);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(ErrorKind::ConnectionReset.into());
            }
            let given = self.0.min(buffer.len());
            self.0 -= given;
            Ok(given)
        }
    }

    fn content(store: &Store, blob: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.open(blob).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn both() -> (tempfile::TempDir, [Store; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let disk = Store::disk(folder.path().join("att")).unwrap();
        (folder, [disk, Store::memory()])
    }

    #[test]
    fn what_is_put_comes_back_with_its_size_digest_and_kind() {
        let (_folder, stores) = both();
        for store in stores {
            let stored = store
                .put(&mut &b"%PDF-1.7 hello"[..], "../../evil.png", 100)
                .unwrap();
            assert_eq!((stored.size, stored.kind), (14, Kind::Pdf));
            assert_eq!(
                stored.sha256,
                HEXLOWER.encode(&Sha256::digest(b"%PDF-1.7 hello"))
            );
            assert_eq!(content(&store, &stored.blob), b"%PDF-1.7 hello");
            assert_eq!(store.list().unwrap(), vec![stored.blob.clone()]);
            store.delete(&stored.blob).unwrap();
            store.delete(&stored.blob).unwrap();
            assert!(matches!(store.open(&stored.blob), Err(Error::NotFound)));
            assert!(store.list().unwrap().is_empty());
        }
    }

    #[test]
    fn the_same_file_put_twice_is_two_blobs_and_an_empty_one_is_fine() {
        let (_folder, stores) = both();
        for store in stores {
            let [first, second] =
                [(); 2].map(|()| store.put(&mut &b"same"[..], "a.txt", 4).unwrap());
            assert_ne!(first.blob, second.blob);
            assert_eq!(first.sha256, second.sha256);
            let empty = store.put(&mut &b""[..], "a.png", 0).unwrap();
            assert_eq!((empty.size, empty.kind), (0, Kind::Empty));
        }
    }

    #[test]
    fn too_much_or_a_broken_upload_leaves_nothing_behind() {
        let (folder, stores) = both();
        for store in stores {
            let large = store.put(&mut &[7; 300_000][..], "a", 299_999).unwrap_err();
            assert!(matches!(large, Error::TooLarge(words) if words == "299999 bytes a file"));
            assert!(matches!(
                store.put(&mut Broken(200_000), "a", 1 << 20),
                Err(Error::Internal(_))
            ));
            assert!(store.list().unwrap().is_empty());
        }
        assert!(names_below(&folder.path().join("att")).unwrap().is_empty());
    }

    #[test]
    fn a_long_file_arrives_whole_through_many_reads() {
        let (_folder, stores) = both();
        let long = (0..1_000_000u32)
            .flat_map(u32::to_le_bytes)
            .collect::<Vec<_>>();
        for store in stores {
            let stored = store.put(&mut &long[..], "a.bin", 10 << 20).unwrap();
            assert_eq!(stored.size, 4_000_000);
            assert!(content(&store, &stored.blob) == long);
        }
    }

    #[test]
    fn no_name_but_a_blobs_opens_or_deletes_anything() {
        let (folder, stores) = both();
        fs::write(folder.path().join("secret"), "x").unwrap();
        for store in stores {
            for name in [
                "",
                "../secret",
                "/etc/passwd",
                "aa/../../secret",
                "ab/0123",
                "AB/",
                "aa",
            ] {
                assert!(matches!(store.open(name), Err(Error::NotFound)), "{name}");
                store.delete(name).unwrap();
            }
        }
        assert!(folder.path().join("secret").exists());
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_their_owner_only_and_have_no_extension() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::disk(folder.path().join("att")).unwrap();
        let stored = store.put(&mut &b"x"[..], "shell.php", 9).unwrap();
        let path = folder.path().join("att").join(&stored.blob);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::metadata(path.parent().unwrap())
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o700
        );
        assert!(is_blob(&stored.blob) && stored.blob[..2] == stored.blob[3..5]);
    }

    #[test]
    fn a_start_sweeps_what_a_crash_left_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::disk(folder.path().to_owned()).unwrap();
        let stored = store.put(&mut &b"x"[..], "a", 9).unwrap();
        fs::write(folder.path().join(format!("{}.tmp", stored.blob)), "half").unwrap();
        assert_eq!(store.list().unwrap(), vec![stored.blob.clone()]);
        assert_eq!(store.sweep_unfinished().unwrap(), 1);
        assert_eq!(content(&store, &stored.blob), b"x");
    }
}
