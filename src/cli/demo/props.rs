//! The files that the demo's customers hand in. They are in the store before the story is written, like every upload.

use std::collections::HashMap;

use crate::desk::files::Upload;
use crate::error::Result;
use crate::outside::store::Store;

const LARGEST: u64 = 1024 * 1024;

const LOG: &str = "2026-11-24T08:12:04Z mailbox open: error 503, try 1 of 3
2026-11-24T08:12:09Z mailbox open: error 503, try 2 of 3
2026-11-24T08:12:19Z mailbox open: error 503, given up
";

const RECEIPT: &str = "Statement of account (copy)

Meridian API        paid by card        status: booked
Reference on the invoice: the order's own number
";

/// Kind of evidence, name, content, and how many customers of the story hand one in.
const PROPS: [(&str, &str, &[u8], usize); 3] = [
    (
        "screenshot",
        "screen.png",
        include_bytes!("screenshot.png"),
        4,
    ),
    ("log", "mailbox.txt", LOG.as_bytes(), 2),
    ("invoice_payment", "statement.txt", RECEIPT.as_bytes(), 2),
];

/// Puts every file into the store, once for each who hands it in.
pub fn put(store: &Store) -> Result<HashMap<&'static str, Vec<Upload>>> {
    let mut uploads = HashMap::new();
    for (kind, name, content, count) in PROPS {
        let mut files = Vec::new();
        for _ in 0..count {
            let mut bytes = content;
            let stored = store.put(&mut bytes, name, LARGEST)?;
            files.push(Upload {
                name: name.to_owned(),
                kind: stored.kind.as_str().to_owned(),
                bytes: i64::try_from(stored.size).unwrap_or(i64::MAX),
                sha256: stored.sha256,
                blob: stored.blob,
            });
        }
        uploads.insert(kind, files);
    }
    Ok(uploads)
}
