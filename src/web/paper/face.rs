//! The font in its two weights, and how wide its characters are.

use krilla::text::{Font, Tag};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use crate::error::{Error, Result};
use crate::plain::is_invisible;
use crate::web::assets;

/// What a line is set in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    pub size: f32,
    pub bold: bool,
}

pub struct Faces {
    bytes: Vec<u8>,
    regular: Font,
    bold: Font,
}

const FILE: &str = "fonts/inter.ttf";
const WEIGHT: &[u8; 4] = b"wght";

impl Faces {
    pub fn open() -> Result<Faces> {
        let broken = || Error::broken(format!("{FILE} is no font"));
        let bytes = assets::bytes(FILE).ok_or_else(broken)?.into_owned();
        let face = |weight: f32| {
            let axes = [(Tag::new(WEIGHT), weight)];
            Font::new_variable(bytes.clone().into(), 0, &axes).ok_or_else(broken)
        };
        let (regular, bold) = (face(400.0)?, face(700.0)?);
        FontRef::new(&bytes).map_err(|_| broken())?;
        Ok(Faces {
            bytes,
            regular,
            bold,
        })
    }

    pub fn font(&self, bold: bool) -> Font {
        if bold {
            self.bold.clone()
        } else {
            self.regular.clone()
        }
    }

    /// How wide a text is in points.
    pub fn width(&self, text: &str, style: Style) -> f32 {
        let Ok(font) = FontRef::new(&self.bytes) else {
            return 0.0;
        };
        let location = font
            .axes()
            .location([("wght", if style.bold { 700.0 } else { 400.0 })]);
        let metrics = font.glyph_metrics(Size::new(style.size), LocationRef::from(&location));
        let map = font.charmap();
        let advance = |letter: char| {
            map.map(letter)
                .and_then(|glyph| metrics.advance_width(glyph))
        };
        text.chars()
            .map(|letter| advance(letter).unwrap_or(style.size))
            .sum()
    }

    /// The text as the font can set it: what it does not have is a question mark, what nobody sees is left out.
    pub fn settable(&self, text: &str) -> String {
        let Ok(font) = FontRef::new(&self.bytes) else {
            return String::new();
        };
        let map = font.charmap();
        let seen = text
            .chars()
            .filter(|letter| *letter == '\t' || !is_invisible(*letter));
        seen.map(|letter| match letter {
            letter if letter.is_whitespace() => ' ',
            letter if map.map(letter).is_some_and(|glyph| glyph.to_u32() != 0) => letter,
            _ => '?',
        })
        .collect()
    }

    /// The lines that a text takes at this width: broken at blanks, and inside a word that is wider than the line.
    pub fn lines(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in self
                .settable(paragraph)
                .split(' ')
                .filter(|word| !word.is_empty())
            {
                let longer = if line.is_empty() {
                    word.to_owned()
                } else {
                    format!("{line} {word}")
                };
                if self.width(&longer, style) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line = self.broken(word, style, width, &mut lines);
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }

    /// Cuts a word into lines; what is left of it begins the next one.
    fn broken(&self, word: &str, style: Style, width: f32, lines: &mut Vec<String>) -> String {
        if self.width(word, style) <= width {
            return word.to_owned();
        }
        let (mut piece, mut room) = (String::new(), width);
        for letter in word.chars() {
            let wide = self.width(letter.encode_utf8(&mut [0; 4]), style);
            if wide > room && !piece.is_empty() {
                lines.push(std::mem::take(&mut piece));
                room = width;
            }
            piece.push(letter);
            room -= wide;
        }
        piece
    }
}
