//! Large models and long chains, at the default recursion limit.

use orm::prelude::*;

mod wide {
    use super::*;

    orm::app! { pub wide { Wide } }

    #[derive(Model, Debug, Clone)]
    pub struct Wide {
        pub id: i64,
        pub f00: String,
        pub f01: i64,
        pub f02: bool,
        pub f03: Option<i32>,
        pub f04: Option<String>,
        pub f05: f64,
        pub f06: String,
        pub f07: i64,
        pub f08: bool,
        pub f09: Option<i32>,
        pub f10: Option<String>,
        pub f11: f64,
        pub f12: String,
        pub f13: i64,
        pub f14: bool,
        pub f15: Option<i32>,
        pub f16: Option<String>,
        pub f17: f64,
        pub f18: String,
        pub f19: i64,
        pub f20: bool,
        pub f21: Option<i32>,
        pub f22: Option<String>,
        pub f23: f64,
        pub f24: String,
        pub f25: i64,
        pub f26: bool,
        pub f27: Option<i32>,
        pub f28: Option<String>,
        pub f29: f64,
        pub f30: String,
        pub f31: i64,
        pub f32: bool,
        pub f33: Option<i32>,
        pub f34: Option<String>,
        pub f35: f64,
        pub f36: String,
        pub f37: i64,
        pub f38: bool,
        pub f39: Option<i32>,
        pub f40: Option<String>,
        pub f41: f64,
        pub f42: String,
        pub f43: i64,
        pub f44: bool,
        pub f45: Option<i32>,
        pub f46: Option<String>,
        pub f47: f64,
        pub f48: String,
        pub f49: i64,
        pub f50: bool,
        pub f51: Option<i32>,
        pub f52: Option<String>,
        pub f53: f64,
        pub f54: String,
        pub f55: i64,
        pub f56: bool,
        pub f57: Option<i32>,
        pub f58: Option<String>,
    }
}

#[test]
fn a_model_of_sixty_fields_has_drafts() -> orm::Result<()> {
    let draft = wide::Wide::draft()
        .f00("x")
        .f01(1)
        .f02(true)
        .f05(0.5)
        .f06("x")
        .f07(1)
        .f08(true)
        .f11(0.5)
        .f12("x")
        .f13(1)
        .f14(true)
        .f17(0.5)
        .f18("x")
        .f19(1)
        .f20(true)
        .f23(0.5)
        .f24("x")
        .f25(1)
        .f26(true)
        .f29(0.5)
        .f30("x")
        .f31(1)
        .f32(true)
        .f35(0.5)
        .f36("x")
        .f37(1)
        .f38(true)
        .f41(0.5)
        .f42("x")
        .f43(1)
        .f44(true)
        .f47(0.5)
        .f48("x")
        .f49(1)
        .f50(true)
        .f53(0.5)
        .f54("x")
        .f55(1)
        .f56(true);
    let _row = orm::write::IntoDraftRow::into_row(draft);
    assert_eq!(wide::wide().models().map(|model| model.columns.len()).sum::<usize>(), 60);
    let sql = wide::Wide::objects().filter(|w| w.f53.gt(1.5)).to_sql(orm::Dialect::Sqlite)?;
    assert!(sql.contains("\"f53\" > ?"), "{sql}");
    Ok(())
}

macro_rules! linked {
    ($app:ident: $($name:ident -> $next:ty;)+) => {
        orm::app! { pub $app { $($name),+ } }
        $(
            #[derive(Model, Debug, Clone)]
            pub struct $name {
                pub id: i64,
                pub next: $next,
            }
        )+
    };
}

mod chain {
    use super::*;

    linked! {
        chain:
        M00 -> ForeignKey<M01>;
        M01 -> ForeignKey<M02>;
        M02 -> ForeignKey<M03>;
        M03 -> ForeignKey<M04>;
        M04 -> ForeignKey<M05>;
        M05 -> ForeignKey<M06>;
        M06 -> ForeignKey<M07>;
        M07 -> ForeignKey<M08>;
        M08 -> ForeignKey<M09>;
        M09 -> ForeignKey<M10>;
        M10 -> ForeignKey<M11>;
        M11 -> ForeignKey<M12>;
        M12 -> ForeignKey<M13>;
        M13 -> ForeignKey<M14>;
        M14 -> ForeignKey<M15>;
        M15 -> ForeignKey<M16>;
        M16 -> ForeignKey<M17>;
        M17 -> ForeignKey<M18>;
        M18 -> ForeignKey<M19>;
        M19 -> ForeignKey<M20>;
        M20 -> ForeignKey<M21>;
        M21 -> ForeignKey<M22>;
        M22 -> ForeignKey<M23>;
        M23 -> ForeignKey<M24>;
        M24 -> ForeignKey<M25>;
        M25 -> ForeignKey<M26>;
        M26 -> ForeignKey<M27>;
        M27 -> ForeignKey<M28>;
        M28 -> ForeignKey<M29>;
        M29 -> ForeignKey<M30>;
        M30 -> ForeignKey<M31>;
        M31 -> ForeignKey<M32>;
        M32 -> ForeignKey<M33>;
        M33 -> ForeignKey<M34>;
        M34 -> ForeignKey<M35>;
        M35 -> ForeignKey<M36>;
        M36 -> ForeignKey<M37>;
        M37 -> ForeignKey<M38>;
        M38 -> ForeignKey<M39>;
        M39 -> ForeignKey<M40>;
        M40 -> ForeignKey<M41>;
        M41 -> ForeignKey<M42>;
        M42 -> ForeignKey<M43>;
        M43 -> ForeignKey<M44>;
        M44 -> ForeignKey<M45>;
        M45 -> ForeignKey<M46>;
        M46 -> ForeignKey<M47>;
        M47 -> ForeignKey<M48>;
        M48 -> ForeignKey<M49>;
        M49 -> i64;
    }
}

mod cycle {
    use super::*;

    linked! {
        cycle:
        M0 -> ForeignKey<M1>;
        M1 -> ForeignKey<M2>;
        M2 -> ForeignKey<M3>;
        M3 -> ForeignKey<M4>;
        M4 -> ForeignKey<M5>;
        M5 -> ForeignKey<M6>;
        M6 -> ForeignKey<M7>;
        M7 -> ForeignKey<M8>;
        M8 -> ForeignKey<M9>;
        M9 -> ForeignKey<M0>;
    }
}

fn is_send<T: Send + Sync>() {}

#[test]
fn a_chain_of_fifty_models_can_be_followed() -> orm::Result<()> {
    is_send::<chain::M00>();
    let sql = chain::M00::objects()
        .filter(|m| {
            m.next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .eq(1)
        })
        .to_sql(orm::Dialect::Sqlite)?;
    assert_eq!(sql.matches("JOIN").count(), 49, "{sql}");
    assert_eq!(chain::chain().models().count(), 50);
    Ok(())
}

#[test]
fn a_cycle_of_ten_models_can_be_followed() -> orm::Result<()> {
    is_send::<cycle::M0>();
    let sql = cycle::M0::objects()
        .filter(|m| {
            m.next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .next
                .id
                .eq(1)
        })
        .to_sql(orm::Dialect::Sqlite)?;
    assert_eq!(sql.matches("JOIN").count(), 20, "{sql}");
    assert_eq!(cycle::cycle().models().count(), 10);
    Ok(())
}

#[test]
fn a_model_of_sixty_fields_has_drafts_from_untyped_values() {
    let required = wide::Wide::draft_from(serde_json::json!({})).err().unwrap();
    assert_eq!(required.validation().len(), 39);
    let mut document = serde_json::Map::new();
    for field in wide::Wide::meta().fields.iter().filter(|field| field.name != "id") {
        let value = match field.column.unwrap().kind {
            orm::Kind::Text => serde_json::json!("x"),
            orm::Kind::Bool => serde_json::json!(true),
            _ => serde_json::json!(1),
        };
        document.insert(field.name.clone().into_owned(), value);
    }
    assert!(wide::Wide::draft_from(document.clone()).is_ok());
    document.values_mut().for_each(|value| *value = serde_json::json!([]));
    assert_eq!(wide::Wide::draft_from(document).err().unwrap().validation().len(), 59);
}
