//! HTML as text, with the lines that a mail program shows. The parser's own reading ends a line at `<br>` and `</p>` alone, while most
//! programs write each line as a `<div>`: two of them would be one word, and an order's number part of another.

use mail_parser::decoders::html::html_to_text;

/// Tags at which a line ends, opened and closed.
const BLOCKS: [&str; 25] = [
    "address",
    "article",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// Tags at which a word ends.
const CELLS: [&str; 2] = ["td", "th"];

/// Stands for the space after a tag, which the parser swallows where a line begins with the tag's words.
const SPACE: char = '\u{e000}';

/// One pass over the tags, whatever they are in.
pub fn lines(html: &str) -> String {
    let mut marked = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        marked.push_str(before);
        marked.push_str(break_before(tag));
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        marked.push_str(tag);
        if after.starts_with(|c: char| c.is_ascii_whitespace()) {
            marked.push(SPACE);
        }
        rest = after;
    }
    marked.push_str(rest);
    gathered(&html_to_text(&marked).replace(SPACE, " "))
}

fn break_before(tag: &str) -> &'static str {
    let name = tag[1..].strip_prefix('/').unwrap_or(&tag[1..]);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    let name = &name[..end.unwrap_or(name.len())];
    let is_one = |of: &[&str]| of.iter().any(|known| name.eq_ignore_ascii_case(known));
    if is_one(&BLOCKS) {
        "<br>"
    } else if is_one(&CELLS) {
        " "
    } else {
        ""
    }
}

/// A block that ends and one that begins are one line's end; more than two are an empty line.
fn gathered(text: &str) -> String {
    let (mut out, mut breaks) = (String::with_capacity(text.len()), 0);
    for line in text.split('\n') {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words.is_empty() {
            if !out.is_empty() {
                out.push_str(if breaks > 2 { "\n\n" } else { "\n" });
            }
            out.push_str(&words.join(" "));
            breaks = 0;
        }
        breaks += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_on_two_lines_is_on_two_lines() {
        for (html, expected) in [
            (
                "<div dir=\"ltr\">Order O-1001</div><div>did not come</div>",
                "Order O-1001\ndid not come",
            ),
            (
                "<h1>Hello</h1><p>One <b>two</b></p><p>three</p>",
                "Hello\nOne two\n\nthree",
            ),
            (
                "<DIV>a<DIV>b</DIV></DIV><div><br></div><div>c</div>",
                "a\nb\n\nc",
            ),
            ("<ul><li>one<li>two</ul>", "one\ntwo"),
            (
                "<table><tr><td>O-1</td><td>4.00</td></tr><tr><td>O-2</td></tr></table>",
                "O-1 4.00\nO-2",
            ),
            ("a<br>b &lt;c&gt;", "a\nb <c>"),
            ("in<b>line</b> and <a href=x>link</a>", "inline and link"),
            ("<p><b>O-1001</b> did not  come</p>", "O-1001 did not come"),
            ("<p>a\n</p>\n<p>\nb</p>", "a\n\nb"),
            ("<style>div{}</style><script>'<div>'</script>x", "x"),
            ("", ""),
        ] {
            assert_eq!(lines(html), expected, "{html}");
        }
    }
}
