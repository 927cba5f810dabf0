//! Where everything stands: lines on pages, and the tree that says what they are.

use std::num::NonZeroU16;

use krilla::tagging::{ListNumbering, TableHeaderScope, Tag, TagKind};

use super::Block;
use super::face::{Faces, Style};

/// A4, in points.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;
pub const MARGIN: f32 = 56.0;

const ROOM: f32 = WIDTH - 2.0 * MARGIN;
/// Below this the foot begins.
const END: f32 = HEIGHT - 72.0;
const GAP: f32 = 10.0;
const BETWEEN: f32 = 12.0;

const BODY: Style = Style {
    size: 9.5,
    bold: false,
};
const STRONG: Style = Style {
    size: 9.5,
    bold: true,
};
const SMALL: Style = Style {
    size: 8.0,
    bold: false,
};

/// A line of text in its place; without a leaf it is no part of what is read aloud.
pub struct Mark {
    pub x: f32,
    pub y: f32,
    pub style: Style,
    pub text: String,
    pub leaf: Option<usize>,
}

impl Mark {
    pub fn foot(text: &str, faces: &Faces) -> Mark {
        let lines = faces.lines(text, SMALL, ROOM);
        Mark {
            x: MARGIN,
            y: HEIGHT - 40.0,
            style: SMALL,
            text: lines.into_iter().next().unwrap_or_default(),
            leaf: None,
        }
    }
}

pub enum Child {
    Node(usize),
    Leaf(usize),
}

pub struct Node {
    pub tag: TagKind,
    pub children: Vec<Child>,
    is_top: bool,
}

pub struct Sheet<'f> {
    faces: &'f Faces,
    pub pages: Vec<Vec<Mark>>,
    pub nodes: Vec<Node>,
    pub leaves: usize,
    /// Page, height and words of each heading.
    pub headings: Vec<(usize, f32, String)>,
    y: f32,
}

/// A cell while its row is set: its lines, where they stand, and what they are.
struct Cell {
    lines: Vec<String>,
    x: f32,
    style: Style,
    node: usize,
}

impl<'f> Sheet<'f> {
    pub fn new(faces: &'f Faces) -> Sheet<'f> {
        Sheet {
            faces,
            pages: vec![Vec::new()],
            nodes: Vec::new(),
            leaves: 0,
            headings: Vec::new(),
            y: MARGIN + 12.0,
        }
    }

    /// The outermost nodes in their order; those in which nothing stands are none.
    pub fn tops(&self) -> impl Iterator<Item = usize> {
        (0..self.nodes.len()).filter(|at| self.nodes[*at].is_top && self.has_leaf(*at))
    }

    fn has_leaf(&self, at: usize) -> bool {
        self.nodes[at].children.iter().any(|child| match child {
            Child::Leaf(_) => true,
            Child::Node(inner) => self.has_leaf(*inner),
        })
    }

    pub fn set(&mut self, block: &Block) {
        match block {
            Block::Heading(level, words) => self.heading(*level, words),
            Block::Text(text) => {
                let node = self.top(Tag::P.into());
                self.lines(text, BODY, 0.0, node);
            }
            Block::Quote(text) => {
                let quote = self.top(Tag::BlockQuote.into());
                let node = self.inside(quote, Tag::P.into());
                self.lines(text, BODY, 14.0, node);
            }
            Block::List(items) => self.list(items),
            Block::Facts(facts) => self.facts(facts),
            Block::Table { widths, head, rows } => self.table(widths, head, rows),
        }
        self.y += GAP;
    }

    fn heading(&mut self, level: u16, words: &str) {
        let size = match level {
            1 => 18.0,
            2 => 13.0,
            _ => 10.5,
        };
        let style = Style { size, bold: true };
        let lines = self.faces.lines(words, style, ROOM);
        let Some(first) = lines.first() else { return };
        self.y += GAP;
        // With at least three lines of what it heads.
        if self.y + leading(style) + 3.0 * leading(BODY) > END {
            self.turn();
        }
        let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
        let node = self.top(Tag::Hn(level, Some(first.clone())).into());
        let page = self.pages.len() - 1;
        self.headings.push((page, self.y - size, lines.join(" ")));
        self.lines(words, style, 0.0, node);
    }

    fn list(&mut self, items: &[String]) {
        let list = self.top(Tag::L(ListNumbering::Disc).into());
        for item in items {
            if self.faces.lines(item, BODY, ROOM).is_empty() {
                continue;
            }
            let li = self.inside(list, Tag::LI.into());
            let label = self.inside(li, Tag::Lbl.into());
            if self.y > END {
                self.turn();
            }
            self.mark("• ", MARGIN, BODY, label);
            let body = self.inside(li, Tag::LBody.into());
            self.lines(item, BODY, 12.0, body);
        }
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let table = self.top(Tag::Table.into());
        let label = ROOM * 0.3;
        for (name, value) in facts {
            let row = self.inside(table, Tag::TR.into());
            let head = self.inside(row, Tag::TH(TableHeaderScope::Row).into());
            let cell = self.inside(row, Tag::TD.into());
            let cells = [
                self.cell(name, MARGIN, label - BETWEEN, STRONG, head),
                self.cell(value, MARGIN + label, ROOM - label, BODY, cell),
            ];
            self.row(&cells, &[]);
        }
    }

    fn table(&mut self, widths: &[u16], head: &[String], rows: &[Vec<String>]) {
        let table = self.top(Tag::Table.into());
        let whole: f32 = widths.iter().map(|width| f32::from(*width)).sum();
        let places: Vec<(f32, f32)> = widths
            .iter()
            .scan(MARGIN, |x, width| {
                let wide = ROOM * f32::from(*width) / whole;
                let place = (*x, wide - BETWEEN);
                *x += wide;
                Some(place)
            })
            .collect();
        let top = self.inside(table, Tag::TR.into());
        let mut heads = Vec::new();
        for (words, (x, wide)) in head.iter().zip(&places) {
            let node = self.inside(top, Tag::TH(TableHeaderScope::Column).into());
            heads.push(self.cell(words, *x, *wide, STRONG, node));
        }
        self.row(&heads, &[]);
        for row in rows {
            let node = self.inside(table, Tag::TR.into());
            let mut cells = Vec::new();
            for (words, (x, wide)) in row.iter().zip(&places) {
                let node = self.inside(node, Tag::TD.into());
                cells.push(self.cell(words, *x, *wide, BODY, node));
            }
            self.row(&cells, &heads);
        }
    }

    fn cell(&self, text: &str, x: f32, wide: f32, style: Style, node: usize) -> Cell {
        let mut lines = self.faces.lines(text, style, wide);
        if lines.is_empty() {
            // A cell that is empty is still a cell.
            lines.push("–".to_owned());
        }
        Cell {
            lines,
            x,
            style,
            node,
        }
    }

    /// Line by line, so that a row may be longer than a page; `heads` are said again on each page that it reaches.
    fn row(&mut self, cells: &[Cell], heads: &[Cell]) {
        let most = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
        for number in 0..most {
            if self.y > END {
                self.turn();
                self.say_again(heads);
            }
            for cell in cells {
                if let Some(line) = cell.lines.get(number) {
                    self.mark(&format!("{line} "), cell.x, cell.style, cell.node);
                }
            }
            self.y += leading(BODY);
        }
        self.y += 3.0;
    }

    fn say_again(&mut self, heads: &[Cell]) {
        if heads.is_empty() {
            return;
        }
        let y = self.y;
        let marks = heads.iter().filter_map(|cell| {
            Some(Mark {
                x: cell.x,
                y,
                style: cell.style,
                text: cell.lines.first()?.clone(),
                leaf: None,
            })
        });
        let marks: Vec<Mark> = marks.collect();
        if let Some(page) = self.pages.last_mut() {
            page.extend(marks);
        }
        self.y += leading(BODY) + 3.0;
    }

    /// A text in lines, each on the page that still has room for it.
    fn lines(&mut self, text: &str, style: Style, indent: f32, node: usize) {
        for line in self.faces.lines(text, style, ROOM - indent) {
            if self.y > END {
                self.turn();
            }
            self.mark(&format!("{line} "), MARGIN + indent, style, node);
            self.y += leading(style);
        }
    }

    fn mark(&mut self, text: &str, x: f32, style: Style, node: usize) {
        let mark = Mark {
            x,
            y: self.y,
            style,
            text: text.to_owned(),
            leaf: Some(self.leaves),
        };
        self.nodes[node].children.push(Child::Leaf(self.leaves));
        self.leaves += 1;
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN + 12.0;
    }

    fn top(&mut self, tag: TagKind) -> usize {
        self.nodes.push(Node {
            tag,
            children: Vec::new(),
            is_top: true,
        });
        self.nodes.len() - 1
    }

    fn inside(&mut self, parent: usize, tag: TagKind) -> usize {
        self.nodes.push(Node {
            tag,
            children: Vec::new(),
            is_top: false,
        });
        let at = self.nodes.len() - 1;
        self.nodes[parent].children.push(Child::Node(at));
        at
    }
}

/// From one line to the next.
fn leading(style: Style) -> f32 {
    style.size * 1.45
}
