//! The evidence pack of a chargeback: one PDF to read, and an archive with it, the conversations as text, the policy's document and
//! the originals. Of this customer and this payment alone; what staff note among themselves is left out.

mod contents;
mod record;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::Looker;
use crate::app::{App, blocking, files};
use crate::db;
use crate::error::Result;
use crate::web::bundle::{Content, Entry, archive};
use crate::web::gate::Lead;
use crate::web::paper::Paper;
use crate::web::session::Visit;

/// Everything of a pack but the bytes of the originals.
pub struct Pack {
    pub number: String,
    pub made: DateTime<Utc>,
    pub paper: Paper,
    /// Name and text.
    pub texts: Vec<(String, String)>,
    pub originals: Vec<Original>,
}

/// A file that was handed in.
pub struct Original {
    /// In the archive, under a name of ours.
    pub name: String,
    pub blob: String,
    pub sha256: String,
}

async fn read(app: &App, visit: &Visit, looker: Looker, number: String) -> Result<Pack> {
    let zone = visit.zone;
    app.read(move |conn| {
        let dispute = db::disputes::for_staff(conn, &looker.scope, &number)?;
        contents::pack(conn, &dispute, looker.wall, zone)
    })
    .await
}

pub async fn pdf(app: Data<App>, visit: Lead, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let pack = read(&app, &visit, looker, number.into_inner()).await?;
    let name = format!("evidence-{}.pdf", pack.number);
    let bytes = blocking(move || pack.paper.pdf()).await?;
    Ok(download("application/pdf", &name).body(bytes))
}

pub async fn zip(app: Data<App>, visit: Lead, number: Path<String>) -> Result<HttpResponse> {
    let looker = Looker::of(&visit.person, &visit);
    let pack = read(&app, &visit, looker, number.into_inner()).await?;
    let (name, made) = (format!("evidence-{}.zip", pack.number), pack.made);
    let entries = blocking(move || entries(pack)).await?;
    Ok(download("application/zip", &name).streaming(archive(&app, entries, made)))
}

/// The PDF first, then the texts, the originals, and what each of them hashes to.
fn entries(pack: Pack) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut manifest = String::new();
    let mut add = |name: String, content: Content, hash: String| {
        manifest.push_str(&format!("{hash}  {name}\n"));
        entries.push(Entry { name, content });
    };
    let hash = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    let pdf = pack.paper.pdf()?;
    let digest = hash(&pdf);
    add("evidence.pdf".to_owned(), Content::Bytes(pdf), digest);
    for (name, text) in pack.texts {
        let digest = hash(text.as_bytes());
        add(name, Content::Bytes(text.into_bytes()), digest);
    }
    for original in pack.originals {
        add(original.name, Content::Kept(original.blob), original.sha256);
    }
    entries.push(Entry {
        name: "SHA256SUMS".to_owned(),
        content: Content::Bytes(manifest.into_bytes()),
    });
    Ok(entries)
}

fn download(kind: &str, name: &str) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(kind)
        .insert_header((CONTENT_DISPOSITION, files::disposition(name)))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-store"));
    answer
}
