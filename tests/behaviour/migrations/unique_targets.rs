//! Foreign keys that hold another unique field than before: the field renamed, another one, and the key.

use super::commands::{Shell, folder};
use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};

/// One shape of the models after the other.
macro_rules! shapes {
    ($($name:ident { $(#[$option:meta] $field:ident)+ by $target:ident })+) => {$(
        mod $name {
            use orm::prelude::*;

            orm::app! { pub isles { Country, City } }

            #[derive(Model, Debug, Clone)]
            pub struct Country {
                pub id: i64,
                $(#[$option] pub $field: String,)+
            }

            #[derive(Model, Debug, Clone)]
            pub struct City {
                pub id: i64,
                #[field(on_delete = cascade)]
                pub country: ForeignKey<$target>,
                #[field(on_delete = set_null)]
                pub owner: Option<ForeignKey<$target>>,
            }
        }
    )+};
}

shapes! {
    first { #[field(unique, max_length = 5)] code by CountryByCode }
    renamed { #[field(unique, max_length = 5, renamed_from = "code")] iso by CountryByIso }
    // The field that it leads to comes with the same change, and the one that it led to goes.
    another { #[field(unique, max_length = 9, default = "none")] short by CountryByShort }
    longer { #[field(unique, max_length = 40, default = "none")] short by CountryByShort }
    key { #[field(unique, max_length = 40, default = "none")] short by Country }
}

behaviour! {
    async fn foreign_keys_hold_another_field(bed) {
        let Bed { backend, url, .. } = &*bed;
        if url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let folder = folder(&format!("unique_targets_{backend:?}"));
        let mut shell = Shell { app: first::isles, folder, url: url.clone() };
        let moved = |shell: &Shell, answers: &str| -> orm::Result<String> {
            let said = shell.run(&format!("makemigrations --no-input {answers}"))?;
            shell.run("migrate")?;
            shell.run("check")?;
            shell.run("makemigrations --check")?;
            Ok(said)
        };
        moved(&shell, "")?;
        // Each time another connection, which has no plans for the tables as they were.
        let db = &Database::connect(url).await?;
        let uk = first::Country::draft().code("UK").create(db).await?;
        first::City::draft().country(&uk).create(db).await?;
        let lost = first::City::draft().country("XX").create(db).await.unwrap_err();
        assert_eq!((lost.code(), lost.fields()), (Code::ForeignKeyViolation, &["country".to_owned()][..]));

        // The rows stay, and what they hold.
        shell.app = renamed::isles;
        let said = moved(&shell, "")?;
        let db = &Database::connect(url).await?;
        assert!(said.contains("Rename") && !said.contains("Alter"), "{said}");
        let city = renamed::City::objects().get(db).await?;
        assert_eq!(city.country.fetch(db).await?.iso, "UK");
        assert_eq!(renamed::City::draft().country("XX").create(db).await.unwrap_err().code(), Code::ForeignKeyViolation);
        assert_eq!(renamed::Country::objects().delete(db).await?.total, 2);

        shell.app = another::isles;
        let said = moved(&shell, "--remove isles.Country.iso")?;
        let db = &Database::connect(url).await?;
        assert!(said.contains("country") && said.contains("owner"), "{said}");
        another::Country::draft().short("Britain").create(db).await?;
        another::City::draft().country("Britain").owner("Britain").create(db).await?;
        assert_eq!(another::City::draft().country("UK").create(db).await.unwrap_err().code(), Code::ForeignKeyViolation);

        // Its columns become longer with what they hold.
        shell.app = longer::isles;
        moved(&shell, "")?;
        let db = &Database::connect(url).await?;
        longer::Country::draft().short("The United Kingdom").create(db).await?;
        longer::City::draft().country("The United Kingdom").create(db).await?;
        assert_eq!(longer::City::objects().filter(|c| c.owner.eq("Britain")).count(db).await?, 1);
        assert_eq!(longer::Country::objects().delete(db).await?.total, 4);

        shell.app = key::isles;
        moved(&shell, "")?;
        let db = &Database::connect(url).await?;
        let tonga = key::Country::draft().short("Tonga").create(db).await?;
        let city = key::City::draft().country(&tonga).create(db).await?;
        assert_eq!(*city.country.key(), tonga.id);
        tonga.delete(db).await?;

        shell.run("migrate isles 0001")?;
        let db = &Database::connect(url).await?;
        first::Country::draft().code("NZ").create(db).await?;
        assert_eq!(first::City::draft().country("NZ").create(db).await?.country.key(), "NZ");
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
