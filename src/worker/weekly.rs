//! Writes the managers' weekly letters when their Monday morning has come.

use crate::act::Act;
use crate::app::App;
use crate::desk::weekly;
use crate::error::Result;

/// How many were written. Two workers write none twice: a letter's key is unique.
pub async fn tick(app: &App) -> Result<usize> {
    let now = app.now();
    let due = app.read(move |conn| weekly::due(conn, now)).await?;
    let mut written = 0;
    for (person, monday) in due {
        let act = Act::worker(now, &app.config.public_url);
        let is_new = app
            .write(move |tx| weekly::write(tx, &act, &person, monday))
            .await?;
        written += usize::from(is_new);
    }
    Ok(written)
}
