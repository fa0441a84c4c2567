//! What a disk may hold after the power went: what was synced for certain, and of the rest any part.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// What is written whole or not at all.
const SECTOR: usize = 512;

/// What a program did to its folder, and what it sent.
#[derive(Debug, Clone)]
pub enum Step {
    MakeFolder,
    SyncFolder,
    /// Of the folder around it.
    SyncAround,
    Create(String, usize),
    Write(usize, Vec<u8>),
    Sync(usize),
    Rename(String, String),
    Unlink(String),
    /// The first line of a request.
    Send(String),
}

/// Reads what `tests/c/disk.c` has noted of the folder.
pub fn steps(journal: &str, folder: &Path) -> Vec<Step> {
    let mut files = HashMap::new();
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let read = |line: &str| {
        let (what, rest) = line.split_once(' ').unwrap();
        Some(match what {
            "mkdir" => Step::MakeFolder,
            "syncfolder" if Path::new(rest) == folder => Step::SyncFolder,
            "syncfolder" => Step::SyncAround,
            "create" => {
                let (number, path) = rest.split_once(' ').unwrap();
                // Numbers are used again.
                let file = files.values().max().map_or(0, |last| last + 1);
                files.insert(number.to_owned(), file);
                Step::Create(name(path), file)
            }
            "write" => {
                let (number, data) = rest.split_once(' ').unwrap();
                let bytes = data.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
                Step::Write(files[number], bytes.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect())
            }
            "sync" => Step::Sync(*files.get(rest)?),
            "rename" => {
                let (from, to) = rest.split_once(' ').unwrap();
                Step::Rename(name(from), name(to))
            }
            "unlink" => Step::Unlink(name(rest)),
            "send" => Step::Send(rest.to_owned()),
            _ => panic!("{line}"),
        })
    };
    journal.lines().filter_map(read).collect()
}

/// A change to the folder that may have got to the disk, or not.
#[derive(Clone)]
enum Change {
    Put(String, usize),
    Take(String, usize),
    Move(String, String, usize),
}

#[derive(Clone, Default)]
struct Content {
    data: Vec<u8>,
    synced: usize,
}

/// A disk with one folder on it.
#[derive(Default)]
pub struct Disk {
    folder_is_certain: bool,
    names: BTreeMap<String, usize>,
    pending: Vec<Change>,
    files: BTreeMap<usize, Content>,
}

/// What is found after the power went: the files with their contents; `None` if there is no folder.
pub type State = Option<BTreeMap<String, Vec<u8>>>;

impl Disk {
    pub fn after(steps: &[Step]) -> Disk {
        let mut disk = Disk::default();
        steps.iter().for_each(|step| disk.take(step));
        disk
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::MakeFolder | Step::Send(_) => {}
            Step::SyncAround => self.folder_is_certain = true,
            Step::SyncFolder => {
                let all = std::mem::take(&mut self.pending);
                all.iter().for_each(|change| change.make(&mut self.names));
            }
            Step::Create(name, file) => {
                self.files.insert(*file, Content::default());
                self.pending.push(Change::Put(name.clone(), *file));
            }
            Step::Write(file, data) => self.files.get_mut(file).unwrap().data.extend(data),
            Step::Sync(file) => {
                let content = self.files.get_mut(file).unwrap();
                content.synced = content.data.len();
            }
            Step::Rename(from, to) => {
                let file = self.now()[from];
                self.pending.push(Change::Move(from.clone(), to.clone(), file));
            }
            Step::Unlink(name) => {
                let file = self.now()[name];
                self.pending.push(Change::Take(name.clone(), file));
            }
        }
    }

    /// The names as programs see them.
    fn now(&self) -> BTreeMap<String, usize> {
        let mut names = self.names.clone();
        self.pending.iter().for_each(|change| change.make(&mut names));
        names
    }

    /// All that may be found if the power goes now.
    pub fn states(&self) -> Vec<State> {
        let mut states = if self.folder_is_certain { vec![] } else { vec![None] };
        for made in 0..1_usize << self.pending.len() {
            let mut names = self.names.clone();
            let changes = self.pending.iter().enumerate().filter(|(index, _)| made >> index & 1 == 1);
            changes.for_each(|(_, change)| change.make(&mut names));
            states.extend(self.torn(&names).into_iter().map(Some));
        }
        states.sort();
        states.dedup();
        states
    }

    /// The same names with each content that the files may have.
    fn torn(&self, names: &BTreeMap<String, usize>) -> Vec<BTreeMap<String, Vec<u8>>> {
        let whole = |file: &usize| self.files[file].data.clone();
        let all: BTreeMap<String, Vec<u8>> =
            names.iter().map(|(name, file)| (name.clone(), whole(file))).collect();
        let mut states = vec![all.clone()];
        for (name, file) in names {
            let Content { data, synced } = &self.files[file];
            for border in (*synced..data.len()).step_by(SECTOR) {
                let cut = data[..border].to_vec();
                let mut zeros = cut.clone();
                zeros.resize(data.len(), 0);
                for data in [cut, zeros] {
                    states.push(BTreeMap::from_iter(all.clone().into_iter().chain([(name.clone(), data)])));
                }
            }
        }
        states
    }
}

impl Change {
    fn make(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Put(name, file) => drop(names.insert(name.clone(), *file)),
            Change::Take(name, file) => {
                if names.get(name) == Some(file) {
                    names.remove(name);
                }
            }
            Change::Move(from, to, file) => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
        }
    }
}

/// Makes a folder of what is found.
pub fn lay_out(state: &State, folder: &Path) {
    let Some(files) = state else { return };
    DirBuilder::new().mode(0o700).create(folder).unwrap();
    for (name, data) in files {
        let mut file: File =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name)).unwrap();
        file.write_all(data).unwrap();
    }
}
