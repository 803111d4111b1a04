//! Writes a graph into the database, in bulk: what is new is added, what has changed is updated, what is gone is deleted.

use crate::{
    change::before::Licence,
    graph::{Graph, PackageInfo},
    models::{Author, Authorship, Dependency, Feature, Keyword, Licensing, Package, SourceFile, Tagging, Version},
};
use indicatif::ProgressBar;
use orm::{Transaction, prelude::*};
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many rows are written at a time: the bar moves in such steps.
const PORTION: usize = 1000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the graph, in all tables.
    pub rows: u64,
    /// Rows that were in the database and are gone from the graph.
    pub gone: u64,
}

/// Makes the database hold this graph and nothing else, in one transaction: all of it or nothing.
///
/// # Errors
/// What the database refuses.
pub async fn load(graph: &Graph, db: &Database, bar: &ProgressBar) -> orm::Result<Summary> {
    db.transaction(async |tx| {
        let mut work = Work { graph, tx, bar, summary: Summary { rows: 0, gone: 0 } };
        work.names().await?;
        let versions = work.versions().await?;
        work.parts(&versions).await?;
        work.names_of_versions(&versions).await?;
        work.edges(&versions).await?;
        Ok(work.summary)
    })
    .await
}

struct Work<'a> {
    graph: &'a Graph,
    tx: &'a mut Transaction,
    bar: &'a ProgressBar,
    summary: Summary,
}

/// Writes drafts over the rows that have the same unique key, portion by portion.
macro_rules! upsert {
    ($work:ident, $model:ident by $key:ident, $drafts:expr) => {
        let mut drafts: Vec<_> = $drafts.collect();
        $work.begin(stringify!($model), drafts.len());
        while !drafts.is_empty() {
            let portion: Vec<_> = drafts.drain(..drafts.len().min(PORTION)).collect();
            let count = portion.len();
            $model::objects().bulk_upsert(portion, |keys| keys.$key, $work.tx).await?;
            $work.wrote(count);
        }
    };
}

/// Deletes the rows that are not wanted any more.
macro_rules! sweep {
    ($work:ident, $model:ident, |$row:pat_param| $wanted:expr, $values:expr) => {
        let rows = $model::objects().values($values).all($work.tx).await?;
        let gone: Vec<i64> = rows.into_iter().filter(|$row| !$wanted).map(|row| row.0).collect();
        if !gone.is_empty() {
            $model::objects().filter(|row| row.id.is_in(gone.clone())).delete($work.tx).await?;
            $work.summary.gone += gone.len() as u64;
        }
    };
}

impl Work<'_> {
    fn begin(&self, what: &str, count: usize) {
        self.bar.set_message(what.to_owned());
        self.bar.inc_length(count as u64);
    }

    fn wrote(&mut self, count: usize) {
        self.bar.inc(count as u64);
        self.summary.rows += count as u64;
    }

    /// All the values of a kind, each once.
    fn all(&self, values: fn(&PackageInfo) -> &BTreeSet<String>) -> BTreeSet<&str> {
        self.graph.packages.iter().flat_map(values).map(String::as_str).collect()
    }

    /// What is known by its name alone.
    async fn names(&mut self) -> orm::Result<()> {
        let packages: BTreeSet<&str> = self.graph.packages.iter().map(|package| package.name.as_str()).collect();
        upsert!(self, Package by name, packages.iter().map(|name| Package::draft().name(*name)));
        let licences = self.all(|package| &package.licences);
        upsert!(self, Licence by name, licences.iter().map(|name| Licence::draft().name(*name)));
        let keywords = self.all(|package| &package.keywords);
        upsert!(self, Keyword by name, keywords.iter().map(|name| Keyword::draft().name(*name)));
        let authors = self.all(|package| &package.authors);
        upsert!(self, Author by name, authors.iter().map(|name| Author::draft().name(*name)));
        Ok(())
    }

    /// The versions, and their ids in the order of the graph.
    async fn versions(&mut self) -> orm::Result<Vec<i64>> {
        let packages: HashMap<String, i64> =
            Package::objects().values(|p| (p.name, p.id)).all(self.tx).await?.into_iter().collect();
        self.begin("Version", self.graph.packages.len());
        let drafts = self.graph.packages.iter().map(|package| {
            Version::draft()
                .package(packages[&package.name])
                .number(package.number.as_str())
                .origin(package.origin)
                .member(package.member)
                .description(package.description.clone())
                .licence(package.licence.clone())
        });
        Version::objects().bulk_upsert(drafts, |v| v.package_number_origin, self.tx).await?;
        self.wrote(self.graph.packages.len());
        let stored = Version::objects().values(|v| (v.id, v.package.name, v.number, v.origin)).all(self.tx).await?;
        let ids: HashMap<_, i64> =
            stored.into_iter().map(|(id, name, number, origin)| ((name, number, origin), id)).collect();
        let key = |package: &PackageInfo| (package.name.clone(), package.number.clone(), package.origin);
        let found: Vec<i64> = self.graph.packages.iter().map(|package| ids[&key(package)]).collect();
        // What has gone from the graph takes all that hangs on it along.
        let gone: Vec<i64> = ids.into_values().filter(|id| !found.contains(id)).collect();
        self.summary.gone += gone.len() as u64;
        Version::objects().filter(|v| v.id.is_in(gone)).delete(self.tx).await?;
        sweep!(self, Package, |(_, used)| *used, |p| (p.id, p.versions.exists()));
        Ok(found)
    }

    /// Features and files.
    async fn parts(&mut self, versions: &[i64]) -> orm::Result<()> {
        let packages = || versions.iter().zip(&self.graph.packages);
        let mut features = HashSet::new();
        let mut files = HashSet::new();
        for (&version, package) in packages() {
            features.extend(package.features.iter().map(|(name, _)| (version, name.clone())));
            files.extend(package.files.iter().map(|file| (version, file.path.clone())));
        }
        let drafts = packages().flat_map(|(&version, package)| {
            package
                .features
                .iter()
                .map(move |(name, enabled)| Feature::draft().version(version).name(name.as_str()).enabled(*enabled))
        });
        upsert!(self, Feature by version_name, drafts);
        let packages = || versions.iter().zip(&self.graph.packages);
        let drafts = packages().flat_map(|(&version, package)| {
            package.files.iter().map(move |file| {
                SourceFile::draft()
                    .version(version)
                    .path(file.path.as_str())
                    .bytes(file.bytes)
                    .modified(DateTime::<Utc>::from(file.modified))
            })
        });
        upsert!(self, SourceFile by version_path, drafts);
        sweep!(self, Feature, |(_, version, name)| features.contains(&(*version, name.clone())), |f| (
            f.id,
            f.version.id,
            f.name
        ));
        sweep!(self, SourceFile, |(_, version, path)| files.contains(&(*version, path.clone())), |f| (
            f.id,
            f.version.id,
            f.path
        ));
        Ok(())
    }

    /// Which licences, keywords and authors the versions have.
    async fn names_of_versions(&mut self, versions: &[i64]) -> orm::Result<()> {
        let links =
            |ids: HashMap<String, i64>, values: fn(&PackageInfo) -> &BTreeSet<String>| -> BTreeSet<(i64, i64)> {
                let packages = versions.iter().zip(&self.graph.packages);
                packages
                    .flat_map(|(&version, package)| values(package).iter().map(move |name| (version, name)))
                    .map(|(version, name)| (version, ids[name]))
                    .collect()
            };
        let ids = Licence::objects().values(|l| (l.name, l.id)).all(self.tx).await?.into_iter().collect();
        let licences = links(ids, |package| &package.licences);
        let ids = Keyword::objects().values(|k| (k.name, k.id)).all(self.tx).await?.into_iter().collect();
        let keywords = links(ids, |package| &package.keywords);
        let ids = Author::objects().values(|a| (a.name, a.id)).all(self.tx).await?.into_iter().collect();
        let authors = links(ids, |package| &package.authors);

        let drafts = licences.iter().map(|&(version, licence)| Licensing::draft().version(version).licence(licence));
        upsert!(self, Licensing by version_licence, drafts);
        let drafts = keywords.iter().map(|&(version, keyword)| Tagging::draft().version(version).keyword(keyword));
        upsert!(self, Tagging by version_keyword, drafts);
        let drafts = authors.iter().map(|&(version, author)| Authorship::draft().version(version).author(author));
        upsert!(self, Authorship by version_author, drafts);

        sweep!(self, Licensing, |(_, version, other)| licences.contains(&(*version, *other)), |l| (
            l.id,
            l.version.id,
            l.licence.id
        ));
        sweep!(self, Tagging, |(_, version, other)| keywords.contains(&(*version, *other)), |l| (
            l.id,
            l.version.id,
            l.keyword.id
        ));
        sweep!(self, Authorship, |(_, version, other)| authors.contains(&(*version, *other)), |l| (
            l.id,
            l.version.id,
            l.author.id
        ));
        sweep!(self, Licence, |(_, used)| *used, |l| (l.id, l.licensings.exists()));
        sweep!(self, Keyword, |(_, used)| *used, |k| (k.id, k.taggings.exists()));
        sweep!(self, Author, |(_, used)| *used, |a| (a.id, a.authorships.exists()));
        Ok(())
    }

    /// Who needs whom.
    async fn edges(&mut self, versions: &[i64]) -> orm::Result<()> {
        let drafts = self.graph.edges.iter().map(|edge| {
            Dependency::draft()
                .dependent(versions[edge.dependent])
                .dependency(versions[edge.dependency])
                .kind(edge.kind)
                .target(edge.target.as_str())
                .optional(edge.optional)
                .default_features(edge.default_features)
                .requirement(edge.requirement.as_str())
        });
        upsert!(self, Dependency by dependent_dependency_kind, drafts);
        let edges = self.graph.edges.iter();
        let wanted: HashSet<_> =
            edges.map(|edge| (versions[edge.dependent], versions[edge.dependency], edge.kind)).collect();
        sweep!(self, Dependency, |(_, from, to, kind)| wanted.contains(&(*from, *to, *kind)), |d| (
            d.id,
            d.dependent.id,
            d.dependency.id,
            d.kind
        ));
        Ok(())
    }
}
