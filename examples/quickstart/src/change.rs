//! One model in two versions: what a migration leads from and to. Programs have one; here both stand side by side.

/// The model as it is.
pub mod before {
    use crate::models::Licensing;
    use orm::prelude::*;

    orm::app! { pub legal { Licence } }

    /// A licence, by its SPDX name.
    #[derive(Model, Debug, Clone)]
    #[model(ordering(name))]
    pub struct Licence {
        pub id: i64,
        #[field(max_length = 100, unique)]
        pub name: String,
        pub licensings: HasMany<Licensing>,
    }
}

/// The model as somebody wants it next: a better name, a new field, a condition on it.
pub mod after {
    use orm::prelude::*;

    orm::app! { pub legal { Licence } }

    /// A licence, by its SPDX name.
    #[derive(Model, Debug, Clone)]
    #[model(ordering(spdx), check("risk_up_to_nine", |l| l.risk.between(0, 9)))]
    pub struct Licence {
        pub id: i64,
        #[field(max_length = 100, unique, renamed_from = "name")]
        pub spdx: String,
        #[field(default = 1, help = "from 0, no obligations, to 9")]
        pub risk: i32,
    }
}
