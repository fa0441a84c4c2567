//! Reads one file: its modules, what each of them defines and takes in, and the paths that its code names.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, ItemMod, ItemUse, Macro, UseTree, VisRestricted, Visibility};

/// Names as they are written one behind the other, such as those of `super::bucket::Bucket`.
pub type Path = Vec<String>;

/// A module, in a file of its own or inside another's.
#[derive(Default)]
pub struct Module {
    /// Where it stands below the root of its crate.
    pub path: Path,
    pub file: String,
    /// Whether it is compiled for tests only.
    pub for_tests: bool,
    /// The names of what it defines, modules aside.
    pub items: BTreeSet<String>,
    pub uses: Vec<Use>,
    /// The paths in its code, macros included.
    pub code: Vec<Path>,
}

/// One of the names that a `use` brings.
pub struct Use {
    pub path: Path,
    /// What it is called from now on: with `*` all that is there, with `_` nothing.
    pub name: String,
    /// Whether others may take it from here.
    pub public: bool,
}

impl Module {
    /// All paths that it names.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.uses.iter().map(|used| &used.path).chain(&self.code)
    }

    /// Where a path leads from the root, if it says so by itself.
    pub fn absolute(&self, path: &[String]) -> Option<Path> {
        if !matches!(path.first()?.as_str(), "crate" | "super" | "self") {
            return None;
        }
        let mut absolute = self.path.clone();
        for name in path {
            match name.as_str() {
                "crate" => absolute.clear(),
                "super" => drop(absolute.pop()),
                "self" => {}
                _ => absolute.push(name.clone()),
            }
        }
        Some(absolute)
    }
}

/// The module of a file, and those inside it.
pub fn modules(file: &str, path: Path, source: &str) -> Vec<Module> {
    let parsed = syn::parse_file(source).unwrap_or_else(|error| panic!("{file}: {error}"));
    let for_tests = is_for_tests(&parsed.attrs);
    let module = Module { path, file: file.to_owned(), for_tests, ..Module::default() };
    let mut modules = Vec::new();
    read(module, &parsed.items, &mut modules);
    modules
}

/// The words of the code, comments and texts aside.
pub fn words(source: &str) -> BTreeSet<String> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("{error}: {source}"));
    paths_in(tokens).into_iter().flatten().collect()
}

fn read(mut module: Module, items: &[Item], modules: &mut Vec<Module>) {
    module.items = items.iter().filter_map(name_of).map(Ident::to_string).collect();
    let mut reader = Reader { module, modules };
    items.iter().for_each(|item| reader.visit_item(item));
    let module = reader.module;
    modules.push(module);
}

struct Reader<'a> {
    module: Module,
    modules: &'a mut Vec<Module>,
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let Some((_, items)) = &item.content else { return };
        let mut path = self.module.path.clone();
        path.push(item.ident.to_string());
        let for_tests = self.module.for_tests || is_for_tests(&item.attrs);
        let inner = Module { path, file: self.module.file.clone(), for_tests, ..Module::default() };
        read(inner, items, self.modules);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // With `::` in front it is another crate's.
        if item.leading_colon.is_none() {
            let public = !matches!(item.vis, Visibility::Inherited);
            add_uses(&item.tree, &[], public, &mut self.module.uses);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.module.code.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.module.code.extend(paths_in(call.tokens.clone()));
    }

    // Neither `#[cfg(...)]` nor `pub(in ...)` uses what it names.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.path().is_ident("cfg").then(|| attribute.parse_args::<syn::Path>());
        condition.is_some_and(|condition| condition.is_ok_and(|path| path.is_ident("test")))
    })
}

fn name_of(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::TraitAlias(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

fn add_uses(tree: &UseTree, above: &[String], public: bool, uses: &mut Vec<Use>) {
    // In braces `self` stands for what is in front of them.
    let path_to = |name: &Ident| -> Path {
        above.iter().cloned().chain((name != "self").then(|| name.to_string())).collect()
    };
    match tree {
        UseTree::Name(tree) => {
            let path = path_to(&tree.ident);
            let name = path.last().cloned().unwrap_or_default();
            uses.push(Use { path, name, public });
        }
        UseTree::Rename(tree) => {
            uses.push(Use { path: path_to(&tree.ident), name: tree.rename.to_string(), public });
        }
        UseTree::Glob(_) => uses.push(Use { path: above.to_vec(), name: "*".to_owned(), public }),
        UseTree::Path(tree) => add_uses(&tree.tree, &path_to(&tree.ident), public, uses),
        UseTree::Group(group) => group.items.iter().for_each(|tree| add_uses(tree, above, public, uses)),
    }
}

/// The paths in what is not parsed, such as the arguments of a macro.
fn paths_in(tokens: TokenStream) -> Vec<Path> {
    let mut paths: Vec<Path> = Vec::new();
    let mut before = String::new();
    for token in tokens {
        match token {
            TokenTree::Punct(mark) => {
                before.push(mark.as_char());
                continue;
            }
            TokenTree::Ident(name) => match paths.last_mut() {
                Some(path) if before == "::" => path.push(name.to_string()),
                // A field or a method.
                _ if before == "." => {}
                _ => paths.push(vec![name.to_string()]),
            },
            TokenTree::Group(group) => paths.extend(paths_in(group.stream())),
            TokenTree::Literal(_) => {}
        }
        before.clear();
    }
    paths
}
