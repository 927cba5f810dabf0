//! Files that came with a form: into the store first, so that a row never names what is not there, and out of it again where no
//! row came of them (the form was refused, or had been answered before).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;

use crate::act::Act;
use crate::app::App;
use crate::db::Tx;
use crate::desk::files::{self, Upload};
use crate::error::{Error, Fields, Result};
use crate::ids::FileId;
use crate::web::upload::Incoming;

/// What may be attached, said before anybody chooses.
pub const LIMITS: &str =
    "Up to 5 files of 10 MB each: pictures, PDF, text, tables, mails, office documents, ZIP.";

/// Uploads in the store that wait for their rows.
#[derive(Clone)]
pub struct Uploads {
    files: Vec<(String, Upload)>,
    /// Field of those that cannot be attached, and why.
    refused: Vec<(String, String)>,
    owned: Arc<AtomicBool>,
}

impl Uploads {
    /// Puts them into the store; what nobody may attach does not stay there.
    pub async fn take(app: &App, incoming: Vec<Incoming>) -> Result<Uploads> {
        let mut uploads = Uploads {
            files: Vec::new(),
            refused: Vec::new(),
            owned: Arc::default(),
        };
        for file in incoming {
            if !file.is_whole() {
                let words = format!("{} was not taken. {LIMITS}", file.name);
                uploads.refused.push((file.field, words));
                continue;
            }
            if file.size == 0 {
                let words = format!(
                    "{} is empty. Send it again, or choose another file.",
                    file.name
                );
                uploads.refused.push((file.field, words));
                continue;
            }
            let kept = app.keep(file.name.clone(), file.open()?).await?;
            if !kept.is_welcome {
                app.forget(vec![kept.blob]).await?;
                let words = format!(
                    "{} is of a kind that cannot be attached. Send a picture, a PDF or a text of it.",
                    kept.name
                );
                uploads.refused.push((file.field, words));
                continue;
            }
            let upload = Upload {
                name: kept.name,
                kind: kept.kind.to_owned(),
                bytes: kept.bytes,
                sha256: kept.sha256,
                blob: kept.blob,
            };
            uploads.files.push((file.field, upload));
        }
        Ok(uploads)
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Those of one field.
    pub fn of(&self, field: &str) -> Vec<Upload> {
        let files = self.files.iter().filter(|(name, _)| name == field);
        files.map(|(_, upload)| upload.clone()).collect()
    }

    /// What is wrong with those that were refused, beside their fields.
    pub fn problems(&self) -> Fields {
        let mut problems = Fields::new();
        for (field, words) in &self.refused {
            problems.add(field.clone(), words.clone());
        }
        problems
    }

    /// To be called once their rows are written, inside the work of a form.
    pub fn own(&self) {
        self.owned.store(true, Ordering::SeqCst);
    }

    /// Gives them their rows, free to be hung on a message: field and file.
    pub fn keep(&self, tx: &mut Tx, act: &Act) -> Result<Vec<(String, FileId)>> {
        let kept = self.files.iter().map(|(field, upload)| {
            let id = files::keep(tx, act, upload, None)?;
            Ok((field.clone(), id))
        });
        let kept = kept.collect::<Result<Vec<_>>>()?;
        self.own();
        Ok(kept)
    }

    /// After the form was answered: takes out of the store what no row came to own.
    pub async fn settle(self, app: &App, outcome: Result<HttpResponse>) -> Result<HttpResponse> {
        if outcome.is_err() || !self.owned.load(Ordering::SeqCst) {
            let blobs = self.files.into_iter().map(|(_, upload)| upload.blob);
            app.forget(blobs.collect()).await?;
        }
        outcome
    }
}

/// A limit of the files is said beside the field, like anything else that can be mended.
pub fn beside(field: &str, error: Error) -> Error {
    match error {
        Error::TooLarge(limit) => {
            Error::invalid(field, format!("That is too much: the limit is {limit}"))
        }
        other => other,
    }
}
