//! Files of numbers and of prices: all of one or nothing, whatever is wrong with it, and whenever
//! the process dies.

use std::sync::Arc;

use domain::NumberStatus;
use engine::{Engine, FileErrors, ImportFailure, Imported};
use store::{
    imports::{self, Import, ImportState},
    numbers::{self, Wanted},
};
use testkit::World;

use super::seconds;

testkit::on_both_engines!(
    a_file_is_imported_once_per_key,
    nothing_is_seen_before_all_of_it_is_there,
    an_import_goes_on_after_a_death,
    a_file_that_was_not_checked_is_sent_again,
    an_import_that_failed_begins_anew_under_its_key,
    a_preview_says_what_is_known_and_stores_nothing,
    each_bad_file_is_told_by_line_and_column,
    a_bad_row_among_many_leaves_nothing,
);

mod several_nodes {
    use super::several_nodes_go_on_with_an_import_once;

    testkit::on_several_nodes!(several_nodes_go_on_with_an_import_once);
}

/// A file of `count` numbers of France.
fn file(count: usize) -> String {
    let mut csv = "number,country,type\n".to_owned();
    for n in 0..count {
        csv.push_str(&format!("+3319900{n:06},FR,local\n"));
    }
    csv
}

async fn import(world: &World, csv: impl Into<Vec<u8>>) -> Result<Imported, FileErrors> {
    let csv = csv.into();
    let done = world.run(move |engine| async move { engine.import_numbers(csv, None).await }).await;
    match done {
        Ok((imported, _)) => Ok(imported),
        Err(ImportFailure::File(errors)) => Err(errors),
        Err(ImportFailure::Use(error)) => panic!("{error}"),
    }
}

/// How many numbers there are, for operators and for whoever orders.
async fn seen(world: &World) -> (usize, usize) {
    let (buyer, now) = (domain::AccountId::new(1), world.now());
    world
        .read(move |tx| {
            let all = numbers::list(tx, None, i64::MAX, i64::MAX)?.len();
            let wanted = Wanted::default();
            Ok((all, numbers::available(tx, &wanted, (buyer, now), i64::MAX, i64::MAX)?.len()))
        })
        .await
}

/// What the table holds, seen or not.
async fn stored(world: &World) -> i64 {
    world
        .read(|tx| tx.query_one("SELECT COUNT(*) FROM numbers", &[], |row| row.get::<i64>(0)))
        .await
        .unwrap()
}

async fn last(world: &World) -> Import {
    world.read(|tx| imports::list(tx, i64::MAX, 1)).await.remove(0)
}

async fn a_file_is_imported_once_per_key(world: &World) {
    let csv = file(2_500);
    let (first, again, other) = world
        .run(move |engine| async move {
            let key = || Some(testkit::idempotency("import"));
            let first = engine.import_numbers(csv.clone(), key()).await.unwrap();
            let again = engine.import_numbers(csv.clone(), key()).await.unwrap();
            (first, again, engine.import_numbers(csv, None).await.unwrap())
        })
        .await;
    let done = |added, known| Imported { added, known, known_lines: Vec::new() };
    assert_eq!(first, (done(2_500, 0), false));
    assert_eq!(again, (done(2_500, 0), true));
    assert_eq!(other, (done(0, 2_500), false));
    assert_eq!(seen(world).await, (2_500, 2_500));
    let kept = world.read(imports::has_forgettable).await;
    assert!(!kept, "files are kept no longer than they are needed");
}

/// Begins an import and stops it where `stored` rows are in.
async fn begin_and_die(world: &World, csv: String, stored: i64) {
    world
        .run(move |engine: Arc<Engine>| async move {
            engine.begin_import(csv.into(), None).await.unwrap();
        })
        .await;
    loop {
        let import = last(world).await;
        assert_ne!(import.state, ImportState::Done, "it was too quick to be watched");
        if import.state == ImportState::Storing && import.stored >= stored {
            break;
        }
    }
    world.crash();
    world.start_again().await;
}

async fn nothing_is_seen_before_all_of_it_is_there(world: &World) {
    begin_and_die(world, file(30_000), 1_000).await;
    assert!(stored(world).await >= 1_000);
    assert_eq!(seen(world).await, (0, 0));
    // Nor has anybody a number of it, who knows which.
    let import = last(world).await;
    let id = domain::NumberId::new(import.first_id.unwrap());
    assert!(world.read(move |tx| numbers::find(tx, id)).await.is_none());
    let (account, now) = (world.account().create().await.id, world.now());
    let bought = world.run(move |engine| async move {
        engine.store().write(move |tx| numbers::claim(tx, account, id, true, now)).await
    });
    assert!(bought.await.unwrap().is_none());
}

async fn an_import_goes_on_after_a_death(world: &World) {
    begin_and_die(world, file(20_000), 500).await;
    assert_eq!(seen(world).await, (0, 0));
    world.leap(seconds(16));
    world.run(|engine| async move { engine.pursue_imports().await.unwrap() }).await;
    assert_eq!(seen(world).await, (20_000, 20_000));
    let import = last(world).await;
    assert_eq!((import.state, import.stored, import.changed), (ImportState::Done, 20_000, 20_000));
    assert_eq!(stored(world).await, 20_000);
    // All of them are as the file says, each once.
    let read = move |tx: &mut store::Tx<'_>| {
        let mut all = numbers::list(tx, Some(NumberStatus::Available), i64::MAX, i64::MAX)?;
        all.reverse();
        Ok(all)
    };
    for (n, found) in world.read(read).await.into_iter().enumerate() {
        assert_eq!(found.number.as_str(), format!("+3319900{n:06}"));
    }
    world.run(|engine| async move { engine.pursue_imports().await.unwrap() }).await;
    assert!(!world.read(imports::has_forgettable).await);
}

async fn pursue(world: &World) {
    world
        .run(|engine| async move {
            // Whoever comes second stops.
            drop(engine.pursue_imports().await);
        })
        .await;
}

async fn several_nodes_go_on_with_an_import_once(world: &World) {
    let other = world.second_node().await;
    begin_and_die(world, file(20_000), 500).await;
    for _ in 0..2 {
        world.leap(seconds(16));
        tokio::join!(pursue(world), pursue(&other), pursue(world), pursue(&other));
    }
    let import = last(world).await;
    assert_eq!((import.state, import.stored, import.changed), (ImportState::Done, 20_000, 20_000));
    assert_eq!(seen(world).await, (20_000, 20_000));
}

async fn a_file_that_was_not_checked_is_sent_again(world: &World) {
    let (now, until) = (world.now(), world.now().plus(seconds(10)));
    let import = Import {
        id: 7,
        kind: imports::ImportKind::Numbers,
        state: ImportState::Checking,
        octets: 1,
        total: None,
        stored: 0,
        changed: 0,
        first_id: None,
        errors: None,
        created_at: now,
        finished_at: None,
    };
    world
        .run(move |engine| async move {
            let insert = move |tx: &mut store::Tx<'_>| imports::insert(tx, &import, Some(until));
            engine.store().write(insert).await.unwrap();
            engine.pursue_imports().await.unwrap();
        })
        .await;
    assert_eq!(last(world).await.state, ImportState::Checking, "somebody may be at it");
    world.leap(seconds(10));
    world.run(|engine| async move { engine.pursue_imports().await.unwrap() }).await;
    let import = last(world).await;
    assert_eq!(import.state, ImportState::Failed);
    assert!(engine::import_errors(&import).told[0].message.contains("send it again"));
}

async fn an_import_that_failed_begins_anew_under_its_key(world: &World) {
    let account = world.account().create().await.id;
    let csv = format!(
        "number,country,type,account_id,carrier_id\n+33199000001,FR,local,{account},1\n+33199000002,FR,local,,9\n"
    );
    let begin = async |csv: String| {
        world
            .run(move |engine| async move {
                let key = Some(testkit::idempotency("import"));
                engine.import_numbers(csv, key).await
            })
            .await
    };
    let Err(ImportFailure::File(errors)) = begin(csv.clone()).await else { panic!("no carrier") };
    assert_eq!(errors.told.len(), 2, "{errors:?}");
    let failed = last(world).await;
    // Accounts of tests have one.
    assert_eq!((failed.state, stored(world).await), (ImportState::Failed, 1));
    // What was wrong is right by now.
    world
        .run(|engine| async move {
            const CARRIERS: &str = "
                INSERT INTO carriers (id, name, kind, enabled, settings, created_at)
                SELECT 1, 'a', 'simulator', 0, '{}', 1 UNION ALL
                SELECT 9, 'b', 'simulator', 0, '{}', 1";
            engine.store().write(|tx| tx.execute(CARRIERS, &[])).await.unwrap();
        })
        .await;
    let (done, replayed) = begin(csv).await.unwrap();
    assert_eq!((done.added, replayed), (2, true));
    assert_eq!(last(world).await.id, failed.id);
    assert_eq!(stored(world).await, 3);
}

async fn a_preview_says_what_is_known_and_stores_nothing(world: &World) {
    import(world, "number,country,type\n+33199000700,FR,local\n+33199000701,FR,local\n")
        .await
        .unwrap();
    let csv = "number,country,type\n+33199000702,FR,local\n\n+33199000701,FR,local\n";
    let looked = world.run(move |engine| async move { engine.preview_import(csv.into()).await });
    let expected = Imported { added: 1, known: 1, known_lines: vec![4] };
    assert_eq!(looked.await.unwrap(), expected);
    assert_eq!(seen(world).await.0, 2);
    let bad = world.run(move |engine| async move {
        engine.preview_import("number\n+1".into()).await.is_err()
    });
    assert!(bad.await);
}

/// A file, the kind of error, and where it is: its line and its column.
type Bad = (Vec<u8>, &'static str, u64, &'static str);

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let mark = mark.then_some(0xFEFF);
    let units = mark.into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// Files that are good, however they are written.
const GOOD: &[(&str, u64)] = &[
    ("number,country,type\n+33199000001,FR,local\n", 1),
    ("number,country,type\n+33199000001,FR,local", 1),
    ("\u{feff}number,country,type\r\n+33199000001,FR,local\r\n", 1),
    ("number;country;type\r\n+33199000001;FR;local\r\n", 1),
    ("Number\tCountry\tType\n+33199000001\tFR\tlocal\n", 1),
    ("number,country,type\r+33199000001,FR,local\r+33199000002,FR,local\r", 2),
    ("\"number\",\"country\",\"type\"\n\"+33199000001\",\"FR\",\"local\"\n", 1),
    ("number,country,type\n\n\r\n+33199000001,FR,local\n,,\n \n\n", 1),
    ("\n\nnumber,country,type\n+33199000001,FR,local\n", 1),
    ("type,simulated,number,country\nlocal,true,+33199000001,FR\n", 1),
    (" number , country , type \n +33199000001 , FR , local \n", 1),
    ("number,country,type\n", 0),
];

fn bad() -> Vec<Bad> {
    let text = "number,country,type\n+33199000001,FR,local\n";
    let row = |row: &str| format!("{text}{row}\n").into_bytes();
    let long = format!("\"{}\"", "9".repeat(5_000_000));
    let open = format!("{text}\"+33199000002,FR,local\n{}", "+33199000003,FR,local\n".repeat(100));
    vec![
        (vec![], "missing", 1, "number"),
        (b"\xef\xbb\xbf".to_vec(), "missing", 1, "number"),
        (b"hello".to_vec(), "no such column", 1, "hello"),
        (b"number,country\n+33199000001,FR\n".to_vec(), "missing", 1, "type"),
        (b"number,country,type,colour\n".to_vec(), "no such column", 1, "colour"),
        (b"number,country,type,number\n".to_vec(), "twice", 1, "number"),
        (b"number,country,type,\n".to_vec(), "is empty", 1, ""),
        (
            b"number|country|type\n+33199000001|FR|local\n".to_vec(),
            "no such column",
            1,
            "number|country|type",
        ),
        (row("+33199000002,FR"), "2 cells", 3, ""),
        (row("+33199000002,FR,local,x"), "4 cells", 3, ""),
        (row("0199000002,FR,local"), "E.164", 3, "number"),
        (row("\n\n,FR,local"), "empty", 5, "number"),
        (row("+33199000002,fr,local"), "", 3, "country"),
        (row("+33199000002,FR,fax"), "toll_free", 3, "type"),
        (row("+33199000001,FR,local"), "line 2", 3, "number"),
        (row("\"+3319900\n0002\",FR,local"), "E.164", 3, "number"),
        (row("\"a\nb\",FR,local\n+33199000002,FR,local,x"), "", 3, "number"),
        (row("+3319900\u{0}0002,FR,local"), "NUL", 3, "number"),
        (row(&format!("{long},FR,local")), "longer", 3, "number"),
        (open.into_bytes(), "longer", 3, "number"),
        (utf16(text, true, false), "UTF-16", 1, ""),
        (utf16(text, true, true), "UTF-16", 1, ""),
        (utf16(text, false, false), "UTF-16", 1, ""),
        (utf16(text, false, true), "UTF-16", 1, ""),
        (b"number,country,type\n+33199000001,F\xe9,local\n".to_vec(), "UTF-8", 2, "country"),
        (b"number,pa\xffs,type\n".to_vec(), "UTF-8", 1, ""),
        (
            b"number,country,type\r+33199000001,FR,local\r+33199000002,FR\r".to_vec(),
            "2 cells",
            3,
            "",
        ),
        (b"number,country,type\r\n\r\n+33199000001,FR,x\r\n".to_vec(), "toll_free", 3, "type"),
        (
            b"number,country,type,account_id\n+33199000001,FR,local,987654\n".to_vec(),
            "no account",
            2,
            "account_id",
        ),
        (
            b"number,country,type,carrier_id\n+33199000001,FR,local,987654\n".to_vec(),
            "no carrier",
            2,
            "carrier_id",
        ),
        (
            b"number,country,type,account_id\n+33199000001,FR,local,x\n".to_vec(),
            "",
            2,
            "account_id",
        ),
        (
            b"number,country,type,simulated\n+33199000001,FR,local,maybe\n".to_vec(),
            "true or false",
            2,
            "simulated",
        ),
    ]
}

async fn each_bad_file_is_told_by_line_and_column(world: &World) {
    for (csv, rows) in GOOD {
        let looked =
            world.run(move |engine| async move { engine.preview_import((*csv).into()).await });
        let looked = looked.await.unwrap_or_else(|error| panic!("{csv:?}: {error:?}"));
        assert_eq!(looked.added, *rows, "{csv:?}");
    }
    for (csv, says, line, column) in bad() {
        let shown: String = String::from_utf8_lossy(&csv).chars().take(80).collect();
        let errors = import(world, csv).await.expect_err(&shown);
        let first = &errors.told[0];
        assert_eq!((first.line, first.column.as_str()), (line, column), "{shown:?}: {first:?}");
        assert!(first.message.contains(says), "{shown:?}: {first:?}");
        assert!(first.message.len() < 300, "{shown:?}");
    }
    assert_eq!(stored(world).await, 0);
}

async fn a_bad_row_among_many_leaves_nothing(world: &World) {
    let errors = import(world, file(5_000) + "+3319900x,FR,local\n").await.unwrap_err();
    assert_eq!((errors.told.len(), errors.more, errors.told[0].line), (1, 0, 5_002));
    // Very many are counted.
    let errors = import(world, file(10) + &"x,FR,local\n".repeat(5_000)).await.unwrap_err();
    assert_eq!((errors.told.len(), errors.more), (100, 4_900));
    // A million rows and one.
    let rows: String = (0..=1_000_000).map(|n| format!("+33{n:09},FR,local\n")).collect();
    let errors = import(world, format!("number,country,type\n{rows}")).await.unwrap_err();
    assert_eq!(errors.told[0].line, 1_000_002);
    assert!(errors.told[0].message.contains("at most 1000000 rows"));
    assert_eq!(stored(world).await, 0);

    let prices = "prefix,price\n+33,0.01\n\n+331,x\n+33,0.02\n";
    let errors = world
        .run(move |engine| async move { engine.read_outbound_prices(prices.as_bytes()) })
        .await;
    let told: Vec<_> = errors.unwrap_err().told.into_iter().map(|e| (e.line, e.column)).collect();
    assert_eq!(told, [(4, "price".to_owned()), (5, "prefix".to_owned())]);
}
