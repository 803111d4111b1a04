//! What the derive writes for a small model, as a snapshot: a change of the expansion is seen in review.

use quote::quote;

fn pretty(tokens: proc_macro2::TokenStream) -> String {
    match syn::parse2(tokens.clone()) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => format!("{error}\n{tokens}"),
    }
}

#[test]
fn a_model() {
    let expansion = super::derive_model(quote! {
        /// A book.
        #[model(ordering(-title), unique(author, title), check("priced", |b| b.price.gte(0)))]
        pub struct Book {
            pub id: i64,
            /// As printed.
            #[field(max_length = 200)]
            pub title: String,
            #[field(max_digits = 8, decimal_places = 2, default = 0)]
            pub price: Decimal,
            #[field(on_delete = cascade)]
            pub author: ForeignKey<Author>,
            pub tags: ManyToMany<Tag>,
        }
    });
    insta::assert_snapshot!(pretty(expansion));
}
