//! The program of somebody who has no models yet: `inspectdb` is all that is wanted of it.

fn main() -> std::process::ExitCode {
    orm::Project::new().manage()
}
