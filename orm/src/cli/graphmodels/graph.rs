//! What is drawn: models with their columns, and the relations between them.

use migrations_engine::{
    Schema,
    schema::{ColumnType, Field, Model, ModelKey},
};

/// Models and the relations between them.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// More than one application is drawn.
    pub(super) apps: bool,
}

/// A model.
pub(super) struct Node {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) rows: Vec<Row>,
}

/// A column.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) key: bool,
    pub(super) relation: bool,
    pub(super) unique: bool,
    pub(super) null: bool,
}

/// A relation, from the model that has it.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) null: bool,
    /// The row of the column among those of the model, where columns are drawn.
    pub(super) row: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Foreign,
    One,
    Many,
}

impl Graph {
    pub(super) fn new(schema: &Schema, wanted: impl Fn(&str) -> bool, columns: bool) -> Self {
        let models: Vec<&Model> = schema.models.values().filter(|model| wanted(&model.key.app)).collect();
        let place = |key: &ModelKey| models.iter().position(|model| model.key == *key);
        let (mut nodes, mut edges) = (Vec::new(), Vec::new());
        for (from, model) in models.iter().enumerate() {
            let mut rows = Vec::new();
            for field in &model.fields {
                let many = field.many().is_some();
                let at = if columns && !many { Some(rows.len()) } else { None };
                if let Some(to) = field.relation.as_ref().and_then(|relation| place(&relation.to)) {
                    let one = field.unique || model.primary_key == [field.name.clone()];
                    let kind = match (many, one) {
                        (true, _) => Kind::Many,
                        (false, true) => Kind::One,
                        (false, false) => Kind::Foreign,
                    };
                    edges.push(Edge { from, to, name: field.name.clone(), kind, null: field.null, row: at });
                }
                if at.is_some() {
                    rows.push(row(schema, model, field));
                }
            }
            for constraint in &model.constraints {
                if let migrations_engine::schema::Constraint::ForeignKey { fields, to, .. } = constraint
                    && let Some(to) = place(to)
                {
                    let null = fields.iter().filter_map(|name| model.field(name)).any(|field| field.null);
                    let row = rows.iter().position(|row| fields.first() == Some(&row.name));
                    edges.push(Edge { from, to, name: fields.join(", "), kind: Kind::Foreign, null, row });
                }
            }
            nodes.push(Node { app: model.key.app.clone(), name: model.key.name.clone(), rows });
        }
        let apps = nodes.iter().any(|node| node.app != nodes[0].app);
        Graph { nodes, edges, apps }
    }

    /// A model as it is called: with its application, if there are several.
    pub(super) fn title(&self, node: &Node) -> String {
        if self.apps { format!("{}.{}", node.app, node.name) } else { node.name.clone() }
    }
}

fn row(schema: &Schema, model: &Model, field: &Field) -> Row {
    let ty = schema.column_type(field).unwrap_or_else(|_| field.ty.clone());
    let ty = match ty {
        ColumnType::Custom { .. } => "custom".to_owned(),
        other => other.to_string(),
    };
    Row {
        name: field.name.clone(),
        ty,
        key: model.is_key(&field.name),
        relation: field.relation.is_some(),
        unique: field.unique,
        null: field.null,
    }
}
