//! The house's order: who may use whom in the library's source, that no files use one another in a circle, that the emulator
//! stands on its own, that tests ask for the programs that they start, and that none is left out.

mod modules;

use crate::support::{self, read, repository};
use modules::{Crate, Found, Module, circles, words};
use std::collections::{BTreeMap, BTreeSet};

/// Parts of the source, and those that each of them may use.
type Order = [(&'static str, &'static [&'static str])];

/// The layers, which are the folders of `src/`. Whatever a layer is, it uses nothing above or beside it, except that
/// credentials are handed on in the form that signing takes, and that some of them are fetched.
const LAYERS: &Order = &[
    ("abi", &["engine", "callback", "credentials", "wire"]),
    ("engine", &["callback", "sign", "credentials", "transport", "wire"]),
    ("callback", &["wire"]),
    ("sign", &["wire"]),
    ("credentials", &["sign", "transport", "wire"]),
    ("transport", &["wire"]),
    ("wire", &[]),
];

/// The rooms of the engine, which are all that is in `src/engine/`. Above them stands `mod.rs`, which none of them uses.
const ROOMS: &Order = &[
    (
        "delivery",
        &[
            "object", "request", "bucket", "outbox", "source", "outcome", "reply", "rules", "observer",
            "journal", "log",
        ],
    ),
    (
        "managed",
        &[
            "multipart",
            "object",
            "request",
            "verifier",
            "bucket",
            "outbox",
            "source",
            "outcome",
            "reply",
            "rules",
            "disk",
            "observer",
            "report",
            "journal",
            "log",
        ],
    ),
    (
        "signed",
        &[
            "multipart",
            "object",
            "request",
            "verifier",
            "bucket",
            "outbox",
            "source",
            "outcome",
            "reply",
            "rules",
        ],
    ),
    (
        "multipart",
        &["object", "request", "verifier", "bucket", "outbox", "source", "outcome", "reply", "rules"],
    ),
    (
        "object",
        &[
            "request", "verifier", "bucket", "outbox", "source", "outcome", "reply", "rules", "observer",
            "report",
        ],
    ),
    ("request", &["bucket", "outbox", "source", "outcome", "reply", "rules", "journal", "history", "log"]),
    ("verifier", &["bucket", "source", "outcome", "reply", "rules"]),
    ("bucket", &["outbox", "source", "outcome", "reply", "rules", "journal", "log"]),
    ("outbox", &["outcome", "disk"]),
    ("outcome", &["source", "reply", "history"]),
    ("source", &["rules"]),
    ("reply", &[]),
    ("rules", &[]),
    ("report", &["observer", "journal", "log"]),
    ("journal", &["history", "log"]),
    ("history", &[]),
    ("log", &[]),
    ("disk", &[]),
    ("observer", &[]),
];

/// Words that stand in the code of some layers only.
const WORDS: [(&str, &[&str]); 6] = [
    ("unsafe", &["abi", "transport"]),
    ("tokio", &["transport"]),
    ("hyper", &["transport"]),
    ("rustls", &["transport"]),
    ("reqwest", &["transport"]),
    ("extern", &["abi"]),
];

/// How many lines a file of the engine may have.
const LINES: usize = 330;

fn library() -> Crate {
    Crate::new("src", sources("src"))
}

/// Without `main.rs`, a crate of its own that nothing can use.
fn emulator() -> Crate {
    let mut sources = sources("emulator/src");
    sources.remove("emulator/src/main.rs");
    Crate::new("emulator/src", sources)
}

/// The emulator's C surface.
fn emulator_c() -> Crate {
    Crate::new("emulator/c/src", sources("emulator/c/src"))
}

/// The Rust files below a folder.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let files = support::files_below(folder).into_iter().filter(|file| file.ends_with(".rs"));
    files.map(|file| (file.clone(), read(repository(&file)))).collect()
}

fn allowed(order: &Order, who: &str) -> Option<&'static [&'static str]> {
    order.iter().find(|(other, _)| *other == who).map(|(_, allowed)| *allowed)
}

/// The layer of a file; what is directly in `src/` is in none.
fn layer_of(file: &str) -> Option<&str> {
    file.strip_prefix("src/")?.split_once('/').map(|(layer, _)| layer)
}

/// The room of a file of the engine; `mod.rs` is in one of its own.
fn room_of(file: &str) -> Option<&str> {
    file.strip_prefix("src/engine/")?.split('/').next().map(|name| name.trim_end_matches(".rs"))
}

/// What in the library is against the order of the layers.
fn layers_out_of_order(library: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for module in library.modules() {
        let file = &module.file;
        let Some(layer) = layer_of(file) else { continue };
        let Some(allowed) = allowed(LAYERS, layer) else {
            found.push(format!("{file}: {layer} is no layer"));
            continue;
        };
        for other in layers_named(module) {
            if other != layer && !allowed.contains(&other) {
                found.push(format!("{file}: {layer} uses {other}"));
            }
        }
    }
    found
}

/// The layers that a module names behind `crate::`.
fn layers_named(module: &Module) -> impl Iterator<Item = &str> {
    let paths = module.paths().filter(|path| path[0] == "crate");
    paths.map(|path| path.get(1).unwrap_or(&path[0]).as_str())
}

/// Words that stand where they should not.
fn words_out_of_place(library: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (file, source) in &library.sources {
        let here = words(source);
        for (word, layers) in WORDS {
            if here.contains(word) && !layer_of(file).is_some_and(|layer| layers.contains(&layer)) {
                found.push(format!("{file}: {word} is for {} only", layers.join(" and ")));
            }
        }
    }
    found
}

/// Paths that leave a file's folder without saying so. From within, `super` is the way to what is beside it.
fn paths_out_of_their_folder(library: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for module in library.modules() {
        let (folder, _) = module.file.rsplit_once('/').unwrap_or_default();
        let folder: Vec<&str> = folder.split('/').skip(1).collect();
        for path in module.paths() {
            let steps = path.iter().take_while(|name| matches!(name.as_str(), "super" | "self")).count();
            let Some(start) = module.absolute(&path[..steps]) else { continue };
            if start.len() < folder.len() {
                let path = path.join("::");
                found.push(format!("{}: {path} leaves the folder, and must begin with crate", module.file));
            }
        }
    }
    found
}

/// Rooms that are not there, and what is in none.
fn rooms_missing(library: &Crate) -> Vec<String> {
    let there: BTreeSet<&str> = library.sources.keys().filter_map(|file| room_of(file)).collect();
    let named: BTreeSet<&str> = ROOMS.iter().map(|(room, _)| *room).chain(["mod"]).collect();
    let missing = named.difference(&there).map(|room| format!("src/engine/ has no room {room}"));
    let unknown = there.difference(&named).map(|room| format!("src/engine/: {room} is not among the rooms"));
    missing.chain(unknown).collect()
}

/// What in the engine is against the order of its rooms.
fn rooms_out_of_order(library: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for module in library.modules() {
        let file = &module.file;
        let Some(room) = room_of(file) else { continue };
        let Some(allowed) = allowed(ROOMS, room) else { continue };
        for path in module.paths() {
            let Some(other) = room_named(library, module, path) else { continue };
            if other != room && !allowed.contains(&other) {
                found.push(format!("{file}: {room} uses {other}: {}", path.join("::")));
            }
        }
    }
    found
}

/// The room that a path names; for what it takes from the engine itself, that where it is defined.
fn room_named<'a>(library: &'a Crate, from: &'a Module, path: &[String]) -> Option<&'a str> {
    let absolute = from.absolute(path)?;
    let room = absolute.get(..2).and_then(|room| library.module(room));
    let named = room.or_else(|| match library.find(from, path)? {
        Found::Module(module) | Found::Item(module, _) => Some(module),
        Found::Elsewhere => None,
    });
    room_of(&named?.file)
}

/// Files of the engine that are too long.
fn files_too_long(library: &Crate) -> Vec<String> {
    let lengths = library.sources.iter().map(|(file, source)| (file, source.lines().count()));
    let long = lengths.filter(|(file, length)| room_of(file).is_some() && *length > LINES);
    long.map(|(file, length)| format!("{file}: {length} lines, of at most {LINES}")).collect()
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn dependencies_point_down() {
    let library = library();
    for (layer, _) in LAYERS {
        assert!(library.module(&[(*layer).to_owned()]).is_some(), "the layer {layer} is missing");
    }
    let named: usize = library.modules().map(|module| layers_named(module).count()).sum();
    assert!(named > 50, "only {named} paths found: the source's form is not understood");
    let found = [layers_out_of_order, words_out_of_place, paths_out_of_their_folder];
    assert_none(&found.map(|check| check(&library)).concat());
}

#[test]
fn rooms_of_the_engine_use_only_those_below() {
    let library = library();
    assert_none(&[rooms_missing(&library), rooms_out_of_order(&library)].concat());
}

#[test]
fn no_files_use_one_another_in_a_circle() {
    let houses = [library(), emulator(), emulator_c()];
    assert_none(&houses.iter().flat_map(Crate::paths_to_nowhere).collect::<Vec<_>>());
    assert_none(&houses.iter().flat_map(|house| circles(&house.arrows())).collect::<Vec<_>>());
}

#[test]
fn files_of_the_engine_are_short() {
    assert_none(&files_too_long(&library()));
}

/// An engine whose rooms are empty, but for these files.
fn made_up_engine(made_up: &[(&'static str, &'static str)]) -> Crate {
    let rooms = [
        "delivery",
        "managed",
        "signed",
        "multipart",
        "object",
        "request",
        "bucket",
        "outbox",
        "source",
        "disk",
    ];
    let rooms = rooms.map(|room| format!("engine/{room}/mod.rs"));
    let files =
        ["mod", "verifier", "outcome", "reply", "rules", "report", "journal", "history", "log", "observer"];
    let others = files.map(|file| format!("engine/{file}.rs"));
    let empty = rooms.iter().chain(&others).map(|file| (file.as_str(), ""));
    Crate::made_up(empty.chain(made_up.iter().copied()))
}

fn assert_complains(found: &[String], complaint: &str) {
    let found = found.join("\n");
    assert!(found.contains(complaint), "{found:?} does not say {complaint:?}");
}

#[test]
fn layers_that_are_out_of_order_are_found() {
    let complaints = |file, source| {
        let library = Crate::made_up([(file, source)]);
        [layers_out_of_order, words_out_of_place, paths_out_of_their_folder]
            .map(|check| check(&library))
            .concat()
    };
    for (file, source, complaint) in [
        ("wire/key.rs", "use crate::engine::Body;", "wire uses engine"),
        ("wire/key.rs", "fn f() { crate :: sign::hash(); }", "wire uses sign"),
        ("wire/key.rs", "fn f() { assert_eq!(1, crate::sign::hash()); }", "wire uses sign"),
        ("wire/key.rs", "use crate::*;", "wire uses crate"),
        ("sign/v4.rs", "use crate::{wire::{key, xml}, transport};", "sign uses transport"),
        ("sign/v4.rs", "use crate::credentials::Credentials;", "sign uses credentials"),
        ("sign/v4.rs", "#[cfg(test)] mod tests { use crate::engine; }", "sign uses engine"),
        ("callback/check.rs", "pub(super) use crate::engine::*;", "callback uses engine"),
        ("transport/lane.rs", "use\n    crate::callback::Callback;", "transport uses callback"),
        ("engine/put.rs", "use crate::abi::guard;", "engine uses abi"),
        ("abi/put.rs", "use crate::transport::Lane;", "abi uses transport"),
        ("engine/put.rs", "use super::super::abi;", "must begin with crate"),
        ("engine/object/put.rs", "use super::super::bucket::Bucket;", "must begin with crate"),
        ("engine/object/mod.rs", "use super::bucket::Bucket;", "must begin with crate"),
        ("engine/object/mod.rs", "fn f() { super::bucket::open() }", "must begin with crate"),
        ("wire/mod.rs", "use super::engine;", "must begin with crate"),
        ("engine/put.rs", "fn f() { unsafe { g() } }", "unsafe is for abi and transport only"),
        ("engine/put.rs", "async fn f(lane: tokio::runtime::Runtime) {}", "tokio is for transport only"),
        ("engine/put.rs", "use reqwest::Url;", "reqwest is for transport only"),
        ("transport/signals.rs", "extern \"C\" fn f() {}", "extern is for abi only"),
        ("lib.rs", "unsafe fn f() {}", "unsafe"),
        ("logging/mod.rs", "", "logging is no layer"),
    ] {
        assert_complains(&complaints(file, source), complaint);
    }
    let tame = r####"
        //! Uses crate::abi and unsafe tokio.
        /* crate::engine /* reqwest */ unsafe */
        use crate::wire::key;
        const A: &str = "crate::engine \" unsafe"; const B: &str = r#"" unsafe tokio"#; const C: char = '"';
        const D: &[u8] = b"unsafe\\"; const E: char = '\''; fn f<'a>(unsafely: &'a str) {}
        pub(in crate::sign) struct F; pub(super) struct G;
        mod tests { use super::*; }
    "####;
    assert_eq!(complaints("sign/mod.rs", tame), Vec::<String>::new());
    let tame = "use super::tree; mod tests { use super::super::tree; }";
    assert_eq!(complaints("wire/xml/uploads.rs", tame), Vec::<String>::new());
}

#[test]
fn rooms_that_are_out_of_order_are_found() {
    for (file, source, complaint) in [
        ("engine/object/put.rs", "use crate::engine::managed::Managed;", "object uses managed"),
        ("engine/managed/mod.rs", "use crate::engine::{object, signed::PostForm};", "managed uses signed"),
        ("engine/bucket/mod.rs", "fn f() { crate::engine::request::send() }", "bucket uses request"),
        ("engine/bucket/mod.rs", "fn f() { g!(1, [crate::engine::object::Put]) }", "bucket uses object"),
        ("engine/bucket/limits.rs", "use crate::{engine as e, wire};", "bucket uses mod"),
        ("engine/bucket/limits.rs", "use crate::engine::Verifier;", "bucket uses verifier"),
        (
            "engine/bucket/limits.rs",
            "#[cfg(test)] mod tests { use crate::engine::object; }",
            "bucket uses object",
        ),
        ("engine/request/mod.rs", "use crate::engine::verifier::Verifier;", "request uses verifier"),
        ("engine/verifier.rs", "use super::request::Attempts;", "verifier uses request"),
        ("engine/rules.rs", "use super::source::*;", "rules uses source"),
    ] {
        let shown = ("engine/mod.rs", "mod verifier; pub use verifier::Verifier;");
        let verifier = ("engine/verifier.rs", "pub struct Verifier;");
        let library = made_up_engine(&[shown, verifier, (file, source)]);
        assert_complains(&rooms_out_of_order(&library), complaint);
    }
    let tame = made_up_engine(&[
        ("engine/mod.rs", "mod source; mod managed; pub use {managed::Managed, source::Body};"),
        ("engine/source/mod.rs", "mod body; pub use body::Body;"),
        ("engine/source/body.rs", "use crate::engine::rules; use crate::wire::key; pub struct Body;"),
        ("engine/object/mod.rs", "use crate::engine::{Body, verifier::Verifier}; mod put; use put::Put;"),
        ("engine/object/put.rs", "use super::Body; pub struct Put; mod tests { use super::*; }"),
        ("engine/verifier.rs", "use super::bucket::Bucket; use crate::engine::outcome; pub struct Verifier;"),
    ]);
    assert_eq!(rooms_out_of_order(&tame), Vec::<String>::new());
}

#[test]
fn missing_and_unknown_rooms_are_found() {
    let library = made_up_engine(&[("engine/attic/mod.rs", ""), ("engine/put.rs", "")]);
    let found = ["src/engine/: attic is not among the rooms", "src/engine/: put is not among the rooms"];
    assert_eq!(rooms_missing(&library), found);
    let mut library = made_up_engine(&[]);
    assert_eq!(rooms_missing(&library), Vec::<String>::new());
    library.sources.remove("src/engine/source/mod.rs");
    assert_eq!(rooms_missing(&library), ["src/engine/ has no room source"]);
}

#[test]
fn long_files_are_found() {
    let (long, short) = ("\n".repeat(LINES + 1), "\n".repeat(LINES));
    let files = [("engine/object/put.rs", &long), ("engine/mod.rs", &short), ("wire/key.rs", &long)];
    let library = Crate::made_up(files.map(|(file, source)| (file, source.as_str())));
    assert_eq!(files_too_long(&library), ["src/engine/object/put.rs: 331 lines, of at most 330"]);
}

#[test]
fn the_emulator_shares_nothing_with_the_library() {
    let sources = [sources("emulator/src"), sources("emulator/c/src")];
    assert!(sources.iter().all(|sources| sources.len() > 10));
    for (file, source) in sources.iter().flatten() {
        assert!(!source.contains("oss_upload"), "{file} names the library");
        let outside = source.contains("#[path") || source.contains("include!");
        assert!(!outside, "{file} may take in what is not its own");
    }
    for (manifest, folders_above) in [("emulator/Cargo.toml", 0), ("emulator/c/Cargo.toml", 1)] {
        let text = read(repository(manifest));
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let lines = lines.filter(|line| line.contains("oss-upload") || line.contains("path = \".."));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), folders_above, "{manifest} depends on the library: {lines:?}");
    }
    let surface = read(repository("emulator/c/Cargo.toml"));
    assert!(surface.contains("emulator = { package = \"oss-emulator\", path = \"..\" }"), "{surface}");
}

/// Where the programs of the system are started, once they are found to be there.
const TOOLS: &str = "tests/support/tools.rs";

/// The lines of a test that start a program of the system by its name.
fn programs_started(source: &str) -> Vec<&str> {
    source.lines().map(str::trim).filter(|line| line.contains("Command::new(\"")).collect()
}

#[test]
fn tests_ask_for_the_programs_that_they_start() {
    let sources: Vec<_> = sources("tests").into_iter().chain(sources("emulator/tests")).collect();
    assert!(sources.len() > 60);
    for (file, source) in sources.iter().filter(|(file, _)| file != TOOLS) {
        let started = programs_started(source);
        assert!(started.is_empty(), "{file} does not start through {TOOLS}: {started:?}");
    }
    assert_eq!(
        programs_started("  Command::new(\"sh\");\n  Command::new(path);\n"),
        ["Command::new(\"sh\");"]
    );
}

/// The files beside the first one of a program that are no part of it, so that nothing runs their tests.
fn left_out(main: &str, beside: &[&str]) -> Vec<String> {
    let is_part = |name: &str| main.lines().any(|line| line == format!("mod {name};"));
    beside.iter().filter(|name| !is_part(name)).map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_file_of_a_test_program_is_part_of_it() {
    let sources: Vec<_> = sources("tests").into_iter().chain(sources("emulator/tests")).collect();
    let programs = sources.iter().filter_map(|(file, main)| Some((file.strip_suffix("main.rs")?, main)));
    let programs: Vec<_> = programs.collect();
    assert!(programs.len() > 5, "the programs are not found");
    for (folder, main) in programs {
        let names = sources.iter().filter_map(|(file, _)| file.strip_prefix(folder)?.strip_suffix(".rs"));
        let beside: Vec<&str> = names.filter(|name| *name != "main" && !name.contains('/')).collect();
        assert!(!beside.is_empty(), "{folder} has no files");
        assert_eq!(left_out(main, &beside), Vec::<String>::new(), "{folder}main.rs leaves out a file");
    }
    assert_eq!(left_out("mod here;\n// mod gone;\n", &["here", "gone"]), ["gone"]);
}
