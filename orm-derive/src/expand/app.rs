//! `orm::app!`: lists the models of an application, and embeds its migrations.

use crate::errors::Errors;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use std::path::Path as FilePath;
use syn::{
    Attribute, LitStr, Path, Token, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    spanned::Spanned,
};

struct App {
    attributes: Vec<Attribute>,
    vis: Visibility,
    label: Ident,
    models: Vec<Path>,
}

impl Parse for App {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let label = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                "an application has a label and models\nhelp: write `pub library { Author, Book }`",
            )
        })?;
        let inner;
        syn::braced!(inner in input);
        let models =
            inner.call(|input| input.parse_terminated(Path::parse_mod_style, Token![,]))?.into_iter().collect();
        Ok(App { attributes, vis, label, models })
    }
}

/// `orm::app!`.
pub(crate) fn app(input: TokenStream) -> TokenStream {
    let app: App = match syn::parse2(input) {
        Ok(app) => app,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let label = app.label.unraw().to_string();
    if !label.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_') {
        errors.at(
            &app.label,
            "a label starts the names of tables",
            format_args!("write it in small letters: `{}`", snake(&label)),
        );
    }
    let models = distinct(&app.models, &mut errors);
    let migrations = migrations(&label, &mut errors);
    let errors = errors.into_tokens();
    let App { attributes, vis, label: function, .. } = &app;
    let spec = format_ident!("__ORM_APP_{}", label.to_uppercase());
    let metas = models.iter().map(|model| quote_spanned!(model.span()=> <#model as ::orm::__private::Model>::meta));
    let listed = models.iter().map(|model| {
        quote_spanned! {model.span()=>
            impl ::orm::__private::Listed for #model {
                const APP: &'static ::orm::__private::AppSpec = &#spec;
            }
        }
    });
    let doc = attributes.iter().all(|attribute| !attribute.path().is_ident("doc"));
    let doc = doc.then(|| format!("The application `{label}`.")).map(|doc| quote!(#[doc = #doc]));
    quote! {
        #[doc(hidden)]
        static #spec: ::orm::__private::AppSpec = ::orm::__private::AppSpec {
            label: #label,
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            file: ::core::file!(),
            package: ::core::env!("CARGO_PKG_NAME"),
            models: &[#(#metas),*],
            migrations: &[#(#migrations),*],
        };
        #(#listed)*
        #(#attributes)*
        #doc
        #vis fn #function() -> ::orm::App { ::orm::App::new(&#spec) }
        #errors
    }
}

fn snake(label: &str) -> String {
    let mut out = String::new();
    for letter in label.chars() {
        if letter.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

fn distinct<'a>(models: &'a [Path], errors: &mut Errors) -> Vec<&'a Path> {
    let mut out: Vec<&Path> = Vec::new();
    for model in models {
        if out.contains(&model) {
            errors.at(model, "this model is listed twice", "list it once");
        } else {
            out.push(model);
        }
    }
    out
}

/// The files of `migrations/<app>/`, built into the program. The index is built in too: its change rebuilds. What it does not
/// list is found when the program reads them: it has to compile, so that `makemigrations` can mend it.
fn migrations(label: &str, errors: &mut Errors) -> Vec<TokenStream> {
    let Ok(root) = std::env::var("CARGO_MANIFEST_DIR") else { return Vec::new() };
    let root = FilePath::new(&root).join("migrations");
    let mut files = Vec::new();
    if root.join("index.toml").is_file() {
        files.push(("index.toml".to_owned(), root.join("index.toml")));
    }
    if let Ok(folder) = std::fs::read_dir(root.join(label)) {
        let found =
            folder.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "toml"));
        for path in found {
            match path.file_name().and_then(|name| name.to_str()) {
                Some(name) => files.push((format!("{label}/{name}"), path)),
                None => errors.here(
                    proc_macro2::Span::call_site(),
                    format_args!("{} is no name of a migration", path.display()),
                    "use letters, digits and `_`",
                ),
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .filter_map(|(name, path)| Some((name, LitStr::new(path.to_str()?, proc_macro2::Span::call_site()))))
        .map(|(name, path)| quote!((#name, ::core::include_str!(#path))))
        .collect()
}
