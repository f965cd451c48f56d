//! Every path that a source names, read from its syntax tree.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Collects the paths of a file as they are written.
pub(crate) struct Paths {
    /// Each with the number of inline modules around it.
    found: Vec<(Vec<String>, usize)>,
    depth: usize,
}

impl Paths {
    pub(crate) fn of(text: &str) -> Vec<(Vec<String>, usize)> {
        let file = syn::parse_file(text).expect("source that parses");
        let mut paths = Self { found: Vec::new(), depth: 0 };
        paths.visit_file(&file);
        paths.found
    }

    fn use_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            syn::UseTree::Path(path) => {
                self.use_tree(&with(path.ident.to_string()), &path.tree);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.use_tree(before, item));
            }
            syn::UseTree::Name(name) => self.push(with(name.ident.to_string())),
            syn::UseTree::Rename(name) => self.push(with(name.ident.to_string())),
            syn::UseTree::Glob(_) => self.push(before.to_vec()),
        }
    }

    fn push(&mut self, path: Vec<String>) {
        self.found.push((path, self.depth));
    }

    /// Runs of `name::name::…` in the tokens of a macro call.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut run: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end_of_run(&mut run);
                    }
                    run.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.end_of_run(&mut run);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end_of_run(&mut run);
    }

    fn end_of_run(&mut self, run: &mut Vec<String>) {
        let path = std::mem::take(run);
        if path.len() > 1 {
            self.push(path);
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("cfg")
            && it.parse_args::<syn::Path>().is_ok_and(|what| what.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if is_for_tests(&item.attrs) {
            return;
        }
        self.depth += usize::from(item.content.is_some());
        syn::visit::visit_item_mod(self, item);
        self.depth -= usize::from(item.content.is_some());
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.push(vec![item.ident.to_string()]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.push(path.segments.iter().map(|it| it.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}
