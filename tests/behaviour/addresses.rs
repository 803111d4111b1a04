//! IP addresses: stored, found, compared, read from outside, and found again in a database.

use crate::bed::{Backend, behaviour};
use orm::{
    Code, Kind,
    dynamic::{Catalog, Query, path},
    fixtures::{Dump, Format, Load},
    prelude::*,
};

orm::app! { pub network { Host, Visit } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Host {
    pub id: i64,
    #[field(unique)]
    pub address: IpAddr,
    pub gateway: Option<IpAddr>,
    #[field(default = IpAddr::from([127, 0, 0, 1]))]
    pub listens: IpAddr,
    pub visits: HasMany<Visit>,
}

/// By an address, which is a key like any other.
#[derive(Model, Debug, Clone)]
pub struct Visit {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub host: ForeignKey<HostByAddress>,
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const ALL: [&str; 6] = ["0.0.0.0", "10.0.0.7", "255.255.255.255", "::", "2001:db8::1", "::ffff:10.0.0.7"];

behaviour! {
    async fn addresses_are_stored_and_found(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[network()]).await?;
        for text in ALL {
            let host = Host::draft().address(ip(text)).gateway(ip("10.0.0.1")).create(db).await?;
            assert_eq!((host.address, host.gateway, host.listens), (ip(text), Some(ip("10.0.0.1")), ip("127.0.0.1")));
        }
        Host::draft().address(ip("fe80::1")).create(db).await?;
        let hosts = Host::objects().order_by(|h| h.id.asc()).all(db).await?;
        assert_eq!(hosts[..6].iter().map(|host| host.address).collect::<Vec<_>>(), ALL.map(ip));
        for text in ALL {
            assert_eq!(Host::objects().filter(|h| h.address.eq(ip(text))).get(db).await?.address, ip(text));
        }
        // An address within one of the other kind is another address.
        assert_eq!(Host::objects().filter(|h| h.address.eq(ip("10.0.0.7"))).count(db).await?, 1);
        let some = [ip("::"), ip("10.0.0.7"), ip("9.9.9.9")];
        assert_eq!(Host::objects().filter(|h| h.address.is_in(some)).count(db).await?, 2);
        let many: Vec<IpAddr> = (0..200).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        assert_eq!(Host::objects().filter(|h| h.address.is_in(many)).count(db).await?, 1);
        assert_eq!(Host::objects().filter(|h| h.gateway.is_null() | h.gateway.ne(ip("10.0.0.1"))).count(db).await?, 1);
        let texts = Host::objects().filter(|h| h.id.lte(2)).order_by(|h| h.id.asc()).values(|h| h.address.cast::<String>());
        assert_eq!(texts.all(db).await?, ["0.0.0.0", "10.0.0.7"]);
        let groups = Host::objects().group_by(|h| h.gateway).annotate(|_| count()).filter(|(_, n)| n.gt(1)).all(db).await?;
        assert_eq!(groups, [(Some(ip("10.0.0.1")), 6)]);
        let error = Host::draft().address(ip("::")).create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["address".to_owned()][..]));
        Ok(())
    }

    // Equality is alike everywhere; only PostgreSQL orders addresses as numbers. A text is not made an address by name.
    async fn addresses_are_compared(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[network()]).await?;
        for text in ["10.0.0.9", "10.0.0.10", "9.0.0.1"] {
            Host::draft().address(ip(text)).create(db).await?;
        }
        assert_eq!(Host::objects().filter(|h| h.address.eq(ip("10.0.0.9"))).count(db).await?, 1);
        assert_eq!(Host::objects().filter(|h| h.address.is_in([ip("9.0.0.1"), ip("10.0.0.10"), ip("::1")])).count(db).await?, 2);
        let hosts = Host::objects().order_by(|h| h.address.asc()).values(|h| h.address).all(db).await?;
        if bed.backend == Backend::Postgres {
            assert_eq!(hosts, ["9.0.0.1", "10.0.0.9", "10.0.0.10"].map(ip));
        }
        assert_eq!(hosts.len(), 3);
        let catalog = Catalog::new().app(network());
        let cast = Query::of("network.Host").annotate("again", path("address").cast(Kind::Text).cast(Kind::Ip)).values(["again"]);
        let error = catalog.check(&cast).err().unwrap();
        assert!(error.message().contains("cannot be made"), "{error:?}");
        Ok(())
    }

    async fn addresses_are_written_in_every_way(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[network()]).await?;
        let drafts = (1..=40).map(|n| Host::draft().address(IpAddr::from([10, 0, 1, n])));
        let mut hosts = Host::objects().bulk_create(drafts, db).await?;
        hosts.iter_mut().for_each(|host| host.gateway = Some(host.address));
        assert_eq!(Host::objects().bulk_update(&hosts, |h| h.gateway, db).await?, 40);
        assert_eq!(Host::objects().filter(|h| h.gateway.eq(h.address)).count(db).await?, 40);
        assert_eq!(Host::objects().filter(|h| h.id.gt(0)).update(|h| h.gateway.set(ip("::1")), db).await?, 40);
        let (host, new) = Host::draft().address(hosts[0].address).get_or_create(|h| h.address, db).await?;
        assert_eq!((host.id, new, host.gateway), (hosts[0].id, false, Some(ip("::1"))));
        Host::objects().bulk_upsert([Host::draft().address(hosts[1].address).gateway(ip("8.8.8.8"))], |h| h.address, db).await?;
        assert_eq!(Host::get(hosts[1].id, db).await?.gateway, Some(ip("8.8.8.8")));
        for _ in 0..2 {
            Visit::draft().host(&hosts[0]).create(db).await?;
        }
        let visited = Host::objects().filter(|h| h.visits.any(|v| v.id.gt(0))).prefetch(|h| h.visits).get(db).await?;
        assert_eq!((visited.visits.get()?.len(), *visited.visits.get()?[0].host.key()), (2, hosts[0].address));
        assert_eq!(hosts[0].delete(db).await?.total, 3);
        Ok(())
    }

    async fn addresses_come_from_outside(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[network()]).await?;
        let host = Host::draft_from([("address", " 2001:DB8:0::1 "), ("gateway", "")])?.create(db).await?;
        assert_eq!((host.address, host.gateway), (ip("2001:db8::1"), None));
        for wrong in ["10.0.0", "10.0.0.256", "10.0.0.0/8", "localhost", "1::2::3"] {
            let error = Host::draft_from([("address", wrong)]).err().unwrap();
            let mistake = &error.validation()[0];
            assert_eq!((mistake.code, mistake.field.as_deref()), (Code::InvalidValue, Some("address")), "{wrong}");
        }
        let catalog = Catalog::new().app(network());
        let by_name = Query::of("network.Host").filter("address", "2001:db8::1");
        let rows = catalog.check(&by_name)?.all(db).await?;
        assert_eq!(serde_json::to_value(&rows[0]).unwrap()["address"], "2001:db8::1");
        assert!(catalog.check(&Query::of("network.Host").filter("address", "nowhere")).is_err());
        let mut out = Vec::new();
        Dump::of([network()]).write(Format::Json, &mut out, db).await?;
        Host::objects().delete(db).await?;
        Load::of([network()]).read(Format::Json, std::io::Cursor::new(out), db).await?;
        assert_eq!(Host::objects().get(db).await?, host);
        Ok(())
    }

    // What a database calls the column, and the model that is written for it.
    async fn the_column_is_known_again(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[network()]).await?;
        if bed.backend == Backend::SqliteMemory {
            return Ok(()); // by its URL there is another database
        }
        let url = bed.url.clone();
        let printed = tokio::task::spawn_blocking(move || {
            let mut printed = String::new();
            let project = orm::Project::new().database(url);
            project.run_into(["program", "inspectdb"], &mut printed).map(|()| printed)
        });
        let printed = printed.await.unwrap()?;
        assert!(printed.contains("pub address: IpAddr,") && printed.contains("pub gateway: Option<IpAddr>,"), "{printed}");
        let live = orm::migrate::introspect(db).await?;
        let wanted = orm::migrate::engine::introspect::as_stored(db.dialect().into(), &orm::migrate::schema(&[network()])?).unwrap();
        assert_eq!(orm::migrate::engine::introspect::differences(&wanted, &live), []);
        Ok(())
    }
}
