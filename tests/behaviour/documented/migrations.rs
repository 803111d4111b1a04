//! The examples of `docs/migrations.md`: every block of the document stands here as it stands there.

use orm::Project;

mod store {
    orm::app! { pub shop {} }
}

mod traffic {
    orm::app! { pub visits {} }
}

use store::shop;
use traffic::visits;

fn project() -> Project {
    Project::new()
        .app(shop())
        .database("sqlite://shop.db")
        .app_in("analytics", visits())
        .database_named("analytics", "postgres://localhost/analytics")
}

#[test]
fn a_project_has_applications_in_several_databases() {
    let project = project();
    assert_eq!(project.apps().iter().map(|app| app.label()).collect::<Vec<_>>(), ["shop", "visits"]);
}
