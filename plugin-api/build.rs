//! Writes the hashes of `src/layout.rs`.
//!
//! Every type with a fixed layout, every alias and every cglue trait in `src/` is brought to one form: its definition without
//! comments, attributes other than `repr`, and bodies. The hash of a surface is made of the definitions that its roots reach.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{env, fs};

/// What each hash is of: the type aliases in `descriptor.rs` by which plugins are made.
const SURFACES: &[(&str, &[&str])] = &[
    ("CONNECTOR", &["CreateConnector", "Targets", "Members"]),
    ("CONNECTOR_ON", &["CreateConnectorOn"]),
    ("OS", &["CreateOs", "Members"]),
    ("COMMAND", &["CreateCommand"]),
];

/// The part of cglue's version that its layouts belong to.
const CGLUE: &str = "cglue 0.3";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=src");
    let mut definitions = BTreeMap::new();
    let mut files: Vec<PathBuf> = fs::read_dir("src")?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "rs")) {
        for item in syn::parse_file(&fs::read_to_string(file)?)?.items {
            define(&item, &mut definitions);
        }
    }
    let mut out = String::from("mod surface {\n");
    for (name, roots) in SURFACES {
        out += &format!("    pub const {name}: u64 = {:#x};\n", hash(&reached(&definitions, roots)));
    }
    out += "}\n";
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("layout.rs"), out)?;
    Ok(())
}

/// Notes what an item lays out.
fn define(item: &syn::Item, definitions: &mut BTreeMap<String, TokenStream>) {
    let mut note = |name: &Ident, tokens: TokenStream| {
        definitions.insert(name.to_string(), tokens);
    };
    match item {
        syn::Item::Struct(s) if fixed(&s.attrs) => {
            let mut s = s.clone();
            s.attrs.retain(|a| a.path().is_ident("repr"));
            s.fields.iter_mut().for_each(|f| f.attrs.clear());
            note(&s.ident.clone(), s.to_token_stream());
        }
        syn::Item::Enum(e) if fixed(&e.attrs) => {
            let mut e = e.clone();
            e.attrs.retain(|a| a.path().is_ident("repr"));
            for v in &mut e.variants {
                v.attrs.clear();
                v.fields.iter_mut().for_each(|f| f.attrs.clear());
            }
            note(&e.ident.clone(), e.to_token_stream());
        }
        syn::Item::Type(t) => note(&t.ident, t.ty.to_token_stream()),
        syn::Item::Trait(t) if t.attrs.iter().any(|a| a.path().is_ident("cglue_trait")) => {
            let methods = t.items.iter().filter_map(|i| match i {
                syn::TraitItem::Fn(f) => Some(f.sig.to_token_stream()),
                _ => None,
            });
            note(&t.ident, methods.collect());
        }
        // `cglue_trait_group!(Name, { Trait, .. }, {})` makes the type `NameBox` and its like.
        syn::Item::Macro(m) if m.mac.path.is_ident("cglue_trait_group") => {
            if let Some(TokenTree::Ident(name)) = m.mac.tokens.clone().into_iter().next() {
                for suffix in ["Box", "Ref", "Mut", "ArcBox"] {
                    note(&Ident::new(&format!("{name}{suffix}"), name.span()), m.mac.tokens.clone());
                }
            }
        }
        _ => {}
    }
}

/// Whether a type has a layout that does not depend on the compiler.
fn fixed(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|a| a.path().is_ident("repr"))
}

/// The definitions that `roots` reach, by their names.
fn reached<'d>(definitions: &'d BTreeMap<String, TokenStream>, roots: &[&str]) -> BTreeMap<&'d str, String> {
    let mut found = BTreeMap::new();
    let mut open: BTreeSet<String> = roots.iter().map(|r| (*r).to_owned()).collect();
    while let Some(name) = open.pop_first() {
        let Some((name, tokens)) = definitions.get_key_value(&name) else { continue };
        if found.insert(name.as_str(), tokens.to_string()).is_none() {
            names(tokens.clone(), &mut open);
        }
    }
    found
}

fn names(tokens: TokenStream, out: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(i) => {
                out.insert(i.to_string());
            }
            TokenTree::Group(g) => names(g.stream(), out),
            _ => {}
        }
    }
}

/// FNV-1a, 64 bits. Spaces are left out: how tokens are printed is the printer's affair.
fn hash(definitions: &BTreeMap<&str, String>) -> u64 {
    let bytes = definitions.iter().flat_map(|(name, text)| name.bytes().chain([0]).chain(text.bytes()).chain([1]));
    let bytes = CGLUE.bytes().chain(bytes).filter(|b| !b.is_ascii_whitespace());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
