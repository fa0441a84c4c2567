//! Random settings: mostly right, and wrong in one way or another.

use super::Settings;
use fastrand::Rng;
use oss_upload::callback::BodyType;
use std::net::Ipv4Addr;

/// What likes to be misunderstood; but no semicolon, which separates URLs.
const ODD: [&str; 24] = [
    " ", "\t", "\r\n", "\n", "\0", "\u{7f}", "é", "中", "$", "{", "}", "\"", "\\", "%", "/", "?", "#", ":",
    "@", "[", "]", "A", "_", ".",
];
/// How long the JSON is whose Base64 is just not too long.
const LONGEST: usize = 3840;

impl Settings {
    pub fn random(rng: &mut Rng) -> Settings {
        let mut settings = Settings {
            urls: urls(rng),
            host: some(rng, 4, |rng| nearly(rng, &["app.example.com", "a:8080", "", "a_b"])),
            body: body(rng),
            body_type: some(rng, 2, |rng| *pick(rng, &[BodyType::Form, BodyType::Json])),
            sni: some(rng, 3, Rng::bool),
            headers: some(rng, 3, headers).unwrap_or_default(),
            fields: some(rng, 4, fields).unwrap_or_default(),
            variables: some(rng, 2, variables).unwrap_or_default(),
            delivery_variable: None,
        };
        let taken = |name: &String| settings.variables.iter().any(|(other, _)| other == name);
        settings.delivery_variable =
            some(rng, 4, |rng| nearly(rng, &["x:delivery", "x:d", "x:id-2"])).filter(|name| !taken(name));
        if one_in(rng, 40) {
            settings.fill_up(rng);
        }
        settings
    }

    /// Makes one of the texts about as long as it may be.
    fn fill_up(&mut self, rng: &mut Rng) {
        let length = LONGEST - 4 + rng.usize(..8);
        match rng.bool() {
            true => self.body.push_str(&"b".repeat(length.saturating_sub(self.json().len()))),
            false => self.variables.push(("x:long".to_owned(), "v".repeat(length - 13))),
        }
    }
}

fn one_in(rng: &mut Rng, chances: u32) -> bool {
    rng.u32(..chances) == 0
}

fn pick<'a, T>(rng: &mut Rng, among: &'a [T]) -> &'a T {
    &among[rng.usize(..among.len())]
}

fn some<T>(rng: &mut Rng, chances: u32, make: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    one_in(rng, chances).then(|| make(rng))
}

/// One of these, now and then with something odd in it.
fn nearly(rng: &mut Rng, among: &[&str]) -> String {
    let mut text = (*pick(rng, among)).to_owned();
    if one_in(rng, 8) {
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        let (at, odd) = (*pick(rng, &places), *pick(rng, &ODD));
        text.insert_str(at, odd);
    }
    text
}

fn urls(rng: &mut Rng) -> Vec<String> {
    match rng.u32(..60) {
        0 => vec![String::new()],
        1..4 => (0..rng.usize(5..8)).map(|number| format!("http://a{number}.example.com")).collect(),
        4..20 => (0..rng.usize(2..5)).map(|_| url(rng)).collect(),
        _ => vec![url(rng)],
    }
}

fn url(rng: &mut Rng) -> String {
    let scheme = match one_in(rng, 12) {
        true => {
            pick(rng, &["ftp://", "://", "http:/", "http:", "a#b://", "a?b://", "a/b://", "hTTp://", "//"])
        }
        false => pick(rng, &["http://", "https://", ""]),
    };
    let user = if one_in(rng, 60) { pick(rng, &["u@", "u:p@", ":@"]) } else { &"" };
    let host = match one_in(rng, 30) {
        true => pick(rng, &["", "[::1]", "::1", "a,b", "名", "a b", "%61"]),
        false => pick(rng, &["a.example.com", "10.0.0.1", "127.1", "a_b", "A-B.", "xn--a", "x"]),
    };
    let port = match one_in(rng, 12) {
        true => pick(
            rng,
            &[":", ":0", ":65536", ":+80", ":-1", ":000080", ":8x", ":80:80", ":99999999999999999999"],
        ),
        false => pick(rng, &["", "", ":80", ":65535", ":00080"]),
    };
    let rest = pick(rng, &["", "/", "/cb", "/cb?x=1&y=%E4", "?q", "#f", "/a?b=http://c@[d]:e", "/%"]);
    let url = format!("{scheme}{user}{host}{port}{rest}");
    // What is empty is another matter.
    if url.is_empty() { "a".to_owned() } else { nearly(rng, &[&url]) }
}

fn body(rng: &mut Rng) -> String {
    const TEXTS: [&str; 12] =
        ["a=", "&", "{\"k\":", "}", "$", "$$", "(object)", "名", " ", "%24%7B", "\\\"", "{"];
    const PLACEHOLDERS: [&str; 8] = [
        "${object}",
        "${bucket}",
        "${size}",
        "${imageInfo.width}",
        "${crc64}",
        "${vpcId}",
        "${x:user}",
        "${x:delivery}",
    ];
    const NEAR_MISSES: [&str; 10] = [
        "$ {object}",
        "$\u{a0}{object}",
        "${object",
        "${Object}",
        "${}",
        "${ object}",
        "${x:}",
        "${x:User}",
        "${httpHeader.host}",
        "${a${size}}",
    ];
    if one_in(rng, 100) {
        return String::new();
    }
    let mut body = "b".to_owned();
    for _ in 0..rng.u32(..6) {
        let piece = match rng.u32(..30) {
            0 => pick(rng, &NEAR_MISSES),
            1..16 => pick(rng, &PLACEHOLDERS),
            _ => pick(rng, &TEXTS),
        };
        body.push_str(piece);
    }
    body
}

/// Names that are all different.
fn named(texts: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> = Vec::new();
    for (name, text) in texts {
        if named.iter().all(|(other, _)| *other != name) {
            named.push((name, text));
        }
    }
    named
}

fn headers(rng: &mut Rng) -> Vec<(String, String)> {
    if one_in(rng, 10) {
        return (0..rng.usize(9..13)).map(|number| (format!("k{number}"), String::new())).collect();
    }
    let names = ["key", "a-b", "0", "x-os", "x-oss-a", "x-oss-", ""];
    let header = |rng: &mut Rng| (nearly(rng, &names), nearly(rng, &["", "value", "a: b, c"]));
    named((0..rng.usize(1..4)).map(|_| header(rng)).collect())
}

fn fields(rng: &mut Rng) -> Vec<(String, String)> {
    const VALUES: [&str; 8] =
        ["\"2.0\"", "null", " [1, {\"a\": []}] ", "true", "-1.5e3", "\"\\u00e9\"", "\"1.0\"", "{}"];
    const NO_JSON: [&str; 6] = ["", "text", "{", "'a'", "1 2", "\"a"];
    let field = |rng: &mut Rng| {
        let name = (*pick(rng, &["signatureVersion", "later", "callbackurl", "z\"é"])).to_owned();
        let value = if one_in(rng, 12) { pick(rng, &NO_JSON) } else { pick(rng, &VALUES) };
        (name, (*value).to_owned())
    };
    named((0..rng.usize(1..3)).map(|_| field(rng)).collect())
}

fn variables(rng: &mut Rng) -> Vec<(String, String)> {
    let names = ["x:user", "x:a-b.c_9", "x:0", "x:delivery", "x:", "user", ""];
    let variable = |rng: &mut Rng| {
        let names = if one_in(rng, 10) { &names[..] } else { &names[..4] };
        (nearly(rng, names), nearly(rng, &["", "42", "${size}", "é\u{2028}"]))
    };
    named((0..rng.usize(1..4)).map(|_| variable(rng)).collect())
}

/// An address in one of the ways that resolvers read.
pub fn spelled(rng: &mut Rng, address: Ipv4Addr) -> String {
    let number = |rng: &mut Rng, number: u32| match rng.u32(..4) {
        0 => format!("0x{number:x}"),
        1 => format!("0X{number:08X}"),
        2 => format!("0{number:o}"),
        _ => number.to_string(),
    };
    let bytes = rng.usize(..4);
    let mut numbers: Vec<String> =
        address.octets()[..bytes].iter().map(|byte| number(rng, u32::from(*byte))).collect();
    numbers.push(number(rng, address.to_bits() & (u32::MAX >> (8 * bytes))));
    numbers.join(".")
}
