//! What only the models of a project together can tell is refused when its state is asked for, before anything runs.

/// Refuses these models; gives the message and the hint.
fn refused(apps: &[orm::App]) -> (String, String) {
    let error = orm::migrate::schema(apps).map(|_| "the models fit together").unwrap_err();
    assert_eq!(error.code(), orm::Code::BadModel, "{error}");
    (error.message().to_owned(), error.hint().unwrap_or_default().to_owned())
}

mod tables {
    use orm::prelude::*;

    orm::app! { pub tables { First, Second } }

    #[derive(Model)]
    pub struct First {
        pub id: i64,
        #[field(table = "Seconds")]
        pub others: ManyToMany<Second>,
    }

    #[derive(Model)]
    #[model(table = "seconds")]
    pub struct Second {
        pub id: i64,
    }
}

#[test]
fn two_tables_have_no_name_in_common() {
    let (message, _) = refused(&[tables::tables()]);
    assert_eq!(message, "`tables.First` and `tables.Second` have each a table called `seconds`");
}

mod names {
    use orm::prelude::*;

    orm::app! { pub names { First, Second } }

    #[derive(Model)]
    #[model(index(name, name = "by_name"))]
    pub struct First {
        pub id: i64,
        pub name: String,
    }

    #[derive(Model)]
    #[model(unique(name, id, name = "by_name"))]
    pub struct Second {
        pub id: i64,
        pub name: String,
    }
}

#[test]
fn two_indexes_have_no_name_in_common() {
    let (message, hint) = refused(&[names::names()]);
    assert_eq!(message, "`names.First` and `names.Second` have each a unique key called `by_name`");
    assert_eq!(hint, "give one of them another name");
}

mod between {
    use orm::prelude::*;

    orm::app! { pub between { Person, Group, Membership } }

    #[derive(Model)]
    pub struct Person {
        pub id: i64,
        #[field(through = Membership)]
        pub groups: ManyToMany<Group>,
    }

    #[derive(Model)]
    pub struct Group {
        pub id: i64,
    }

    #[derive(ModelPart)]
    pub struct People {
        pub person: ForeignKey<Person>,
        pub inviter: ForeignKey<Person>,
    }

    #[derive(Model)]
    pub struct Membership {
        pub id: i64,
        #[field(flatten)]
        pub people: People,
        pub group: ForeignKey<Group>,
    }
}

#[test]
fn a_model_between_has_one_key_to_each_side() {
    let (message, hint) = refused(&[between::between()]);
    assert_eq!(
        message,
        "`between.Person.groups` goes by `between.Membership`, which has several foreign keys to `between.Person`: \
         person, inviter"
    );
    assert!(hint.contains("`via = person`"), "{hint}");
}

mod alone {
    use orm::prelude::*;

    orm::app! { pub alone { Person, Friendship } }

    #[derive(Model)]
    pub struct Person {
        pub id: i64,
        #[field(through = Friendship)]
        pub friends: ManyToMany<Person>,
    }

    #[derive(ModelPart)]
    pub struct People {
        pub person: ForeignKey<Person>,
    }

    #[derive(Model)]
    pub struct Friendship {
        pub id: i64,
        #[field(flatten)]
        pub people: People,
    }
}

#[test]
fn a_model_between_a_model_and_itself_has_two_keys() {
    let (message, _) = refused(&[alone::alone()]);
    assert_eq!(
        message,
        "`alone.Person.friends` goes by `alone.Friendship`, which takes two foreign keys to `alone.Person` and has 1"
    );
}

mod parts {
    use orm::prelude::*;

    orm::app! { pub parts { Author, Book } }

    #[derive(ModelPart)]
    pub struct People {
        pub author: ForeignKey<Author>,
        pub editor: ForeignKey<Author>,
    }

    #[derive(Model)]
    pub struct Book {
        pub id: i64,
        #[field(flatten)]
        pub people: People,
    }

    #[derive(Model)]
    pub struct Author {
        pub id: i64,
        pub books: HasMany<Book>,
    }
}

#[test]
fn a_reverse_side_goes_by_one_key_in_parts_as_well() {
    let (message, hint) = refused(&[parts::parts()]);
    assert_eq!(
        message,
        "`parts.Author.books` goes by `parts.Book`, which has several foreign keys to `parts.Author`: author, editor"
    );
    assert!(hint.contains("`via = author`"), "{hint}");
}

mod elsewhere {
    use orm::prelude::*;

    orm::app! { pub elsewhere { Note } }

    #[derive(Model)]
    pub struct Note {
        pub id: i64,
        pub author: ForeignKey<library::Author>,
    }
}

#[test]
fn an_application_that_is_pointed_to_belongs_to_the_project() {
    let (message, hint) = refused(&[elsewhere::elsewhere()]);
    assert_eq!(
        message,
        "`elsewhere.Note.author` leads to `library.Author`, whose application is not part of the project"
    );
    assert_eq!(hint, "add it: `Project::new().app(library())`");
}
