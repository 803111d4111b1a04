//! The questions of the tour: each is a query of its own, whose text the tour shows before it runs it.

use crate::{
    change::before::Licence,
    models::{Author, Dependency, EdgeKind, Feature, Keyword, Origin, SourceFile, Version},
};
use orm::{prelude::*, value};

/// Which licences do the versions have?
pub fn licences() -> QuerySet<Licence, (String, i64)> {
    Licence::objects()
        .annotate(|l| l.licensings.count())
        .order_by(|(l, n)| (n.desc(), l.name.asc()))
        .values(|(l, n)| (l.name, n))
        .limit(10)
}

/// Which versions name no licence?
pub fn unlicensed() -> QuerySet<Version, (String, String, Origin)> {
    Version::objects()
        .exclude(|v| v.licences.exists())
        .order_by(|v| v.package.name.asc())
        .values(|v| (v.package.name, v.number, v.origin))
}

/// What do most others depend on?
pub fn most_needed() -> QuerySet<Version, (String, String, i64)> {
    Version::objects()
        .annotate(|v| v.dependents.filter(|d| d.kind.ne(EdgeKind::Dev)).count())
        .order_by(|(v, n)| (n.desc(), v.package.name.asc()))
        .values(|(v, n)| (v.package.name, v.number, n))
        .limit(10)
}

/// Which packages are here in several versions, and who asks for each?
pub fn duplicates() -> QuerySet<Dependency, (String, String, String, String, String)> {
    Dependency::objects()
        .filter(|d| d.dependency.package.versions.count().gt(1))
        .order_by(|d| {
            let (wanted, by) = (d.dependency, d.dependent);
            (wanted.package.name.asc(), wanted.number.asc(), by.package.name.asc(), by.number.asc())
        })
        .values(|d| {
            let (wanted, by) = (d.dependency, d.dependent);
            (wanted.package.name, wanted.number, by.package.name, by.number, d.requirement)
        })
        .distinct()
}

/// What is only there to build something else?
pub fn only_to_build() -> QuerySet<Version, (String, String, i64)> {
    Version::objects()
        .filter(|v| v.dependents.exists() & v.dependents.all(|d| d.kind.eq(EdgeKind::Build)))
        .order_by(|v| v.package.name.asc())
        .values(|v| (v.package.name, v.number, v.dependents.count()))
}

/// Whose code is the largest?
pub fn largest() -> QuerySet<Version, (String, String, i64, Option<i64>)> {
    Version::objects()
        .annotate(|v| (v.files.count(), v.files.sum(|f| f.bytes)))
        .filter(|(_, files, _)| files.gt(0))
        .order_by(|(v, _, bytes)| (bytes.desc(), v.package.name.asc()))
        .values(|(v, files, bytes)| (v.package.name, v.number, files, bytes))
        .limit(10)
}

/// Where do most features lie idle?
pub fn idle_features() -> QuerySet<Feature, (String, String, i64)> {
    Feature::objects()
        .exclude(|f| f.enabled)
        .group_by(|f| (f.version.package.name, f.version.number))
        .annotate(|_| count())
        .filter(|(_, _, n)| n.gt(5))
        .order_by(|(name, _, n)| (n.desc(), name.asc()))
        .limit(10)
}

/// Of which packages do others refuse the default features?
pub fn without_defaults() -> QuerySet<Dependency, (String, i64, i64)> {
    Dependency::objects()
        .exclude(|d| d.default_features)
        .group_by(|d| d.dependency.package.name)
        .annotate(|d| (count(), d.dependent.key().count_distinct()))
        .order_by(|(name, _, by)| (by.desc(), name.asc()))
        .limit(10)
}

/// Who wrote the most?
pub fn authors() -> QuerySet<Author, (String, i64)> {
    Author::objects()
        .annotate(|a| a.authorships.count())
        .order_by(|(a, n)| (n.desc(), a.name.asc()))
        .values(|(a, n)| (a.name, n))
        .limit(10)
}

/// Which keywords do several packages share?
pub fn keywords() -> QuerySet<Keyword, (String, i64)> {
    Keyword::objects()
        .annotate(|k| k.taggings.count())
        .filter(|(_, n)| n.gt(1))
        .order_by(|(k, n)| (n.desc(), k.name.asc()))
        .values(|(k, n)| (k.name, n))
        .limit(10)
}

/// Which of our own files changed last?
pub fn latest_files() -> QuerySet<SourceFile, (String, String, i64, DateTime<Utc>)> {
    SourceFile::objects()
        .filter(|f| f.version.member)
        .order_by(|f| f.modified.desc())
        .values(|f| (f.version.package.name, f.path, f.bytes, f.modified))
        .limit(5)
}

/// How much source is there, from when to when?
pub fn all_source()
-> QuerySet<SourceFile, (i64, Option<i64>, Option<f64>, Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
    SourceFile::objects().aggregate(|f| (count(), f.bytes.sum(), f.bytes.avg(), f.modified.min(), f.modified.max()))
}

/// What do the members of the workspace need, in whole objects?
pub fn members() -> QuerySet<Version> {
    Version::objects()
        .filter(|v| v.member)
        .select_related(|v| v.package)
        .prefetch(|v| v.dependencies.filter(|d| d.kind.eq(EdgeKind::Normal)).select_related(|d| d.dependency.package))
        .order_by(|v| v.package.name.asc())
}

/// Which is the longest chain of dependencies?
pub fn longest_chain() -> QuerySet<Version, (i64, String, String)> {
    // How many steps each version lies below a member of the workspace, at most.
    let reached = Version::objects().filter(|v| v.member).values(|v| (v.id, value(1_i64))).recursive(|(at, depth)| {
        Dependency::objects()
            .filter(|d| d.dependent.eq(at) & d.kind.ne(EdgeKind::Dev))
            .values(|d| (d.dependency.key(), depth + 1))
    });
    let depths = reached.group_by(|(at, _)| at).annotate(|(_, depth)| depth.max().or(0)).as_cte();
    // From the deepest upwards: of those that need it, the first that lies one step higher.
    let deepest = depths.clone().order_by(|(at, depth)| (depth.desc(), at.asc())).limit(1);
    let chain = deepest.recursive(|(at, depth)| {
        Version::objects().filter(|v| v.id.eq(at) & depth.gt(1)).values(|v| {
            let needs_it = v.dependents.filter(|d| {
                let higher = depths.within(d.id).filter(|(_, its)| its.eq(depth - 1)).values(|(at, _)| at);
                d.kind.ne(EdgeKind::Dev) & d.dependent.key().is_in(higher)
            });
            (needs_it.min(|d| d.dependent.key()).or(0), depth - 1)
        })
    });
    Version::objects()
        .join_query(chain, |v, (at, _)| at.eq(v.id))
        .order_by(|(_, _, depth)| depth.asc())
        .values(|(v, _, depth)| (depth, v.package.name, v.number))
}

/// How much code does a version drag in, its own and that of all it needs?
pub fn dragged_in() -> QuerySet<Version, (String, String, i64, Option<i64>)> {
    let reached = Version::objects().values(|v| (v.id, v.id)).recursive(|(root, at)| {
        Dependency::objects()
            .filter(|d| d.dependent.eq(at) & d.kind.ne(EdgeKind::Dev))
            .values(|d| (root, d.dependency.key()))
    });
    let sizes = SourceFile::objects().group_by(|f| f.version.key()).annotate(|f| f.bytes.sum());
    let totals = reached
        .join_query(sizes, |(_, at), (version, _)| version.eq(at))
        .group_by(|(root, ..)| root)
        .annotate(|(.., bytes)| (count(), bytes.sum()));
    Version::objects()
        .join_query(totals, |v, (root, ..)| root.eq(v.id))
        .order_by(|(v, .., bytes)| (bytes.desc(), v.package.name.asc()))
        .values(|(v, _, n, bytes)| (v.package.name, v.number, n - 1, bytes))
        .limit(10)
}
