//! Static files: embedded in the binary, addressed by the hash of their bytes, cached for ever.
//!
//! `asset("desk.css")` is the only way to name one. A changed file has a new address, so nothing is ever stale
//! and nothing needs purging. The addresses inside a stylesheet are rewritten the same way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use data_encoding::HEXLOWER;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static/"]
struct Folder;

struct Asset {
    address: String,
    media: &'static str,
    bytes: Cow<'static, [u8]>,
}

static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(gather);

/// The address of a static file by its name under `static/`: `/static/desk-3f9c….css`.
/// A name that is not there keeps its plain address, which answers 404.
pub fn asset(name: &str) -> String {
    match ASSETS.get(name) {
        Some(found) => found.address.clone(),
        None => format!("/static/{name}"),
    }
}

/// The bytes of a static file, for what the server draws itself.
pub fn bytes(name: &str) -> Option<Cow<'static, [u8]>> {
    Folder::get(name).map(|file| file.data)
}

/// `GET /static/{file}`: only addresses that carry the right hash exist.
pub async fn serve(file: web::Path<String>) -> HttpResponse {
    let address = format!("/static/{file}");
    match ASSETS.values().find(|asset| asset.address == address) {
        Some(found) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, found.media))
            .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(found.bytes.to_vec()),
        None => HttpResponse::NotFound().finish(),
    }
}

fn gather() -> BTreeMap<String, Asset> {
    let served = Folder::iter().filter(|name| !name.ends_with(".md") && !name.ends_with(".txt"));
    let (sheets, plain): (Vec<_>, Vec<_>) = served.partition(|name| name.ends_with(".css"));
    let mut assets = BTreeMap::new();
    for name in plain {
        if let Some(file) = Folder::get(&name) {
            assets.insert(name.to_string(), named(&name, file.data));
        }
    }
    for name in sheets {
        if let Some(file) = Folder::get(&name) {
            let text = readdress(&String::from_utf8_lossy(&file.data), &assets);
            assets.insert(
                name.to_string(),
                named(&name, Cow::Owned(text.into_bytes())),
            );
        }
    }
    assets
}

fn readdress(sheet: &str, assets: &BTreeMap<String, Asset>) -> String {
    assets.iter().fold(sheet.to_owned(), |text, (name, asset)| {
        text.replace(
            &format!("url(\"{name}\")"),
            &format!("url(\"{}\")", asset.address),
        )
    })
}

fn named(name: &str, bytes: Cow<'static, [u8]>) -> Asset {
    let hash = HEXLOWER.encode(&Sha256::digest(&bytes)[..8]);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "bin"));
    let media = match ending {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        _ => "application/octet-stream",
    };
    Asset {
        address: format!("/static/{stem}-{hash}.{ending}"),
        media,
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::body::to_bytes;

    #[tokio::test]
    async fn an_asset_answers_at_its_hashed_address_and_nowhere_else() {
        let address = asset("desk.css");
        let file = address.trim_start_matches("/static/").to_owned();
        let found = serve(web::Path::from(file)).await;
        assert_eq!(found.status(), 200);
        assert_eq!(
            found.headers().get(CACHE_CONTROL).unwrap(),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(
            serve(web::Path::from("desk.css".to_owned())).await.status(),
            404
        );
        assert_eq!(
            serve(web::Path::from("../Cargo.toml".to_owned()))
                .await
                .status(),
            404
        );
    }

    #[tokio::test]
    async fn the_stylesheet_names_the_font_by_its_hash() {
        let file = asset("desk.css").trim_start_matches("/static/").to_owned();
        let body = to_bytes(serve(web::Path::from(file)).await.into_body())
            .await
            .unwrap();
        let sheet = String::from_utf8(body.to_vec()).unwrap();
        assert!(sheet.contains(&format!("url(\"{}\")", asset("fonts/inter.woff2"))));
    }

    fn templates(folder: &std::path::Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                templates(&path, found);
            } else {
                found.push((
                    path.display().to_string(),
                    std::fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }

    #[test]
    fn every_icon_and_asset_that_a_template_names_is_there() {
        let sprite = include_str!("../../static/icons.svg");
        let mut pages = Vec::new();
        templates(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"),
            &mut pages,
        );
        let named = |text: &str, filter: &str| -> Vec<String> {
            let before = text
                .split(filter)
                .map(|part| part.rsplit('"').next().map(str::to_owned));
            before
                .take(text.matches(filter).count())
                .flatten()
                .collect()
        };
        let mut icons = 0;
        for (path, text) in &pages {
            for icon in named(text, "\"|icon") {
                icons += 1;
                assert!(
                    sprite.contains(&format!("<symbol id=\"{icon}\"")),
                    "{path}: {icon}"
                );
            }
            for name in named(text, "\"|asset") {
                assert!(ASSETS.contains_key(&name), "{path}: {name}");
            }
        }
        assert!(icons > 20, "the templates were read");
    }
}
