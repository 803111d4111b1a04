//! The models: packages, their versions, and everything that hangs on a version.

use crate::change::before::Licence;
use orm::prelude::*;

orm::app! {
    pub cargo { Package, Version, Dependency, Feature, Licensing, Keyword, Tagging, Author, Authorship, SourceFile }
}

/// A package, by its name.
#[derive(Model, Debug, Clone)]
#[model(ordering(name))]
pub struct Package {
    pub id: i64,
    #[field(max_length = 100, unique)]
    pub name: String,
    pub versions: HasMany<Version>,
}

/// One version of a package.
#[derive(Model, Debug, Clone)]
#[model(unique(package, number, origin))]
pub struct Version {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub package: ForeignKey<Package>,
    #[field(max_length = 100)]
    pub number: String,
    pub origin: Origin,
    /// A member of the workspace, not one of its dependencies.
    pub member: bool,
    pub description: Option<String>,
    #[field(max_length = 500, help = "the licence expression, as written")]
    pub licence: Option<String>,
    /// Somebody has looked at it. Loading the graph again leaves this alone.
    #[field(default = false)]
    pub reviewed: bool,
    #[field(through = Licensing)]
    pub licences: ManyToMany<Licence>,
    #[field(through = Tagging)]
    pub keywords: ManyToMany<Keyword>,
    #[field(through = Authorship)]
    pub authors: ManyToMany<Author>,
    pub features: HasMany<Feature>,
    pub files: HasMany<SourceFile>,
    /// The versions that it needs; `dependencies` are the edges that lead to them.
    #[field(through = Dependency, via = dependent)]
    pub needs: ManyToMany<Version>,
    #[field(via = dependent)]
    pub dependencies: HasMany<Dependency>,
    /// The edges from the versions that need it.
    #[field(via = dependency)]
    pub dependents: HasMany<Dependency>,
}

/// One version needs another: an edge of the graph.
#[derive(Model, Debug, Clone)]
#[model(unique(dependent, dependency, kind))]
pub struct Dependency {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub dependent: ForeignKey<Version>,
    #[field(on_delete = cascade)]
    pub dependency: ForeignKey<Version>,
    pub kind: EdgeKind,
    #[field(help = "the platforms; empty for all")]
    pub target: String,
    /// A feature switches it on.
    pub optional: bool,
    pub default_features: bool,
    #[field(max_length = 100, help = "the versions that would do")]
    pub requirement: String,
}

/// What a dependency is for.
#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// Part of the program.
    Normal,
    /// For the build script.
    Build,
    /// For tests and examples.
    Dev,
}

/// Where a version comes from.
#[derive(Choices, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A registry such as crates.io.
    Registry,
    /// A git repository.
    Git,
    /// A folder.
    Path,
}

/// A feature of a version.
#[derive(Model, Debug, Clone)]
#[model(unique(version, name))]
pub struct Feature {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub version: ForeignKey<Version>,
    #[field(max_length = 100)]
    pub name: String,
    /// Somebody switches it on.
    pub enabled: bool,
}

/// A Rust file of a version.
#[derive(Model, Debug, Clone)]
#[model(unique(version, path))]
pub struct SourceFile {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub version: ForeignKey<Version>,
    #[field(max_length = 500)]
    pub path: String,
    pub bytes: i64,
    #[field(index)]
    pub modified: DateTime<Utc>,
}

/// A keyword, as written.
#[derive(Model, Debug, Clone)]
pub struct Keyword {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub name: String,
    pub taggings: HasMany<Tagging>,
}

/// Somebody who wrote a version.
#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 200, unique)]
    pub name: String,
    pub authorships: HasMany<Authorship>,
}

/// A licence of a version.
#[derive(Model, Debug, Clone)]
#[model(unique(version, licence))]
pub struct Licensing {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub version: ForeignKey<Version>,
    pub licence: ForeignKey<Licence>,
}

/// A keyword of a version.
#[derive(Model, Debug, Clone)]
#[model(unique(version, keyword))]
pub struct Tagging {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub version: ForeignKey<Version>,
    #[field(on_delete = cascade)]
    pub keyword: ForeignKey<Keyword>,
}

/// An author of a version.
#[derive(Model, Debug, Clone)]
#[model(unique(version, author))]
pub struct Authorship {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub version: ForeignKey<Version>,
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
}
