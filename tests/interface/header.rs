//! The C header: it is what the source says, compiles everywhere, and documents all that it declares.

use crate::support::c_program::{Dialect, compiles};
use crate::support::header::{self, HEADER, Item, Kind, undocumented};
use crate::support::{self, effort, read, repository};
use std::collections::BTreeSet;

const STANDARDS: [&str; 8] = ["c99", "c11", "c17", "c2x", "c++11", "c++14", "c++17", "c++20"];

/// Every standard, as each compiler that is there understands it.
fn dialects() -> Vec<Dialect> {
    let of =
        |compiler| effort::ends(&STANDARDS).into_iter().map(move |standard| Dialect { compiler, standard });
    let all = ["gcc", "clang"].into_iter().flat_map(of);
    all.filter(|dialect| dialect.is_there("the header")).collect()
}

#[test]
fn the_committed_header_is_the_generated_one() {
    support::assert_committed(HEADER, &read(env!("OSS_UPLOAD_GENERATED_HEADER")));
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_standard() {
    for dialect in dialects() {
        let source = "#include <oss_upload.h>\n#include <oss_upload.h>\nextern int used;\n";
        if let Err(complaint) = compiles(dialect, source) {
            panic!("{complaint}");
        }
    }
}

#[test]
fn a_complaint_of_the_compiler_is_noticed() {
    for dialect in dialects() {
        let source = "#include <oss_upload.h>\nstatic int unused;\n";
        assert!(compiles(dialect, source).is_err(), "{dialect:?} has nothing to say");
    }
}

#[test]
fn every_example_compiles() {
    let text = read(repository(HEADER));
    let examples = header::examples(&text);
    assert!(!examples.is_empty(), "the header has no @code … @endcode");
    assert_eq!(examples.len(), text.matches("@endcode").count(), "an example was not found");
    let dialects = ["c99", "c++11"].map(|standard| Dialect { compiler: "gcc", standard });
    for dialect in dialects.into_iter().filter(|dialect| dialect.is_there("the examples in the header")) {
        for (index, example) in examples.iter().enumerate() {
            let source = format!(
                "#include <oss_upload.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n\
                 int32_t read_data(void *user_data, void *buffer, size_t capacity, size_t *got);\n\
                 int32_t current_key(void *user_data, oss_credentials_answer *answer);\n\
                 void example(const oss_bucket *bucket, const oss_callback *callback, const void *data, size_t size);\n\
                 void example(const oss_bucket *bucket, const oss_callback *callback, const void *data, size_t size)\n\
                 {{\n    (void)bucket; (void)callback; (void)data; (void)size;\n    {{\n{example}\n    }}\n}}\n"
            );
            if let Err(complaint) = compiles(dialect, &source) {
                panic!("example {} does not compile:\n{example}\n\n{complaint}", index + 1);
            }
        }
    }
}

/// A `bool` that is neither 0 nor 1 is undefined behaviour, and programs in other languages make such ones.
#[test]
fn flags_are_numbers() {
    let header = read(repository(HEADER));
    let found: Vec<&str> = header.lines().filter(|line| line.contains("bool")).collect();
    assert!(found.is_empty(), "{HEADER}:\n{}", found.join("\n"));
}

#[test]
fn everything_is_documented() {
    let undocumented = undocumented(&header::items());
    assert!(undocumented.is_empty(), "{HEADER}:\n{}", undocumented.join("\n"));
}

#[test]
fn every_function_type_says_that_nothing_may_be_thrown_out_of_it() {
    let types: Vec<Item> = header::items().into_iter().filter(|item| item.name.ends_with("_fn")).collect();
    assert!(types.len() >= 5, "{types:?}");
    let says = |item: &&Item| item.doc.as_ref().is_some_and(|doc| doc.contains("thrown"));
    let silent: Vec<&Item> = types.iter().filter(|item| !says(item)).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn what_is_not_documented_is_found() {
    let header = "typedef enum {\n    /**\n     * Fine.\n     */\n    A = 0,\n    B = 1,\n} e;\n\
                  typedef struct s s;\n\
                  /* Not a doc comment. */\nint f(int a);\n\
                  /**\n * A function.\n *\n * @param a  well.\n */\nint g(int a, const char *b);\n\
                  /**\n * A function.\n *\n * @param c  gone.\n * @return something.\n */\nvoid h(void);\n";
    let found = undocumented(&header::parse(header)).join("\n");
    for missing in [
        "e has no comment",
        "B has no comment",
        "s has no comment",
        "f has no comment",
        "g does not say what b is",
        "g does not say what it returns",
        "h describes c",
        "h returns nothing",
    ] {
        assert!(found.contains(missing), "{missing:?} is not in\n{found}");
    }
}

#[test]
fn no_name_is_one_of_the_official_c_sdk() {
    let symbols = read(repository("tests/c-sdk-symbols.txt"));
    let taken: BTreeSet<&str> = symbols.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(taken.len() > 500 && taken.contains("oss_put_object_from_buffer"), "the list is not read");
    let mut clashes = Vec::new();
    let mut checked = 0;
    for item in header::items() {
        let mut names = vec![item.name];
        if let Kind::Enum(enumerators) = item.kind {
            names.extend(enumerators.into_iter().map(|enumerator| enumerator.name));
        }
        checked += names.len();
        clashes.extend(names.into_iter().filter(|name| taken.contains(name.as_str())));
    }
    // The include guard is a name as well.
    assert!(!taken.contains("OSS_UPLOAD_H"));
    assert!(checked > 100, "only {checked} names");
    assert!(clashes.is_empty(), "also names of the official C SDK: {clashes:?}");
}

/// The numbers that programs were compiled with. None of them ever changes; new ones are added here.
const NUMBERS: [(&str, i64); 60] = [
    ("OSS_STATUS_OK", 0),
    ("OSS_STATUS_INVALID_ARGUMENT", 1),
    ("OSS_STATUS_LOCAL_IO", 2),
    ("OSS_STATUS_SOURCE_CHANGED", 3),
    ("OSS_STATUS_CANCELLED", 4),
    ("OSS_STATUS_CREDENTIALS", 5),
    ("OSS_STATUS_CHECKPOINT_BUSY", 6),
    ("OSS_STATUS_OUT_OF_MEMORY", 7),
    ("OSS_STATUS_NETWORK", 100),
    ("OSS_STATUS_TIMEOUT", 101),
    ("OSS_STATUS_TLS", 102),
    ("OSS_STATUS_SERVICE", 200),
    ("OSS_STATUS_INTEGRITY", 201),
    ("OSS_STATUS_BAD_RESPONSE", 202),
    ("OSS_STATUS_CALLBACK_FAILED", 300),
    ("OSS_STATUS_CALLBACK_UNKNOWN", 301),
    ("OSS_STATUS_NOT_AUTHENTIC", 302),
    ("OSS_STATUS_INTERNAL", 900),
    ("OSS_STORED_NO", 0),
    ("OSS_STORED_YES", 1),
    ("OSS_STORED_UNKNOWN", 2),
    ("OSS_SIGNATURE_VERSION_V1", 1),
    ("OSS_SIGNATURE_VERSION_V4", 4),
    ("OSS_ADDRESSING_AUTO", 0),
    ("OSS_ADDRESSING_VIRTUAL", 1),
    ("OSS_ADDRESSING_PATH", 2),
    ("OSS_ADDRESSING_CNAME", 3),
    ("OSS_CALLBACK_BODY_FORM", 0),
    ("OSS_CALLBACK_BODY_JSON", 1),
    ("OSS_CALLBACK_AT_MOST_ONCE", 0),
    ("OSS_CALLBACK_AT_LEAST_ONCE", 1),
    ("OSS_OBJECT_ACL_DEFAULT", 0),
    ("OSS_OBJECT_ACL_PRIVATE", 1),
    ("OSS_OBJECT_ACL_PUBLIC_READ", 2),
    ("OSS_OBJECT_ACL_PUBLIC_READ_WRITE", 3),
    ("OSS_STORAGE_STANDARD", 0),
    ("OSS_STORAGE_IA", 1),
    ("OSS_STORAGE_ARCHIVE", 2),
    ("OSS_STORAGE_COLD_ARCHIVE", 3),
    ("OSS_STORAGE_DEEP_COLD_ARCHIVE", 4),
    ("OSS_ENCRYPTION_AES256", 0),
    ("OSS_ENCRYPTION_KMS", 1),
    ("OSS_ENCRYPTION_SM4", 2),
    ("OSS_ENCRYPTION_KMS_SM4", 3),
    ("OSS_LOG_LEVEL_ERROR", 1),
    ("OSS_LOG_LEVEL_WARNING", 2),
    ("OSS_LOG_LEVEL_INFO", 3),
    ("OSS_LOG_LEVEL_DEBUG", 4),
    ("OSS_PHASE_PAUSING", 0),
    ("OSS_PHASE_RESOLVING", 1),
    ("OSS_PHASE_CONNECTING", 2),
    ("OSS_PHASE_TLS", 3),
    ("OSS_PHASE_SENDING", 4),
    ("OSS_PHASE_WAITING", 5),
    ("OSS_PHASE_RECEIVING", 6),
    ("sizeof(oss_status)", 4),
    ("sizeof(oss_stored)", 4),
    ("OSS_SEVERITY_NONE", 0),
    ("OSS_SEVERITY_WARNING", 1),
    ("OSS_SEVERITY_ERROR", 2),
];

#[test]
fn no_number_ever_changes() {
    let asserts = |numbers: &[(&str, i64)]| {
        let line = |(name, value): &(&str, i64)| format!("_Static_assert({name} == {value}, \"{name}\");\n");
        format!("#include <oss_upload.h>\n{}", numbers.iter().map(line).collect::<String>())
    };
    let c11 = Dialect { compiler: "gcc", standard: "c11" };
    if let Err(complaint) = compiles(c11, &asserts(&NUMBERS)) {
        panic!("{complaint}");
    }
    assert!(compiles(c11, &asserts(&[("OSS_STATUS_OK", 1)])).is_err(), "a wrong number goes unnoticed");

    for item in header::items() {
        let Kind::Enum(enumerators) = item.kind else { continue };
        for enumerator in enumerators {
            let known = NUMBERS.iter().find(|(name, _)| *name == enumerator.name);
            assert!(known.is_some(), "{} is not in the list of numbers that never change", enumerator.name);
            assert!(enumerator.value.is_some(), "{} has no value of its own", enumerator.name);
        }
    }
}
