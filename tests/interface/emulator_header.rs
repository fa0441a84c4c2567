//! The emulator's C header and its libraries: they are what the source says, documented, and get along with those beside them.

use crate::support::c_program::{Dialect, compiles};
use crate::support::calls::{calls, never_null};
use crate::support::elf::SharedLibrary;
use crate::support::emulator_library::{HEADER, LIBRARY, SONAME};
use crate::support::header::{self, Item, Kind};
use crate::support::{self, read, repository};
use object::elf::{DF_1_NODELETE, DT_FLAGS_1, DT_SONAME};
use std::collections::BTreeSet;

fn items() -> Vec<Item> {
    let items = header::parse(&read(repository(HEADER)));
    assert!(items.len() > 50, "only {} items: the header's form is not understood", items.len());
    items
}

fn functions() -> BTreeSet<String> {
    items().into_iter().filter(|item| item.parameters().is_some()).map(|item| item.name).collect()
}

#[test]
fn committed_header_is_the_generated_one() {
    support::assert_committed(HEADER, &read(&LIBRARY.header));
}

#[test]
fn header_compiles_beside_that_of_the_library() {
    for standard in ["c99", "c++11"] {
        for compiler in ["gcc", "clang"] {
            let dialect = Dialect { compiler, standard };
            let source = "#include <oss_emulator.h>\n#include <oss_upload.h>\n#include <oss_emulator.h>\nextern int used;\n";
            if dialect.is_there("the emulator's header")
                && let Err(complaint) = compiles(dialect, source)
            {
                panic!("{complaint}");
            }
        }
    }
}

#[test]
fn examples_compile_and_look_at_each_status() {
    let examples = header::examples(&read(repository(HEADER)));
    assert!(examples.len() > 3, "{examples:?}");
    for standard in ["c99", "c++11"] {
        let dialect = Dialect { compiler: "gcc", standard };
        for example in examples.iter().filter(|_| dialect.is_there("the examples in the emulator's header")) {
            let source = format!(
                "#include <oss_emulator.h>\n#include <stdio.h>\n\nvoid example(void);\nvoid example(void) {{\n{example}\n}}\n"
            );
            if let Err(complaint) = compiles(dialect, &source) {
                panic!("{example}\n\n{complaint}");
            }
        }
    }
}

#[test]
fn everything_is_documented() {
    assert_eq!(header::undocumented(&items()), Vec::<String>::new());
}

#[test]
fn numbers_never_change() {
    let mut numbers = Vec::new();
    for item in items() {
        let Kind::Enum(enumerators) = item.kind else { continue };
        numbers.extend(enumerators.into_iter().map(|enumerator| (enumerator.name, enumerator.value)));
    }
    let known = [("OK", 0), ("INVALID_ARGUMENT", 1), ("SYSTEM", 2), ("INTERNAL", 900)];
    let known = known.map(|(name, value)| (format!("OSS_EMULATOR_STATUS_{name}"), Some(value)));
    assert_eq!(numbers, known);
}

#[test]
fn no_name_is_that_of_somebody_else() {
    let others = header::items().into_iter().map(|item| item.name);
    let symbols = read(repository("tests/c-sdk-symbols.txt"));
    let taken: BTreeSet<String> = symbols.lines().map(str::to_owned).chain(others).collect();
    for item in items() {
        assert!(item.name.starts_with("oss_emulator"), "{} does not say whose it is", item.name);
        assert!(!taken.contains(&item.name), "{} is taken", item.name);
    }
}

#[test]
fn library_exports_what_the_header_declares_and_nothing_else() {
    let library = SharedLibrary::read(&LIBRARY.shared);
    assert_eq!(library.exports(), functions());
    assert_eq!(library.dynamic(DT_SONAME), [SONAME]);
    let flags: u64 = library.numbers(DT_FLAGS_1).iter().sum();
    assert_ne!(flags & DF_1_NODELETE.0, 0, "its threads may outlive it: {flags:#x}");
}

#[test]
fn every_pointer_of_every_function_is_once_null() {
    let program = "tests/c/emulator_arguments.c";
    let missing = never_null(&items(), &calls(&read(repository(program))));
    assert!(missing.is_empty(), "{program}:\n{}", missing.join("\n"));
}
