//! `redress import` and `redress ledger verify` as an operator runs them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use diesel::connection::SimpleConnection;
use redress::db::sellers::insert_seller;
use redress::db::{Pool, migrate};

use super::{at, shop};
use redress::ids::SellerId;

fn redress(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redress"));
    command.args(args).arg("--data").arg(data);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REDRESS_")) {
        command.env_remove(name);
    }
    command.env("REDRESS_LOG", "warn").output().unwrap()
}

fn answer(output: &Output) -> (Option<i32>, String) {
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[test]
fn an_operator_imports_a_file_and_proves_the_books_and_a_broken_book_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let pool = Pool::open(&format!("sqlite://{}", data.join("redress.db").display())).unwrap();
    migrate(&pool).unwrap();
    pool.write(|tx| Ok(insert_seller(tx, &shop(&SellerId::new(at(0))))?))
        .unwrap();

    let file = data.join("deposits.csv");
    let row = "D1,anna@example.net,2026-03-01T09:00:00Z";
    fs::write(
        &file,
        format!(
            "reference,customer,at,amount,method\n{row},7.50,card-1\nD2{},-1,card-1\n",
            &row[2..]
        ),
    )
    .unwrap();
    let import = [
        "import",
        "deposits",
        file.to_str().unwrap(),
        "--seller",
        "acme",
    ];
    let (status, said) = answer(&redress(data, &import));
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "line 3, amount: must not be negative\n2 deposits: 1 added, 0 changed, 0 same, 1 refused\n"
    );
    let (_, again) = answer(&redress(data, &import));
    assert!(
        again.ends_with("2 deposits: 0 added, 0 changed, 1 same, 1 refused\n"),
        "{again}"
    );

    let verify = ["ledger", "verify"];
    let (status, said) = answer(&redress(data, &verify));
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.starts_with("acme: 1 journals, 2 entries, 2 accounts, 1 lots"),
        "{said}"
    );
    assert!(said.ends_with("the books prove\n"), "{said}");

    let cooked =
        "UPDATE accounts SET balance_e8 = balance_e8 + 100000000 WHERE kind = 'customer_cash'";
    pool.raw(|conn| Ok(conn.batch_execute(cooked)?)).unwrap();
    let (status, said) = answer(&redress(data, &verify));
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("FOUND acme account customer_cash USD of"),
        "{said}"
    );
}

#[test]
fn an_import_for_nobody_or_of_nothing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    fs::write(&file, "x\n").unwrap();
    assert!(redress(folder.path(), &["migrate"]).status.success());
    for (kind, file, seller, expected) in [
        (
            "deposits",
            file.to_str().unwrap(),
            "nobody",
            "there is no seller `nobody`",
        ),
        (
            "customers",
            file.to_str().unwrap(),
            "acme",
            "services, deposits or orders",
        ),
        (
            "orders",
            "no/such/file.csv",
            "acme",
            "cannot read no/such/file.csv",
        ),
    ] {
        let output = redress(folder.path(), &["import", kind, file, "--seller", seller]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{said}");
    }
}
