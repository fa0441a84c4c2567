//! The modules of a crate, as its source says: what stands in which file, what a path leads to, and who uses whom.

mod circles;
mod read;

pub use circles::circles;
pub use read::{Module, Path, words};

use std::collections::{BTreeMap, BTreeSet};

pub struct Crate {
    /// The files, by their paths in the repository.
    pub sources: BTreeMap<String, String>,
    modules: BTreeMap<Path, Module>,
}

/// What a path leads to.
pub enum Found<'a> {
    Module(&'a Module),
    /// What a module defines by this name; a variant, or what belongs to a type, stands for its type.
    Item(&'a Module, String),
    /// What was taken in from another crate.
    Elsewhere,
}

/// What a name is to be, should it stand for both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Module,
    Item,
}

/// For each file those that it uses, and what of each.
pub type Arrows = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

impl Crate {
    /// The crate whose root is in this folder, `lib.rs`.
    pub fn new(folder: &str, sources: BTreeMap<String, String>) -> Crate {
        let mut modules = BTreeMap::new();
        for (file, source) in &sources {
            for module in read::modules(file, path_of(folder, file), source) {
                let other = modules.insert(module.path.clone(), module);
                assert!(other.is_none(), "{file}: two modules have one name, and only one of them was read");
            }
        }
        Crate { sources, modules }
    }

    /// A crate of these files, whose root is empty unless it is among them.
    pub fn made_up<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Crate {
        let mut sources = BTreeMap::from([("src/lib.rs".to_owned(), String::new())]);
        sources.extend(files.into_iter().map(|(file, source)| (format!("src/{file}"), source.to_owned())));
        Crate::new("src", sources)
    }

    pub fn modules(&self) -> impl Iterator<Item = &Module> {
        self.modules.values()
    }

    pub fn module(&self, path: &[String]) -> Option<&Module> {
        self.modules.get(path)
    }

    /// What a path in a module leads to; `None` if nothing in this crate has its name.
    pub fn find<'a>(&'a self, from: &'a Module, path: &[String]) -> Option<Found<'a>> {
        Search { house: self, asked: BTreeSet::new() }.path(from, path, Wanted::Item)
    }

    /// Paths that lead to nothing, as far as it can be told: with any, the source is not understood.
    pub fn paths_to_nowhere(&self) -> Vec<String> {
        let mut found = Vec::new();
        for module in self.modules() {
            for path in module.paths() {
                if module.absolute(path).is_some() && self.find(module, path).is_none() {
                    found.push(format!("{}: {} is not found", module.file, path.join("::")));
                }
            }
        }
        found
    }

    /// Who uses whom when the crate is not compiled for its tests. A name counts where it is defined, wherever it is
    /// taken from, and a module by what is used of it.
    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for module in self.modules().filter(|module| !module.for_tests) {
            let uses = module.uses.iter().map(|used| (&used.path, used.public));
            let code = module.code.iter().map(|path| (path, false));
            for (path, public) in uses.chain(code) {
                let Some(Found::Item(other, name)) = self.find(module, path) else { continue };
                let handed_on = public && other.path.starts_with(&module.path);
                if other.file != module.file && !handed_on {
                    let from = arrows.entry(module.file.clone()).or_default();
                    from.entry(other.file.clone()).or_default().insert(name);
                }
            }
        }
        arrows
    }
}

/// Where the module of a file stands below the root.
fn path_of(folder: &str, file: &str) -> Path {
    let inner = file.trim_start_matches(folder).trim_start_matches('/').trim_end_matches(".rs");
    let mut path: Path = inner.split('/').map(str::to_owned).collect();
    if path == ["lib"] || path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

struct Search<'a> {
    house: &'a Crate,
    /// A name that leads back to itself leads nowhere.
    asked: BTreeSet<(Path, String, Wanted)>,
}

impl<'a> Search<'a> {
    fn path(&mut self, from: &'a Module, path: &[String], wanted: Wanted) -> Option<Found<'a>> {
        let absolute = from.absolute(path);
        let (mut at, path) = match &absolute {
            Some(absolute) => (self.house.module(&[])?, absolute.as_slice()),
            None => (from, path),
        };
        let Some((last, leading)) = path.split_last() else { return Some(Found::Module(at)) };
        for name in leading {
            match self.name(at, name, Wanted::Module)? {
                Found::Module(module) => at = module,
                other => return Some(other),
            }
        }
        self.name(at, last, wanted)
    }

    fn name(&mut self, module: &'a Module, name: &str, wanted: Wanted) -> Option<Found<'a>> {
        if !self.asked.insert((module.path.clone(), name.to_owned(), wanted)) {
            return None;
        }
        let child = self.house.modules.get(&[module.path.as_slice(), &[name.to_owned()]].concat());
        let child = child.map(Found::Module);
        let item = module.items.contains(name).then(|| Found::Item(module, name.to_owned()));
        let own = match wanted {
            Wanted::Module => child.or_else(|| self.taken_in(module, name, wanted)).or(item),
            Wanted::Item => item.or_else(|| self.taken_in(module, name, wanted)).or(child),
        };
        own.or_else(|| self.taken_in_with_all(module, name, wanted))
    }

    fn taken_in(&mut self, module: &'a Module, name: &str, wanted: Wanted) -> Option<Found<'a>> {
        let mut uses = module.uses.iter().filter(|used| used.name == name).peekable();
        uses.peek()?;
        uses.find_map(|used| self.path(module, &used.path, wanted)).or(Some(Found::Elsewhere))
    }

    fn taken_in_with_all(&mut self, module: &'a Module, name: &str, wanted: Wanted) -> Option<Found<'a>> {
        let mut all = module.uses.iter().filter(|used| used.name == "*");
        all.find_map(|used| match self.path(module, &used.path, Wanted::Module)? {
            Found::Module(other) => self.name(other, name, wanted),
            Found::Item(..) | Found::Elsewhere => None,
        })
    }
}

#[test]
fn paths_that_are_not_understood_are_found() {
    let library = Crate::made_up([("a.rs", "use crate::b::B; fn f() { self::f(); super::a::g() }")]);
    let found = ["src/a.rs: crate::b::B is not found", "src/a.rs: super::a::g is not found"];
    assert_eq!(library.paths_to_nowhere(), found);
    let library = Crate::made_up([("a.rs", "use std::fmt; mod b { use super::fmt::Debug; }")]);
    assert_eq!(library.paths_to_nowhere(), Vec::<String>::new());
}
