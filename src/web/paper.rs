//! A document as PDF: headings, paragraphs, lists and tables, set in the desk's own font on A4 and tagged for screen readers
//! (PDF/UA-1, which the writer checks as it writes). Plain layout: lines broken at blanks, a heading kept with what it heads, the
//! head of a table said again on each page. Characters that the font does not have are set as `?`.

mod face;
mod sheet;

use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime as Stamp, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TagGroup, TagTree};
use krilla::text::TextDirection;

use self::face::Faces;
use self::sheet::{Child, HEIGHT, MARGIN, Mark, Sheet, WIDTH};
use crate::error::{Error, Result};

/// What a document says, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Of this level; 1 is the title and comes first.
    Heading(u16, String),
    /// Line ends are kept.
    Text(String),
    Quote(String),
    List(Vec<String>),
    /// Labels and values.
    Facts(Vec<(String, String)>),
    /// `widths` are shares of the whole; each row has as many cells as there are of them.
    Table {
        widths: Vec<u16>,
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub title: String,
    pub author: String,
    pub made: DateTime<Utc>,
    pub blocks: Vec<Block>,
}

impl Paper {
    /// # Errors
    /// `Internal` where the writer finds that the document does not keep to PDF/UA-1.
    pub fn pdf(&self) -> Result<Vec<u8>> {
        let faces = Faces::open()?;
        let mut sheet = Sheet::new(&faces);
        for block in &self.blocks {
            sheet.set(block);
        }
        self.write(&faces, sheet)
    }

    fn write(&self, faces: &Faces, sheet: Sheet) -> Result<Vec<u8>> {
        let configuration = ConfigurationBuilder::new()
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map_err(|cause| Error::broken(format!("no PDF/UA-1: {cause:?}")))?;
        let settings = SerializeSettings {
            configuration,
            ..SerializeSettings::default()
        };
        let mut document = Document::new_with(settings);
        document.set_metadata(
            Metadata::new()
                .title(self.title.clone())
                .language("en".to_owned())
                .authors(vec![self.author.clone()])
                .creator("Redress".to_owned())
                .creation_date(stamp(self.made)),
        );
        let mut leaves: Vec<Option<Identifier>> = vec![None; sheet.leaves];
        let count = sheet.pages.len();
        for (number, marks) in sheet.pages.iter().enumerate() {
            let size = PageSettings::from_wh(WIDTH, HEIGHT)
                .ok_or_else(|| Error::broken("A4 is no size of a page"))?;
            let mut page = document.start_page_with(size);
            let mut surface = page.surface();
            surface.set_fill(Some(Fill::default()));
            for mark in marks {
                let tag = match mark.leaf {
                    Some(_) => ContentTag::Span(SpanTag::empty()),
                    None => {
                        ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther))
                    }
                };
                let identifier = surface.start_tagged(tag);
                draw(&mut surface, faces, mark);
                surface.end_tagged();
                if let Some(leaf) = mark.leaf {
                    leaves[leaf] = Some(identifier);
                }
            }
            let foot = Mark::foot(
                &format!("{} · page {} of {count}", self.title, number + 1),
                faces,
            );
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
                ArtifactType::Footer,
            )));
            draw(&mut surface, faces, &foot);
            surface.end_tagged();
            surface.finish();
            page.finish();
        }
        let mut outline = Outline::new();
        for (page, y, words) in &sheet.headings {
            let place = XyzDestination::new(*page, Point::from_xy(MARGIN, *y));
            outline.push_child(OutlineNode::new(words.clone(), place));
        }
        document.set_outline(outline);
        let mut tree = TagTree::new();
        for child in sheet.tops() {
            tree.push(group(&sheet, child, &leaves));
        }
        document.set_tag_tree(tree);
        document
            .finish()
            .map_err(|cause| Error::broken(format!("a document cannot be written: {cause:?}")))
    }
}

fn draw(surface: &mut krilla::surface::Surface, faces: &Faces, mark: &Mark) {
    let start = Point::from_xy(mark.x, mark.y);
    let font = faces.font(mark.style.bold);
    surface.draw_text(
        start,
        font,
        mark.style.size,
        &mark.text,
        false,
        TextDirection::LeftToRight,
    );
}

fn group(sheet: &Sheet, at: usize, leaves: &[Option<Identifier>]) -> TagGroup {
    let node = &sheet.nodes[at];
    let mut group = TagGroup::new(node.tag.clone());
    for child in &node.children {
        match child {
            Child::Node(inner) => group.push(self::group(sheet, *inner, leaves)),
            Child::Leaf(leaf) => {
                if let Some(identifier) = leaves[*leaf] {
                    group.push(identifier);
                }
            }
        }
    }
    group
}

fn stamp(at: DateTime<Utc>) -> Stamp {
    let small = |number: u32| u8::try_from(number).unwrap_or(0);
    Stamp::new(u16::try_from(at.year()).unwrap_or(0))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper(blocks: Vec<Block>) -> Paper {
        let mut all = vec![Block::Heading(1, "Chargeback D-1001".to_owned())];
        all.extend(blocks);
        Paper {
            title: "Chargeback D-1001".to_owned(),
            author: "Harbour Panel".to_owned(),
            made: "2026-03-02T09:00:00Z".parse().unwrap(),
            blocks: all,
        }
    }

    #[test]
    fn every_kind_of_block_is_written_and_tagged() {
        let blocks = vec![
            Block::Heading(2, "Messages".to_owned()),
            Block::Text("One line\nand another ≤ €5 → żółw".to_owned()),
            Block::Quote("Never ever.".to_owned()),
            Block::List(vec!["first".to_owned(), "second".to_owned()]),
            Block::Facts(vec![("Paid".to_owned(), "$50.00".to_owned())]),
            Block::Table {
                widths: vec![1, 3],
                head: vec!["When".to_owned(), "What".to_owned()],
                rows: vec![vec!["2 Mar".to_owned(), "word ".repeat(4_000)]],
            },
        ];
        let pdf = paper(blocks).pdf().unwrap();
        assert!(pdf.starts_with(b"%PDF-1."));
        let text = String::from_utf8_lossy(&pdf);
        for part in [
            "/StructTreeRoot",
            "/Lang",
            "/Marked true",
            "/Outlines",
            "pdfuaid",
        ] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn what_the_font_has_not_and_words_without_an_end_do_no_harm() {
        let hostile = [
            "漢字 🎉 \u{202e}evil\u{200b} \u{0}\t\u{fffe} مرحبا",
            &"w".repeat(5_000),
            "",
            "   ",
            "\n\n\n",
            "e\u{301}\u{301}\u{301}",
        ];
        let blocks = hostile.iter().flat_map(|text| {
            [
                Block::Text((*text).to_owned()),
                Block::List(vec![(*text).to_owned()]),
                Block::Facts(vec![((*text).to_owned(), (*text).to_owned())]),
            ]
        });
        let pdf = paper(blocks.collect()).pdf();
        assert!(pdf.is_ok(), "{:?}", pdf.err());
    }
}
