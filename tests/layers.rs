//! The house's order: who may use whom in the library's source, and that the emulator stands on its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::collections::BTreeMap;
use support::{read, repository};

/// Each layer and those that it may use. Whatever a layer is, it uses nothing above or beside it, except that
/// credentials are handed on in the form that signing takes.
const LAYERS: [(&str, &[&str]); 7] = [
    ("abi", &["engine", "callback", "credentials", "wire"]),
    ("engine", &["callback", "sign", "credentials", "transport", "wire"]),
    ("callback", &["wire"]),
    ("sign", &["wire"]),
    ("credentials", &["sign", "wire"]),
    ("transport", &["wire"]),
    ("wire", &[]),
];

/// Words that stand in the code of some layers only.
const WORDS: [(&str, &[&str]); 4] = [
    ("unsafe", &["abi", "transport"]),
    ("tokio", &["transport"]),
    ("reqwest", &["transport"]),
    ("extern", &["abi"]),
];

/// The Rust files below a folder, by their paths within it.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let files = support::files_below(folder).into_iter().filter(|file| file.ends_with(".rs"));
    let within = |file: &str| file.trim_start_matches(folder).trim_start_matches('/').to_owned();
    files.map(|file| (within(&file), read(repository(&file)))).collect()
}

/// The code without comments, and with nothing in its texts.
fn code_of(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let previous_is_word = code.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            length_of_block_comment(rest)
        } else if let Some(length) = length_of_raw_text(rest).filter(|_| !previous_is_word) {
            code.push_str("\"\"");
            length
        } else if let Some(inner) = rest.strip_prefix('"') {
            code.push_str("\"\"");
            1 + end_of_text(inner, '"')
        } else if let Some(length) = length_of_character(rest) {
            code.push_str("' '");
            length
        } else {
            let character = rest.chars().next().expect("a character");
            code.push(character);
            character.len_utf8()
        };
        at += length;
    }
    code
}

fn length_of_block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

fn length_of_raw_text(text: &str) -> Option<usize> {
    let after = ["br", "cr", "r"].iter().find_map(|prefix| text.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inner = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |found| found + end.len());
    Some(text.len() - inner.len() + length)
}

/// Where a text behind its first quote ends, the last quote included.
fn end_of_text(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character literal; a lifetime is none.
fn length_of_character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let mut characters = inner.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    (first == '\\' || second == '\'').then(|| match first {
        // The escaped character may be a quote.
        '\\' => 2 + second.len_utf8() + end_of_text(&inner[1 + second.len_utf8()..], '\''),
        _ => 1 + first.len_utf8() + 1,
    })
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    support::header::words(code)
}

/// The modules of the crate's root that the code names after `crate::`, alone or in braces.
fn layers_named(code: &str) -> Vec<String> {
    let compact: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let mut named = Vec::new();
    for (at, path) in compact.match_indices("crate::") {
        let inside_a_word = compact[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        // `pub(in crate::x)` and the like name no other layer, but cost nothing to check; `usecrate` is `use crate`.
        if inside_a_word && !compact[..at].ends_with("use") && !compact[..at].ends_with("in") {
            continue;
        }
        let rest = &compact[at + path.len()..];
        match rest.strip_prefix('{') {
            None => named.extend(words(rest).next().map(str::to_owned)),
            Some(group) => {
                let mut depth = 1;
                let mut start = true;
                for (at, character) in group.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => start = true,
                        _ if start && depth == 1 => {
                            named.extend(words(&group[at..]).next().map(str::to_owned));
                            start = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    named
}

/// What in a file of the library is against the order.
fn violations(file: &str, source: &str) -> Vec<String> {
    let code = code_of(source);
    let mut found = Vec::new();
    let Some((layer, inner)) = file.split_once('/') else {
        for (word, _) in WORDS {
            if words(&code).any(|other| other == word) {
                found.push(format!("src/{file}: {word}"));
            }
        }
        return found;
    };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        return vec![format!("src/{file}: {layer} is no layer")];
    };
    for other in layers_named(&code) {
        if other != layer && !allowed.contains(&other.as_str()) {
            found.push(format!("src/{file}: {layer} uses {other}"));
        }
    }
    // So that no path leaves a layer without saying `crate`.
    let compact: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let outside_modules = compact.split("modtests{").next().unwrap_or_default();
    if compact.contains("super::super::") || (inner == "mod.rs" && outside_modules.contains("super::")) {
        found.push(format!("src/{file}: a path out of the layer must begin with crate"));
    }
    for (word, layers) in WORDS {
        if !layers.contains(&layer) && words(&code).any(|other| other == word) {
            found.push(format!("src/{file}: {word} is for {} only", layers.join(" and ")));
        }
    }
    found
}

#[test]
fn dependencies_point_down() {
    let sources = sources("src");
    for (layer, _) in LAYERS {
        assert!(sources.contains_key(&format!("{layer}/mod.rs")), "the layer {layer} is missing");
    }
    let named: usize = sources.values().map(|source| layers_named(&code_of(source)).len()).sum();
    assert!(named > 50, "only {named} paths found: the source's form is not understood");
    let found: Vec<String> = sources.iter().flat_map(|(file, source)| violations(file, source)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn what_is_out_of_order_is_found() {
    for (file, source, complaint) in [
        ("wire/key.rs", "use crate::engine::Body;", "wire uses engine"),
        ("wire/key.rs", "fn f() { crate :: sign::hash(); }", "wire uses sign"),
        ("sign/v4.rs", "use crate::{wire::{key, xml}, transport};", "sign uses transport"),
        ("sign/v4.rs", "use crate::credentials::Credentials;", "sign uses credentials"),
        ("callback/check.rs", "pub(super) use crate::engine::*;", "callback uses engine"),
        ("transport/lane.rs", "use\n    crate::callback::Callback;", "transport uses callback"),
        ("engine/put.rs", "use crate::abi::guard;", "engine uses abi"),
        ("abi/put.rs", "use crate::transport::Lane;", "abi uses transport"),
        ("engine/put.rs", "use super::super::abi;", "must begin with crate"),
        ("wire/mod.rs", "use super::engine;", "must begin with crate"),
        ("engine/put.rs", "unsafe { f() }", "unsafe is for abi and transport only"),
        ("engine/put.rs", "async fn f(lane: tokio::runtime::Runtime) {}", "tokio is for transport only"),
        ("engine/put.rs", "use reqwest::Url;", "reqwest is for transport only"),
        ("transport/sigpipe.rs", "extern \"C\" fn f() {}", "extern is for abi only"),
        ("lib.rs", "unsafe fn f() {}", "unsafe"),
        ("logging/mod.rs", "", "logging is no layer"),
    ] {
        let found = violations(file, source).join("\n");
        assert!(found.contains(complaint), "{file}: {source:?}: {found:?} does not say {complaint:?}");
    }
    let tame = r####"
        //! Uses crate::abi and unsafe tokio.
        /* crate::engine /* reqwest */ unsafe */
        use crate::wire::key;
        const A: &str = "crate::engine \" unsafe"; const B: &str = r#"" unsafe tokio"#; const C: char = '"';
        const D: &[u8] = b"unsafe\\"; const E: char = '\''; fn f<'a>(unsafely: &'a str) {}
        mod tests { use super::*; }
    "####;
    assert_eq!(violations("sign/mod.rs", tame), Vec::<String>::new());
}

#[test]
fn the_emulator_shares_nothing_with_the_library() {
    let sources = sources("emulator/src");
    assert!(sources.len() > 10);
    for (file, source) in &sources {
        assert!(!source.contains("oss_upload"), "emulator/src/{file} names the library");
        let outside = source.contains("#[path") || source.contains("include!");
        assert!(!outside, "emulator/src/{file} may take in what is not its own");
    }
    let manifest = read(repository("emulator/Cargo.toml"));
    let lines = manifest.lines().map(|line| line.split('#').next().unwrap_or_default());
    let lines: Vec<&str> =
        lines.filter(|line| line.contains("oss-upload") || line.contains("path = \"..")).collect();
    assert!(lines.is_empty(), "emulator/Cargo.toml depends on the library: {lines:?}");
}
