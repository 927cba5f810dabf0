//! Files that sellers send: what is taken, what is said of what is not, and that saying it twice changes nothing.

use redress::db::{deposits, imports, orders, people};
use redress::desk::intake::{self, Kind, Refusal, Report};
use redress::desk::orders::record_status;
use redress::rules::facts::{CanceledBy, Status};

use crate::money::{Books, act};

/// What became of the file, an hour and more into the story.
fn take(books: &Books, kind: Kind, name: &str, bytes: &[u8]) -> Report {
    let seller = books
        .db
        .pool
        .read(|conn| Ok(redress::db::sellers::find(conn, &books.seller)?));
    let seller = seller.unwrap();
    let act = act(10_000);
    let report = match intake::read(kind, name, bytes) {
        Err(faults) => Report::unreadable(kind, name, faults),
        Ok(reading) => {
            let mut report = reading.report();
            for rows in reading.batches() {
                report.take(
                    books
                        .write(|tx| intake::batch(tx, &act, &seller, kind, rows))
                        .unwrap(),
                );
            }
            report
        }
    };
    books
        .write(|tx| intake::file(tx, &act, &seller, &report))
        .unwrap();
    report
}

fn counts(report: &Report) -> (usize, usize, usize, usize) {
    (
        report.added,
        report.changed,
        report.same,
        report.refused_lines(),
    )
}

fn said(report: &Report) -> Vec<String> {
    report.refused.iter().map(ToString::to_string).collect()
}

const DEPOSITS: &str = "reference,customer,customer_name,at,amount,method,method_label,paid_amount,paid_currency\n\
    D1,Boris@Example.net,Boris,2026-03-01T09:30:00Z,20.00,card-1,Visa 4242,18.40,EUR\n\
    D2,boris@example.net,,2026-03-02T09:00:00+01:00,5,card-1,,,\n";

const SERVICES: &str = "reference;name;refill;refundable_once_started\n\
    S1;1000 followers;30;false\n\
    S2;\"Likes; fast\";none;\n";

const ORDERS: &str = "reference,customer,service,target,placed_at,status,quantity,remains,charge,paid_with\n\
    O2,boris@example.net,S2,https://example.net/b,2026-03-03T11:00:00Z,Pending,500,500,8,balance=6|card-9=2\n\
    O1,boris@example.net,S1,https://example.net/a,2026-03-03T10:00:00Z,In progress,1000,400,10.00,balance\n";

#[test]
fn a_sellers_three_files_become_services_balances_and_orders() {
    let books = Books::open();
    assert_eq!(
        counts(&take(
            &books,
            Kind::Services,
            "services.csv",
            SERVICES.as_bytes()
        )),
        (2, 0, 0, 0)
    );
    assert_eq!(
        counts(&take(
            &books,
            Kind::Deposits,
            "deposits.csv",
            DEPOSITS.as_bytes()
        )),
        (2, 0, 0, 0)
    );
    let report = take(&books, Kind::Orders, "orders.csv", ORDERS.as_bytes());
    assert_eq!(counts(&report), (2, 0, 0, 0), "{:?}", said(&report));
    // The file's later line is the earlier order: it took the older money.
    let read = books.db.pool.read(|conn| {
        let boris = people::by_email(conn, "boris@example.net")?.unwrap();
        let order = orders::by_reference(conn, &books.seller, "O1")?.unwrap();
        let deposit = deposits::by_reference(conn, &books.seller, "D1")?.unwrap();
        let balance = deposits::Balance {
            customer: boris.id.clone(),
            ..books.balance()
        };
        let lots = deposits::lots(conn, &balance)?;
        Ok((boris, order, deposit, lots))
    });
    let (boris, order, deposit, lots) = read.unwrap();
    assert_eq!(
        (boris.name.as_str(), boris.password_hash, boris.confirmed_at),
        ("Boris", None, None)
    );
    assert_eq!(
        (order.status, order.title.as_str()),
        (Status::InProgress, "1000 followers")
    );
    assert_eq!(
        order.snapshot_json,
        r#"{"refill":30,"refundable_once_started":false}"#
    );
    assert_eq!(deposit.paid_currency.as_deref(), Some("EUR"));
    let left = lots
        .iter()
        .map(|lot| (lot.reference.as_str(), lot.remaining_e8))
        .collect::<Vec<_>>();
    assert_eq!(left, [("D1", 400_000_000), ("D2", 500_000_000)]);
}

#[test]
fn importing_the_same_files_again_changes_nothing_and_a_new_status_becomes_history() {
    let books = Books::open();
    for _ in 0..2 {
        take(&books, Kind::Services, "s.csv", SERVICES.as_bytes());
        take(&books, Kind::Deposits, "d.csv", DEPOSITS.as_bytes());
        take(&books, Kind::Orders, "o.csv", ORDERS.as_bytes());
    }
    let again = take(&books, Kind::Orders, "o.csv", ORDERS.as_bytes());
    assert_eq!(counts(&again), (0, 0, 2, 0));
    let partial = ORDERS.replace("In progress,1000,400", "Partial,1000,250");
    assert_eq!(
        counts(&take(&books, Kind::Orders, "o.csv", partial.as_bytes())),
        (0, 1, 1, 0)
    );
    let (order, history) = books
        .db
        .pool
        .read(|conn| {
            let order = orders::by_reference(conn, &books.seller, "O1")?.unwrap();
            let history = orders::history(conn, &order.id)?;
            Ok((order, history))
        })
        .unwrap();
    assert_eq!(
        (order.status, order.remains.as_deref()),
        (Status::Partial, Some("250"))
    );
    assert_eq!(history.len(), 2);
    let stored = books
        .db
        .pool
        .read(|conn| Ok(imports::latest(conn, &books.seller, 100)?))
        .unwrap();
    assert_eq!(stored.len(), 8);
    assert!(stored.iter().all(|import| import.refused == 0));
}

#[test]
fn changed_money_is_refused_by_line_with_its_reason_and_the_other_rows_are_taken() {
    let books = Books::open();
    take(&books, Kind::Deposits, "d.csv", DEPOSITS.as_bytes());
    let changed = format!(
        "{}D3,boris@example.net,,2026-03-02T10:00:00Z,1.5,card-2,,,\n",
        DEPOSITS.replace("20.00", "21.00")
    );
    let report = take(&books, Kind::Deposits, "d.csv", changed.as_bytes());
    assert_eq!(counts(&report), (1, 0, 1, 1));
    assert_eq!(report.refused[0].line, 2);
    assert!(
        report.refused[0].why.contains("another amount"),
        "{}",
        report.refused[0].why
    );
    let stored = books
        .db
        .pool
        .read(|conn| Ok(imports::latest(conn, &books.seller, 10)?))
        .unwrap();
    assert!(
        stored
            .iter()
            .any(|import| import.refused == 1 && import.report_json.contains("another amount"))
    );
}

#[test]
fn a_row_is_refused_with_every_fault_of_its_cells() {
    let books = Books::open();
    let header = "reference,customer,at,amount,method,paid_amount,method_state\n";
    let why = |row: &str| {
        said(&take(
            &books,
            Kind::Deposits,
            "d.csv",
            format!("{header}{row}\n").as_bytes(),
        ))
        .join(" / ")
    };
    for (row, expected) in [
        (
            "D1,not an address,2026-03-01T09:00:00Z,1,card,,",
            "line 2, customer: ",
        ),
        (
            "D1,a@example.net,2026-03-01 09:00,1,card,,",
            "line 2, at: must be an instant with an offset",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00,1,card,,",
            "line 2, at: must be an instant with an offset",
        ),
        (
            "D1,a@example.net,0000-03-01T09:00:00Z,1,card,,",
            "line 2, at: must lie between",
        ),
        (
            "D1,a@example.net,9999-12-31T09:00:00Z,1,card,,",
            "line 2, at: must lie between",
        ),
        (
            "D1,a@example.net,2027-02-29T09:00:00Z,1,card,,",
            "line 2, at: must be an instant",
        ),
        (
            "D1,a@example.net,2026-12-31T09:00:00Z,1,card,,",
            "line 2, at: lies in the future",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,0,card,,",
            "line 2, amount: must be above zero",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,-1,card,,",
            "line 2, amount: must not be negative",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,1e3,card,,",
            "line 2, amount: must not be written with an exponent",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,NaN,card,,",
            "line 2, amount: must be a plain decimal",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,0x10,card,,",
            "line 2, amount: must be a plain decimal",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,\"10,00\",card,,",
            "line 2, amount: must be a plain decimal",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,92233720368547758.08,card,,",
            "line 2, amount: is larger than can be kept",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,0.000000001,card,,",
            "line 2, amount: has more decimals than can be kept",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,1,card,2,",
            "line 2, paid_currency: paid_amount and paid_currency go together",
        ),
        (
            "D1,a@example.net,2026-03-01T09:00:00Z,1,card,,maybe",
            "line 2, method_state: \"maybe\" is not a word known here",
        ),
        (
            ",,,x,,,",
            "line 2, customer: must be filled / line 2, method: must be filled",
        ),
    ] {
        let why = why(row);
        assert!(why.contains(expected), "{row}: {why}");
    }
    assert_eq!(books.account("customer_cash"), "0");
}

#[test]
fn orders_that_cannot_be_are_refused_and_leave_nothing() {
    let books = Books::open();
    take(&books, Kind::Deposits, "d.csv", DEPOSITS.as_bytes());
    let header =
        "reference,customer,service,placed_at,status,quantity,remains,charge,paid_with,items\n";
    let row = |rest: &str| format!("{header}O9,boris@example.net,{rest}\n");
    for (rest, expected) in [
        (
            "S7,2026-03-03T10:00:00Z,pending,1,1,1,balance,",
            "line 2, service: there is no service S7",
        ),
        (
            ",2026-03-03T10:00:00Z,done,1,1,1,balance,",
            "line 2, status: ",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1.5,1,1,balance,",
            "line 2, quantity: must be a whole number",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,-1,1,1,balance,",
            "line 2, quantity: must be at least 0",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,some,1,balance,",
            "line 2, remains: must be a whole number",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,-1,balance,",
            "line 2, charge: must not be negative",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,10,balance=6|card=3,",
            "line 2, paid_with: The parts of the payment must add up",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,10,balance=6|card,",
            "line 2, paid_with: must be balance, a method, or parts",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,10,balance=5|balance=5,",
            "line 2, paid_with: names the balance twice",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,25.01,balance,",
            "line 2: The 25.01 from the balance is more than the 25 that was there.",
        ),
        (
            ",2026-03-01T09:00:00Z,pending,1,1,1,balance,",
            "line 2: The 1 from the balance is more than the 0 that was there.",
        ),
        (
            ",2026-03-03T10:00:00Z,pending,1,1,1,balance,0",
            "line 2, items: must be at least 1",
        ),
    ] {
        let why = said(&take(&books, Kind::Orders, "o.csv", row(rest).as_bytes())).join(" / ");
        assert!(why.contains(expected), "{rest}: {why}");
    }
    assert_eq!(books.account("sales"), "0");
    assert_eq!(books.account("customer_cash"), "25");
    // Remains out of range and unknown figures are facts to be judged, not faults.
    let odd = row(",2026-03-03T10:00:00Z,Cancelled,1000,-5,,,");
    assert_eq!(
        counts(&take(&books, Kind::Orders, "o.csv", odd.as_bytes())),
        (1, 0, 0, 0)
    );
}

#[test]
fn a_file_of_the_wrong_form_imports_nothing_and_every_fault_has_its_line() {
    let books = Books::open();
    let good = "D1,a@example.net,2026-03-01T09:00:00Z,1,card\n";
    let header = "reference,customer,at,amount,method\n";
    let wide = "a,".repeat(1_000_000);
    let files: &[(&str, Vec<u8>, &str)] = &[
        ("empty.csv", Vec::new(), "The file is empty"),
        (
            "header.csv",
            good.into(),
            "line 1, d1: This is no column of deposits",
        ),
        (
            "lacks.csv",
            "reference,customer,at,amount\n".into(),
            "line 1, method: The header lacks this column",
        ),
        (
            "twice.csv",
            format!("at,{header}{good}").into(),
            "line 1, at: This column stands there twice",
        ),
        (
            "more.csv",
            format!("balance,{header}").into(),
            "line 1, balance: This is no column of deposits",
        ),
        (
            "short.csv",
            format!("{header}{good}D2,b@example.net\n").into(),
            "line 3: has 2 cells and the header has 5",
        ),
        (
            "quote.csv",
            format!("{header}{good}\"D2,b@example.net\n").into(),
            "line 3: A quote opens here and is never closed",
        ),
        (
            "ids.csv",
            format!("{header}{good}{good}").into(),
            "line 3, reference: D1 stands on line 2 already",
        ),
        (
            "nul.csv",
            format!("{header}D1\0,").into(),
            "line 2: There is a NUL character",
        ),
        (
            "bytes.csv",
            [header.as_bytes(), b"D\xFF"].concat(),
            "line 2: This is not UTF-8",
        ),
        (
            "wide.csv",
            wide.into(),
            "line 1: There are more than 100 columns",
        ),
        (
            "large.csv",
            vec![b'a'; intake::MOST_BYTES + 1],
            "The file is larger than 16 MB",
        ),
        (
            "array.jsonl",
            "[1]\n".into(),
            "line 1: This is not a JSON object",
        ),
        (
            "broken.jsonl",
            "{\"reference\": \"D1\"}\n{\"reference\": \n".into(),
            "line 2: This is not a JSON object",
        ),
        (
            "field.jsonl",
            "{\"balance\": 1}\n".into(),
            "line 1, balance: This is no column of deposits",
        ),
        (
            "again.jsonl",
            "{\"at\": \"x\", \"at\": \"y\"}\n".into(),
            "line 1, at: This field stands there twice",
        ),
    ];
    for (name, bytes, expected) in files {
        let report = take(&books, Kind::Deposits, name, bytes);
        assert_eq!(counts(&report), (0, 0, 0, 1), "{name}: {:?}", said(&report));
        assert!(
            said(&report)[0].starts_with(expected),
            "{name}: {:?}",
            said(&report)
        );
    }
    assert_eq!(books.account("customer_cash"), "0");
}

#[test]
fn marks_semicolons_tabs_utf16_and_json_lines_all_read_alike() {
    let rows = [
        ("reference", "customer", "at", "amount", "method"),
        (
            "D1",
            "anna@example.net",
            "2026-03-01T09:00:00Z",
            "7.50",
            "card-1",
        ),
    ];
    let with = |delimiter: &str, end: &str| {
        let line = |row: &(&str, &str, &str, &str, &str)| {
            [row.0, row.1, row.2, row.3, row.4].join(delimiter) + end
        };
        rows.iter().map(line).collect::<String>()
    };
    let utf16 = with("\t", "\r\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<_>>();
    let json = "{\"reference\":\"D1\",\"customer\":\"anna@example.net\",\"at\":\"2026-03-01T09:00:00Z\",\
                \"amount\":\"7.50\",\"method\":\"card-1\",\"surcharge\":null}\n";
    let files: [(&str, Vec<u8>); 5] = [
        ("d.csv", format!("\u{feff}{}", with(",", "\r\n")).into()),
        ("d.csv", with(";", "\n").into()),
        ("d.csv", [&[0xFF, 0xFE], utf16.as_slice()].concat()),
        ("d.jsonl", json.into()),
        ("d", json.into()),
    ];
    for (name, bytes) in files {
        let books = Books::open();
        let report = take(&books, Kind::Deposits, name, &bytes);
        assert_eq!(counts(&report), (1, 0, 0, 0), "{:?}", said(&report));
        assert_eq!(books.lots(), [("D1".to_owned(), "7.5".to_owned())]);
    }
}

#[test]
fn json_numbers_are_no_amounts_and_lists_are_parts() {
    let books = Books::open();
    let number = br#"{"reference":"D1","customer":"anna@example.net","at":"2026-03-01T09:00:00Z","amount":7.5,"method":"card-1"}"#;
    let report = take(&books, Kind::Deposits, "d.jsonl", number);
    assert_eq!(
        report.refused,
        [Refusal {
            line: 1,
            field: "amount".to_owned(),
            why: "must be text".to_owned()
        }]
    );
    let order = br#"{"reference":"O1","customer":"anna@example.net","placed_at":"2026-03-03T10:00:00Z","status":"pending",
        "quantity":5,"remains":"5","charge":"3","paid_with":[{"method":"card-9","amount":"2"},{"method":"card-8","amount":"1"}]}"#;
    let one_line = String::from_utf8_lossy(order).replace('\n', " ");
    let report = take(&books, Kind::Orders, "o.jsonl", one_line.as_bytes());
    assert_eq!(counts(&report), (1, 0, 0, 0), "{:?}", said(&report));
    assert_eq!(books.account("processor_clearing"), "-3");
}

#[test]
fn a_member_of_staff_is_no_customer_and_formulas_are_only_text() {
    let books = Books::open();
    books
        .write(|tx| {
            let mut person = people::by_email(tx, "anna@example.net")?.unwrap();
            person.id = redress::ids::PersonId::new(crate::money::at(0));
            person.email = "omar@example.net".to_owned();
            person.role = redress::act::Role::Agent;
            assert!(people::insert_person(tx, &person)?);
            Ok(())
        })
        .unwrap();
    let header = "reference,customer,at,amount,method,method_label\n";
    let row = |email: &str| {
        format!("{header}=D1,{email},2026-03-01T09:00:00Z,1,card-1,=cmd|' /C calc'!A0\n")
    };
    let staff = take(
        &books,
        Kind::Deposits,
        "d.csv",
        row("omar@example.net").as_bytes(),
    );
    assert_eq!(
        said(&staff),
        ["line 2, customer: is the address of a member of staff"]
    );
    assert_eq!(
        counts(&take(
            &books,
            Kind::Deposits,
            "d.csv",
            row("anna@example.net").as_bytes()
        )),
        (1, 0, 0, 0)
    );
}

#[test]
fn a_nightly_file_undoes_no_cancellation_of_the_desk_and_its_empty_cells_erase_nothing() {
    let books = Books::open();
    take(&books, Kind::Services, "s.csv", SERVICES.as_bytes());
    take(&books, Kind::Deposits, "d.csv", DEPOSITS.as_bytes());
    take(&books, Kind::Orders, "o.csv", ORDERS.as_bytes());
    let order = |reference: &str| {
        let read = books
            .db
            .pool
            .read(|conn| Ok(orders::by_reference(conn, &books.seller, reference)?));
        read.unwrap().unwrap()
    };
    let pending = order("O2");
    let canceled = orders::Progress {
        status: Status::Canceled,
        canceled_by: Some(CanceledBy::Customer),
        ..pending.progress()
    };
    let act = act(10_000);
    books
        .write(|tx| record_status(tx, &act, &pending.id, &canceled, "customer", act.at))
        .unwrap();
    let nightly = ORDERS.replace("In progress,1000,400", "In progress,1000,");
    let report = take(&books, Kind::Orders, "o.csv", nightly.as_bytes());
    assert_eq!(counts(&report), (0, 0, 2, 0), "{:?}", said(&report));
    assert_eq!(order("O2").progress(), canceled);
    assert_eq!(order("O1").remains.as_deref(), Some("400"));
    // What remained is known of the order as it ran, and not of what became of it.
    let ended = ORDERS.replace("In progress,1000,400", "Partial,1000,");
    take(&books, Kind::Orders, "o.csv", ended.as_bytes());
    assert_eq!(order("O1").remains, None);
}
