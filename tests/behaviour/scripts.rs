//! Programs that are not async: one call after the other, from any thread, over the same connections.

use crate::bed::behaviour;
use orm::{Code, block_on, prelude::*};

orm::app! { pub notebook { Line } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Line {
    pub id: i64,
    #[field(max_length = 20)]
    pub text: String,
}

fn script(url: &str) -> orm::Result<u64> {
    let db = block_on(Database::connect(url))?;
    block_on(orm::migrate::create_tables(&db, &[notebook()]))?;
    let line = block_on(Line::draft().text("one").create(&db))?;
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let db = db.clone();
            std::thread::spawn(move || block_on(Line::draft().text(format!("thread {n}")).create(&db)))
        })
        .collect();
    for thread in threads {
        thread.join().unwrap()?;
    }
    // What is given up half way leaves nothing.
    let refused: orm::Result<()> = block_on(db.transaction(async |tx| {
        line.delete(tx).await?;
        Err(orm::Error::new(Code::Own("script.stop"), "stop"))
    }));
    assert_eq!(refused.unwrap_err().code(), Code::Own("script.stop"));
    let count = block_on(Line::objects().count(&db))?;
    block_on(async {
        db.close().await;
        Ok(())
    })?;
    Ok(count)
}

behaviour! {
    async fn a_script_waits(bed) {
        let url = bed.url.clone();
        let done = tokio::task::block_in_place(|| std::thread::spawn(move || script(&url)).join());
        assert_eq!(done.unwrap()?, 5);
        Ok(())
    }

    async fn a_thread_of_a_runtime_does_not(bed) {
        let error = block_on(bed.db.ping()).unwrap_err();
        assert_eq!(error.code(), Code::InsideRuntime);
        assert!(error.hint().unwrap().contains("`.await`"));
        Ok(())
    }
}
