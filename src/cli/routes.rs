//! `redress routes`: the sitemap, as the server registers it.

use crate::web::routes::ALL;

/// Print every address with its method and who may pass.
#[derive(Debug, clap::Args)]
pub struct Routes {}

pub fn print(_: Routes) -> anyhow::Result<i32> {
    for route in ALL {
        println!(
            "{:<9} {:<5} {}",
            format!("{:?}", route.gate),
            route.method,
            route.path
        );
    }
    Ok(0)
}
