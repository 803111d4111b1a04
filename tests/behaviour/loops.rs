//! Loops over the rows of one query that ask for the related rows of each by a statement of its own: told while developing.

use crate::{bed::behaviour, shop::*};
use orm::prelude::*;
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber,
    span::{Attributes, Id, Record},
};

/// What was told of loops.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "orm::loops"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Heard {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}

/// What is told of loops while this runs.
async fn told(work: impl Future<Output = orm::Result<()>>) -> orm::Result<Vec<String>> {
    let heard = Heard::default();
    work.with_subscriber(heard.clone()).await?;
    let told = heard.0.lock().unwrap().clone();
    Ok(told)
}

/// Builds without debug assertions say nothing.
fn while_developing(messages: &[&str]) -> usize {
    if cfg!(debug_assertions) { messages.len() } else { 0 }
}

behaviour! {
    async fn a_loop_is_told_once_with_its_cure(bed) {
        filled(&bed).await?;
        let told = told(async {
            for _ in 0..2 {
                for book in Book::objects().all(&bed.db).await? {
                    book.author.fetch(&bed.db).await?;
                }
            }
            Ok(())
        })
        .await?;
        // Each of the two queries is one.
        assert_eq!(told.len(), 2 * while_developing(&["once"]), "{told:?}");
        for message in told {
            assert!(message.contains("loops.rs:"), "{message}");
            assert!(message.contains("asks for `author` of 5 rows of one query of `Book`"), "{message}");
            assert!(message.ends_with("add `.select_related(|b| b.author)` to that query"), "{message}");
        }
        Ok(())
    }

    async fn rows_of_a_relation_in_a_loop(bed) {
        filled(&bed).await?;
        let told = told(async {
            for book in Book::objects().all(&bed.db).await? {
                book.rows_of(|b| b.tags).all(&bed.db).await?;
            }
            Ok(())
        })
        .await?;
        assert_eq!(told.len(), while_developing(&["once"]), "{told:?}");
        assert!(told.iter().all(|message| message.ends_with("add `.prefetch(|b| b.tags)` to that query")), "{told:?}");
        Ok(())
    }

    async fn what_is_no_loop_is_not_told(bed) {
        filled(&bed).await?;
        let told = told(async {
            for id in 1..=5 {
                // Rows of a query each, as in requests.
                Book::get(id, &bed.db).await?.author.fetch(&bed.db).await?;
            }
            let books = Book::objects().select_related(|b| b.author).all(&bed.db).await?;
            for book in &books {
                // Loaded already: it is wanted anew.
                book.author.fetch(&bed.db).await?;
            }
            for book in books.iter().take(4) {
                book.rows_of(|b| b.tags).count(&bed.db).await?;
            }
            for id in 1..=5 {
                // Read nowhere.
                assert_eq!(ForeignKey::<Book>::to(id).fetch(&bed.db).await?.id, id);
            }
            Ok(())
        })
        .await?;
        assert_eq!(told, Vec::<String>::new());
        Ok(())
    }
}
