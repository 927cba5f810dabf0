//! The HTTP doors: pages, forms, and what they are drawn with.

pub mod assets;
pub mod chart;
pub mod csv;
pub mod filters;
pub mod page;
pub mod parts;
