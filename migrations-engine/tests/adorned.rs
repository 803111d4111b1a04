//! What a generated schema is given beside plain fields: keys of two columns, computed columns, defaults of the database, comments,
//! collations, and indexes of every form.

use migrations_engine::condition::{Expr, Function, IndexPart, Value};
use migrations_engine::schema::{Collation, ColumnType, Constraint, Field, Generated, Index, Model, ModelKey, Schema};

/// Numbers that a seed gives one after the other.
struct Seed(u32);

impl Seed {
    fn below(&mut self, count: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % count
    }
    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

/// The schema with more in it, the same for the same seeds.
pub(crate) fn adorned(mut schema: Schema, seeds: &[u32]) -> Schema {
    let keys: Vec<ModelKey> = schema.models.keys().cloned().collect();
    for (key, seed) in keys.iter().zip(seeds) {
        let referred = schema.referring_to(key).next().is_some();
        let mut model = schema.models.remove(key).unwrap();
        adorn(&mut model, &mut Seed(*seed), referred);
        schema.insert(model);
    }
    schema
}

fn plain(field: &Field) -> bool {
    field.relation.is_none() && !field.auto && field.generated.is_none()
}

fn adorn(model: &mut Model, seed: &mut Seed, referred: bool) {
    if seed.one_in(3) {
        model.comment = Some(format!("What is called \"{}\", it's said", seed.below(3)));
    }
    for field in model.fields.iter_mut().filter(|field| plain(field)) {
        if seed.one_in(3) {
            field.db_default = Some(default(&field.ty, seed.below(3)));
        }
        if seed.one_in(4) {
            field.comment = Some(format!("number {}", seed.below(3)));
        }
        if field.ty.is_text() && seed.one_in(3) {
            let name = |name: &str| Some(name.to_owned());
            let mysql = name(["utf8mb4_bin", "utf8mb4_unicode_ci"][seed.below(2) as usize]);
            field.collation = Some(Collation { sqlite: name("NOCASE"), postgres: name("C"), mysql });
        }
    }
    share_key(model, seed, referred);
    let texts: Vec<String> = model.fields.iter().filter(|field| plain(field) && field.ty.is_text()).map(name).collect();
    let numbers: Vec<String> = model
        .fields
        .iter()
        .filter(|field| plain(field) && matches!(field.ty, ColumnType::Integer | ColumnType::Decimal { .. }))
        .map(name)
        .collect();
    if let (Some(text), true) = (texts.first(), seed.one_in(3)) {
        let lower = Expr::call(Function::Lower, [Expr::field(text)]);
        compute(model, "lowered", ColumnType::Text, lower.clone(), seed);
        model.indexes.push(Index {
            on: vec![IndexPart::from(lower)],
            ..Index::new(format!("{}_{}_lower", model.key.app, model.key.name), &[])
        });
    }
    if let (Some(number), true) = (numbers.first(), seed.one_in(3)) {
        let field = model.field(number).unwrap();
        let sum = Expr::parse(&format!("{number} + {}", seed.below(2) + 1)).unwrap();
        compute(model, "more", field.ty.clone(), sum, seed);
    }
    if let (Some(number), true) = (numbers.last(), seed.one_in(3)) {
        let (least, named) = (seed.below(3), format!("{}_{}_sane", model.key.app, model.key.name));
        let check = Expr::parse(&format!("{number} >= -{least} or {number} is null")).unwrap();
        model.constraints.push(Constraint::check(named, check));
    }
    let columns: Vec<String> = model.fields.iter().filter(|field| field.has_column()).map(name).collect();
    let (first, last) = (columns[seed.below(columns.len() as u32) as usize].clone(), columns.last().unwrap().clone());
    let (app, own) = (model.key.app.clone(), model.key.name.clone());
    let name = |what: &str| format!("{app}_{own}_{what}");
    let mut covering = Index::new(name("covering"), &[&first]);
    if seed.one_in(2) {
        covering.include = vec![last.clone()];
    }
    if seed.one_in(2) {
        covering.on[0] = IndexPart::field_asc(&first).desc();
    }
    if seed.one_in(3) {
        covering.condition = Some(Expr::field(&last).is_not_null());
    }
    if seed.one_in(2) && first != last {
        model.indexes.push(covering);
    }
    if seed.one_in(3) && first != last {
        let mut unique = Constraint::unique(name("once"), &[&first, &last]);
        if let Constraint::Unique { include, condition, nulls_equal, .. } = &mut unique {
            match seed.below(4) {
                0 => {
                    *include = columns.iter().filter(|column| **column != first && **column != last).cloned().collect()
                }
                1 => *condition = Some(Expr::field(&first).is_not_null()),
                2 => *nulls_equal = true,
                _ => {}
            }
        }
        model.constraints.push(unique);
    }
}

fn name(field: &Field) -> String {
    field.name.clone()
}

/// A key of two columns, where nobody refers to it.
fn share_key(model: &mut Model, seed: &mut Seed, referred: bool) {
    let able: Vec<String> = model
        .fields
        .iter()
        .filter(|field| plain(field) && !field.null && field.ty != ColumnType::Json)
        .map(name)
        .collect();
    let many = model.fields.iter().any(|field| !field.has_column());
    if let ([first, second, ..], false, false, true) = (able.as_slice(), many, referred, seed.one_in(2)) {
        model.primary_key = vec![first.clone(), second.clone()];
        if seed.one_in(2) {
            model.primary_key.reverse();
        }
        model.fields.retain(|field| !field.auto);
    }
}

/// It has one name whatever it is computed from: it may go from one field to another while these change.
fn compute(model: &mut Model, name: &str, ty: ColumnType, expr: Expr, seed: &mut Seed) {
    let generated = Some(Generated { expr, stored: seed.one_in(2) });
    let null = seed.one_in(2);
    model.fields.push(Field { generated, null, ..Field::new(name, ty) });
}

fn default(ty: &ColumnType, which: u32) -> Expr {
    match ty {
        ColumnType::Bool => Expr::Value(Value::Bool(which == 0)),
        ColumnType::Char { .. } | ColumnType::Text => Expr::from(["", "'", "\\"][which as usize]),
        ColumnType::DateTime => Expr::parse("now()").unwrap(),
        ColumnType::Decimal { .. } => Expr::parse(["0", "1.50", "2.25"][which as usize]).unwrap(),
        ColumnType::Uuid => Expr::parse("new_uuid()").unwrap(),
        ColumnType::Json => Expr::Value(Value::Json("{}".into())),
        _ => Expr::from(i64::from(which)),
    }
}
