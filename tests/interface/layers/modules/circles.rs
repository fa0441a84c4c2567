//! Circles of files that use one another.

use super::Arrows;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One circle for each set of files of which every one uses every other, be it by way of others.
pub fn circles(arrows: &Arrows) -> Vec<String> {
    let reached: BTreeMap<&str, _> =
        arrows.keys().map(|file| (file.as_str(), reached(arrows, file))).collect();
    let leads_to = |from: &str, to: &str| reached.get(from).is_some_and(|reached| reached.contains(to));
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for file in arrows.keys().map(String::as_str) {
        if leads_to(file, file) && !told.contains(file) {
            let all: Vec<&str> =
                reached[file].iter().copied().filter(|other| leads_to(other, file)).collect();
            found.push(description(arrows, &all));
            told.extend(all);
        }
    }
    found
}

/// The files that one uses, itself or by way of others.
fn reached<'a>(arrows: &'a Arrows, file: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = used(arrows, file).collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(used(arrows, file));
        }
    }
    reached
}

fn used<'a>(arrows: &'a Arrows, file: &str) -> impl Iterator<Item = &'a str> {
    arrows.get(file).into_iter().flatten().map(|(other, _)| other.as_str())
}

/// The shortest circle among files, and all of them if there are more than its own.
fn description(arrows: &Arrows, files: &[&str]) -> String {
    let circle = files.iter().map(|file| circle_of(arrows, file)).min_by_key(Vec::len).unwrap_or_default();
    let mut text = circle[0].to_owned();
    for (from, to) in circle.iter().zip(&circle[1..]) {
        let names: Vec<&str> = arrows[*from][*to].iter().map(String::as_str).collect();
        text.push_str(&format!(" -> {to} ({})", names.join(", ")));
    }
    if files.len() >= circle.len() {
        text.push_str(&format!("\n    one circle among {} files: {}", files.len(), files.join(", ")));
    }
    text
}

/// The shortest way from a file back to itself, which there is.
fn circle_of<'a>(arrows: &'a Arrows, file: &'a str) -> Vec<&'a str> {
    let mut ways = VecDeque::from([vec![file]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in used(arrows, way[way.len() - 1]) {
            let longer = [way.as_slice(), &[next]].concat();
            if next == file {
                return longer;
            }
            if seen.insert(next) {
                ways.push_back(longer);
            }
        }
    }
    Vec::new()
}

mod tests {
    use super::super::Crate;
    use super::circles;

    fn circles_of(files: &[(&'static str, &'static str)]) -> Vec<String> {
        let library = Crate::made_up(files.iter().copied());
        assert_eq!(library.paths_to_nowhere(), Vec::<String>::new());
        circles(&library.arrows())
    }

    #[test]
    fn circles_are_found() {
        let a = ("a.rs", "use crate::b::B; pub struct A; pub fn f() -> B {}");
        let two = "src/a.rs -> src/b.rs (B) -> src/a.rs";
        for b in [
            "pub struct B(crate::a::A);",
            "use super::a; pub struct B; impl B { fn g() -> u8 { a::f::<u8>() } }",
            "pub struct B; fn g(b: B) { assert!(b.a, \"{}\", super::a::f()) }",
            "use super::a::*; pub struct B(A);",
            "use crate::{b::{self as own}, a::{self as other, A as Other}}; pub struct B;",
            "pub use crate::a::A; pub struct B;",
            "pub struct B; mod inner { fn g() -> super::super::a::A {} }",
        ] {
            let found = circles_of(&[a, ("b.rs", b)]).join("\n");
            assert!(found.starts_with(two), "{b}: {found:?} does not tell {two:?}");
        }

        let b = ("b.rs", "use crate::e::E; pub struct B;");
        let e = ("e.rs", "use super::a::{A, f}; pub enum E { F }");
        let three = "src/a.rs -> src/b.rs (B) -> src/e.rs (E) -> src/a.rs (A, f)";
        assert_eq!(circles_of(&[a, b, e]), [three]);

        let a = ("a.rs", "use crate::c::{self, D}; pub struct A; fn f() { c::g() }");
        let c = ("c/mod.rs", "mod d; pub use d::{D, f as g};");
        let d = ("c/d.rs", "use crate::a::A; pub struct D; pub fn f() {}");
        let past_the_one_between = "src/a.rs -> src/c/d.rs (D, f) -> src/a.rs (A)";
        assert_eq!(circles_of(&[a, c, d]), [past_the_one_between]);

        let d = ("c/d.rs", "use super::C; pub struct D;");
        for c in ["mod d; use d::D; pub struct C(D);", "mod d; pub use d::D; pub struct C; fn f(d: D) {}"] {
            let found = circles_of(&[("c/mod.rs", c), d]);
            assert_eq!(found, ["src/c/d.rs -> src/c/mod.rs (C) -> src/c/d.rs (D)"]);
        }
    }

    #[test]
    fn what_is_no_circle_is_not_taken_for_one() {
        let for_tests = "pub const B: &str = \"crate::a::f\"; #[cfg(test)] mod tests { use crate::a::A; }";
        let found = circles_of(&[
            (
                "a.rs",
                "use crate::c::{C, D, E}; use std::fmt; pub struct A; pub fn f(e: E) { E::b(matches!(e, E::F)) }",
            ),
            ("b.rs", for_tests),
            (
                "c/mod.rs",
                "mod d; mod e; pub use d::*; pub(crate) use e::{E, g}; pub struct C; fn h() { i!(a.g) }",
            ),
            ("c/d.rs", "//! Like [`crate::a`].\nuse super::*; pub(in crate::c) struct D(C, E, Option<u8>);"),
            ("c/e.rs", "use super::C; use crate::b; pub enum E { F(C) } pub fn g() { b::B }"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_large_knot_is_told_as_its_shortest_circle() {
        let found = circles_of(&[
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B;"),
            ("c.rs", "use crate::a::A; use crate::d::D; pub struct C;"),
            ("d.rs", "use crate::c::C; pub struct D;"),
            ("e.rs", "use crate::a::A;"),
        ]);
        let circle = "src/c.rs -> src/d.rs (D) -> src/c.rs (C)\n    \
                     one circle among 4 files: src/a.rs, src/b.rs, src/c.rs, src/d.rs";
        assert_eq!(found, [circle]);
    }
}
