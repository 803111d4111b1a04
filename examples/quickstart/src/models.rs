//! The models: packages, their versions, and everything that hangs on a version.

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// Part of the program.
    Normal,
    /// For the build script.
    Build,
    /// For tests and examples.
    Dev,
}

/// Where a package comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From a registry such as crates.io.
    Registry,
    /// From a git repository.
    Git,
    /// From a folder.
    Path,
}
