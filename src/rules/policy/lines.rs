//! Two texts compared line by line, for those who want to see the document itself.

use crate::rules::words::words;

words! { Mark { Same = "same", Gone = "gone", New = "new" } }

/// One line of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    pub mark: Mark,
    pub text: &'a str,
}

/// Beyond so many pairs of lines the middle is shown as gone and new, whole.
const MOST: usize = 4_000_000;

/// What was, and what is, with the lines that both share (longest common subsequence).
pub fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (
        &old_rest[..old_rest.len() - tail],
        &new_rest[..new_rest.len() - tail],
    );
    let line = |mark: Mark| move |text: &&'a str| Line { mark, text };
    let mut found: Vec<Line> = old[..head].iter().map(line(Mark::Same)).collect();
    middle(a, b, &mut found);
    found.extend(
        old_rest[old_rest.len() - tail..]
            .iter()
            .map(line(Mark::Same)),
    );
    found
}

fn middle<'a>(a: &[&'a str], b: &[&'a str], found: &mut Vec<Line<'a>>) {
    let width = b.len() + 1;
    let mut common = Vec::new();
    if a.len().saturating_mul(b.len()) <= MOST {
        common = vec![0_u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                common[i * width + j] = if a[i] == b[j] {
                    common[(i + 1) * width + j + 1] + 1
                } else {
                    common[(i + 1) * width + j].max(common[i * width + j + 1])
                };
            }
        }
    }
    let length = |i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (mark, text) = if i < a.len() && j < b.len() && a[i] == b[j] && !common.is_empty() {
            (Mark::Same, a[i])
        } else if i < a.len() && (j == b.len() || length(i + 1, j) >= length(i, j + 1)) {
            (Mark::Gone, a[i])
        } else {
            (Mark::New, b[j])
        };
        i += usize::from(mark != Mark::New);
        j += usize::from(mark != Mark::Gone);
        found.push(Line { mark, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(old: &str, new: &str) -> String {
        let sign = |mark| match mark {
            Mark::Same => ' ',
            Mark::Gone => '-',
            Mark::New => '+',
        };
        let each = lines(old, new).into_iter();
        each.map(|line| format!("{}{} ", sign(line.mark), line.text))
            .collect()
    }

    #[test]
    fn what_changed_stands_between_what_did_not() {
        assert_eq!(drawn("a\nb\nc", "a\nx\nc"), " a -b +x  c ");
        assert_eq!(drawn("a\nb", "a\nb"), " a  b ");
        assert_eq!(drawn("", "a\nb"), "+a +b ");
        assert_eq!(drawn("a\nb\nc\nd", "b\nd\ne"), "-a  b -c  d +e ");
    }
}
