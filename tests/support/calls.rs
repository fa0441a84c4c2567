//! Calls of functions in C programs, as far as it takes to see which arguments are NULL.

use super::header::{Item, words};
use std::collections::BTreeMap;

/// For each function the arguments of its calls.
pub type Calls = BTreeMap<String, Vec<Vec<String>>>;

/// The pointers of functions for which no call has NULL.
pub fn never_null(items: &[Item], calls: &Calls) -> Vec<String> {
    let mut missing = Vec::new();
    for item in items {
        let Some(parameters) = item.parameters() else { continue };
        let Some(calls) = calls.get(&item.name) else {
            missing.push(format!("{} is never called", item.name));
            continue;
        };
        for (index, parameter) in parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_pointer)
        {
            let is_null = |call: &Vec<String>| {
                call.len() == parameters.len() && matches!(call[index].as_str(), "NULL" | "where")
            };
            if !calls.iter().any(is_null) {
                missing.push(format!("{} is never called with NULL for {}", item.name, parameter.name));
            }
        }
    }
    missing
}

/// The calls in a C program: the function's name, and the arguments of each call as they are written.
pub fn calls(source: &str) -> Calls {
    let code = without_comments_and_texts(source);
    let mut calls = Calls::new();
    for (open, _) in code.match_indices('(') {
        let Some(name) = words(&code[..open]).next_back().filter(|name| code[..open].ends_with(name)) else {
            continue;
        };
        let mut arguments = vec![String::new()];
        let mut depth = 0;
        for character in code[open..].chars() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            match character {
                _ if depth == 0 => break,
                ',' if depth == 1 => arguments.push(String::new()),
                '(' if depth == 1 => {}
                c => arguments.last_mut().expect("an argument").push(c),
            }
        }
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.trim().to_owned()).collect();
        let arguments = if arguments == [""] { Vec::new() } else { arguments };
        calls.entry(name.to_owned()).or_default().push(arguments);
    }
    calls
}

fn without_comments_and_texts(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            code.push_str("text");
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, character)| {
                let is_end = *character == '"' && !escaped;
                escaped = *character == '\\' && !escaped;
                is_end
            });
            end.map_or(rest.len(), |(end, _)| end + 1)
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}
