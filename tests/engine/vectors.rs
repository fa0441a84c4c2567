//! Checks the pure layers against vectors that the official Python SDKs produced.
//!
//! Each test reads one file, and fails if the file is empty, or if its count differs from what is there or from the
//! index: a vector that is not looked at is no test.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_upload::callback::verify::{self, PublicKey};
use oss_upload::callback::{BodyType, Callback, Encoded, Values};
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Bucket, BucketOptions, SignatureVersion};
use oss_upload::sign::{Identity, Request, v1, v4};
use oss_upload::wire::crc64::{self, Crc64};
use oss_upload::wire::mistake::Mistake;
use oss_upload::wire::{content_type, date, error_reply, key, xml};
use serde_json::Value;
use std::sync::Arc;

fn read(file: &str) -> Value {
    let path = format!("{}/tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Calls `check` for every vector of a file, and makes sure that there are as many as the file and the index say.
fn for_each(file: &str, mut check: impl FnMut(&str, &Value)) {
    let document = read(file);
    let vectors = document["vectors"].as_array().expect("vectors");
    let count = document["count"].as_u64().expect("count");
    assert!(!vectors.is_empty(), "{file}: no vectors");
    assert_eq!(vectors.len() as u64, count, "{file}: the count disagrees");
    assert_eq!(
        read("index")["files"][format!("{file}.json")].as_u64(),
        Some(count),
        "{file}: the index disagrees"
    );
    for vector in vectors {
        check(text(&vector["name"]), vector);
    }
}

/// As [`for_each`], for the `count` vectors of V4 without additional headers, which the library never signs. Those that
/// have some are passed over, and known by their names; the emulator is checked against them.
fn for_each_without_additional_headers(
    file: &str,
    count: usize,
    with_additional_headers: &[&str],
    mut check: impl FnMut(&str, &Value),
) {
    let (mut checked, mut passed_over) = (0, Vec::new());
    for_each(file, |name, vector| {
        let additional_headers =
            vector["input"]["additional_headers"].as_array().expect("additional_headers");
        if additional_headers.is_empty() {
            check(name, vector);
            checked += 1;
        } else {
            passed_over.push(name.to_owned());
        }
    });
    assert_eq!(checked, count, "{file}: vectors without additional headers");
    assert_eq!(passed_over, with_additional_headers, "{file}: vectors with additional headers");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_array().unwrap_or_else(|| panic!("not a list: {value}"));
    pairs.iter().map(|pair| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned())).collect()
}

/// Numbers beyond 2^53 are written as texts.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("not a number: {value}"))
}

fn from_hex(digits: &str) -> Vec<u8> {
    assert_eq!(digits.len() % 2, 0, "{digits}");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn data(description: &Value) -> Vec<u8> {
    match text(&description["kind"]) {
        "utf8" => text(&description["text"]).as_bytes().to_vec(),
        "hex" => from_hex(text(&description["hex"])),
        "repeat" => from_hex(text(&description["hex"])).repeat(number(&description["count"]) as usize),
        "counter" => {
            let (start, step) = (number(&description["start"]), number(&description["step"]));
            (0..number(&description["length"])).map(|i| (i * step + start) as u8).collect()
        }
        kind => panic!("unknown kind of data: {kind}"),
    }
}

struct Signed {
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Signed {
    fn of(vector: &Value) -> Self {
        Self { query: pairs(&vector["input"]["query"]), headers: pairs(&vector["input"]["headers"]) }
    }

    fn request<'a>(&'a self, vector: &'a Value) -> Request<'a> {
        let input = &vector["input"];
        Request {
            method: text(&input["method"]),
            bucket: input["bucket"].as_str(),
            key: input["key"].as_str(),
            query: &self.query,
            headers: &self.headers,
        }
    }
}

fn identity(vector: &Value) -> Identity<'_> {
    let input = &vector["input"];
    Identity {
        access_key_id: text(&input["access_key_id"]),
        access_key_secret: text(&input["access_key_secret"]),
        security_token: input["security_token"].as_str(),
    }
}

fn scope(vector: &Value) -> v4::Scope<'_> {
    v4::Scope { region: text(&vector["input"]["region"]), product: text(&vector["input"]["product"]) }
}

fn clock(vector: &Value) -> i64 {
    vector["input"]["clock_unix"].as_i64().expect("clock_unix")
}

#[test]
fn v1_header() {
    for_each("v1_header", |name, vector| {
        let signed = Signed::of(vector);
        let signature = v1::sign(&signed.request(vector), &identity(vector), clock(vector));
        assert_eq!(signature.authorization, text(&vector["output"]["authorization"]), "{name}");
        assert_eq!(signature.headers_added, pairs(&vector["output"]["headers_added"]), "{name}");
        assert_eq!(date::http_date(clock(vector)), text(&vector["output"]["date"]), "{name}");
        assert_eq!(date::parse_http_date(text(&vector["output"]["date"])), Some(clock(vector)), "{name}");
    });
}

#[test]
fn v4_header() {
    let left_out = ["v4_additional_host", "v4_additional_many", "v4_callback_additional"];
    for_each_without_additional_headers("v4_header", 53, &left_out, |name, vector| {
        let output = &vector["output"];
        let (identity, now) = (identity(vector), clock(vector));
        let key = v4::SigningKey::new(&identity, &scope(vector), now);
        let signature = v4::sign(&Signed::of(vector).request(vector), &identity, &key, now);
        assert_eq!(signature.authorization, text(&output["authorization"]), "{name}");
        assert_eq!(signature.headers_added, pairs(&output["headers_added"]), "{name}");
        assert_eq!(date::iso_basic(now), text(&vector["intermediate"]["x_oss_date"]), "{name}");
    });
}

/// The parameters of a URL without regard to their order, which carries no meaning.
fn sorted(mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    pairs.sort();
    pairs
}

#[test]
fn v1_presign() {
    for_each("v1_presign", |name, vector| {
        let expires = clock(vector) + vector["input"]["expires_in_s"].as_i64().expect("expires_in_s");
        assert_eq!(Some(expires), vector["intermediate"]["expires_unix"].as_i64(), "{name}");
        let signed = Signed::of(vector);
        let presigned = v1::presign(&signed.request(vector), &identity(vector), expires);
        let expected = pairs(&vector["output"]["url_parts"]["query"]);
        assert_eq!(sorted(presigned.query), sorted(expected), "{name}");
    });
}

#[test]
fn v4_presign() {
    let left_out = ["v4_additional", "v4_additional_callback", "published_v4_url_additional"];
    for_each_without_additional_headers("v4_presign", 28, &left_out, |name, vector| {
        let signed = Signed::of(vector);
        let presigned = v4::presign(
            &signed.request(vector),
            &identity(vector),
            &scope(vector),
            clock(vector),
            number(&vector["input"]["expires_in_s"]),
        );
        let expected = pairs(&vector["output"]["url_parts"]["query"]);
        assert_eq!(sorted(presigned.query), sorted(expected), "{name}");
    });
}

#[test]
fn post_policy_v1() {
    for_each("post_policy_v1", |name, vector| {
        let fields = v1::sign_policy(text(&vector["input"]["policy_json"]), &identity(vector));
        assert_eq!(with_the_forms_own(fields, vector), form_fields(vector), "{name}");
    });
}

#[test]
fn post_policy_v4() {
    for_each("post_policy_v4", |name, vector| {
        let (identity, scope) = (identity(vector), scope(vector));
        let policy = text(&vector["input"]["policy_json"]);
        let fields = v4::sign_policy(policy, &identity, &scope, clock(vector));
        assert_eq!(with_the_forms_own(fields, vector), form_fields(vector), "{name}");

        let conditions: Value = serde_json::from_str(policy).expect("a policy");
        let has_condition = |(field, value): &(String, String)| {
            let conditions = conditions["conditions"].as_array().expect("conditions");
            conditions.iter().any(|condition| condition[field] == value.as_str())
        };
        let needed = v4::policy_fields(&identity, &scope, clock(vector));
        assert!(needed.iter().all(has_condition), "{name}: {needed:?}");
    });
}

/// The fields of the signature together with those that whoever makes the form has chosen.
fn with_the_forms_own(mut fields: Vec<(String, String)>, vector: &Value) -> Vec<(String, String)> {
    let input = &vector["input"];
    fields.push(("key".to_owned(), text(&input["key"]).to_owned()));
    let others = input["other_fields"].as_object().expect("other_fields");
    fields.extend(others.iter().map(|(name, value)| (name.clone(), text(value).to_owned())));
    sorted(fields)
}

fn form_fields(vector: &Value) -> Vec<(String, String)> {
    let fields = vector["output"]["form_fields"].as_object().expect("form_fields");
    sorted(fields.iter().map(|(name, value)| (name.clone(), text(value).to_owned())).collect())
}

#[test]
fn key_encoding() {
    for_each("key_encoding", |name, vector| {
        let object_key = text(&vector["input"]["key"]);
        assert_eq!(object_key.as_bytes(), from_hex(text(&vector["input"]["utf8_hex"])), "{name}");
        let output = &vector["output"];
        assert_eq!(key::encoded_keeping_slash(object_key), text(&output["path_keeping_slash"]), "{name}");
        assert_eq!(key::encode(object_key), text(&output["everything_encoded"]), "{name}");
        let in_bucket = key::request_path(Some("bkt"), Some(object_key)).unwrap();
        assert_eq!(in_bucket, text(&output["v4_canonical_uri_in_bucket_bkt"]), "{name}");
        assert_survives_a_url_parser(object_key);
    });
}

#[test]
fn dot_and_empty_segments_survive_a_url_parser() {
    for object_key in [
        "a/./b",
        "a/../b",
        "./a",
        "../a",
        "a/.",
        "a/..",
        "a/./",
        "a//b",
        "a//",
        "a///../b",
        "..//",
        ".../a",
        "%2e/a",
        "a/%2e%2e/b",
        "a\\..\\b",
        "a/\t./b",
        "a/ . /b",
        "a/.\n/b",
        "a/.?/b",
        "a/..#/b",
        "line\r\nend",
        "\u{0}",
        "中/../文",
    ] {
        assert_survives_a_url_parser(object_key);
    }
    // Only the path can carry these: there is a segment that is not a dot.
    for object_key in [".", ".."] {
        assert!(key::request_path(None, Some(object_key)).is_err());
        assert_path_survives(
            &key::request_path(Some("bkt"), Some(object_key)).unwrap(),
            &format!("bkt/{object_key}"),
        );
    }
    assert_path_survives(&key::request_path(None, None).unwrap(), "");
    assert_path_survives(&key::request_path(Some("bkt"), None).unwrap(), "bkt/");
}

fn assert_survives_a_url_parser(object_key: &str) {
    assert_path_survives(&key::request_path(None, Some(object_key)).unwrap(), object_key);
    assert_path_survives(
        &key::request_path(Some("bkt"), Some(object_key)).unwrap(),
        &format!("bkt/{object_key}"),
    );
}

/// The parser leaves the path alone, and a server that decodes it finds what was meant.
fn assert_path_survives(path: &str, meant: &str) {
    let url = reqwest::Url::parse(&format!("http://b.example.com:8080{path}?uploads")).unwrap();
    assert_eq!(url.path(), path, "{meant:?}");
    assert_eq!(url.query(), Some("uploads"), "{meant:?}");
    let decoded: Vec<u8> =
        percent_encoding::percent_decode_str(url.path().strip_prefix('/').unwrap()).collect();
    assert_eq!(decoded, meant.as_bytes(), "{meant:?}");
}

#[test]
fn crc64_of_data() {
    for_each("crc64", |name, vector| {
        let data = data(&vector["input"]["data"]);
        assert_eq!(data.len() as u64, number(&vector["input"]["length"]), "{name}");
        let expected = number(&vector["output"]["crc64"]);
        let hex = u64::from_str_radix(text(&vector["output"]["crc64_hex"]), 16).unwrap();
        assert_eq!(expected, hex, "{name}");
        // None goes on after other data: that is what combining is for.
        assert_eq!(number(&vector["input"]["init"]), 0, "{name}");
        for piece in [1, 7, 64, 4096, usize::MAX] {
            let mut crc = Crc64::new();
            data.chunks(piece).for_each(|piece| crc.update(piece));
            assert_eq!(crc.value(), expected, "{name} in pieces of {piece}");
        }
    });
}

#[test]
fn crc64_combine() {
    for_each("crc64_combine", |name, vector| {
        let input = &vector["input"];
        let Some(parts) = input["parts"].as_array() else {
            let combined =
                crc64::combine(number(&input["crc1"]), number(&input["crc2"]), number(&input["length2"]));
            assert_eq!(combined, number(&vector["output"]["combined"]), "{name}");
            return;
        };
        let mut whole = Crc64::new();
        let mut combined = Vec::new();
        for (position, part) in parts.iter().enumerate() {
            let data = data(&part["data"]);
            assert_eq!(data.len() as u64, number(&part["length"]), "{name}");
            let mut crc = Crc64::new();
            crc.update(&data);
            assert_eq!(crc.value(), number(&part["crc64"]), "{name}");
            whole.update(&data);
            combined.push(match combined.last() {
                None => crc.value(),
                Some(before) => crc64::combine(*before, crc.value(), data.len() as u64),
            });
            assert_eq!(combined[position], whole.value(), "{name}");
        }
        let steps: Vec<u64> = vector["intermediate"]["after_each_combine"]
            .as_array()
            .expect("steps")
            .iter()
            .map(number)
            .collect();
        assert!(!steps.is_empty(), "{name}");
        assert_eq!(combined[1..], steps, "{name}");
        assert_eq!(whole.value(), number(&vector["output"]["crc64_of_concatenation"]), "{name}");
    });
}

#[test]
fn callback_rsa() {
    let document = read("callback_rsa");
    for_each("callback_rsa", |name, vector| {
        let input = &vector["input"];
        let pem = match input["key_index"].as_u64() {
            Some(index) => &document["keys"][index as usize]["public_pem"],
            None => &document["service_key"]["public_pem"],
        };
        let key = PublicKey::from_pem(text(pem)).unwrap();
        let body = BASE64_STANDARD.decode(text(&input["body_base64"])).unwrap();
        let target = text(&input["request_target"]).as_bytes();
        let verified = verify::verify(&key, target, &body, text(&input["authorization"]));
        assert_eq!(Some(verified.is_ok()), vector["output"]["valid"].as_bool(), "{name}: {verified:?}");
    });
}

#[test]
fn xml_requests_and_replies() {
    for_each("xml", |name, vector| {
        let input = &vector["input"];
        let expected = &vector["output"]["oss2 2.19.1"];
        match name {
            "complete_request" => {
                let parts = input["parts"].as_array().expect("parts");
                assert!(!parts.is_empty());
                let body =
                    xml::complete_request(parts.iter().map(|part| (number(&part[0]) as u32, text(&part[1]))))
                        .unwrap();
                assert_eq!(body, text(expected));
                assert_eq!(body, text(&vector["output"]["alibabacloud-oss-v2 1.4.1"]));
            }
            "initiate_reply" => {
                let upload_id =
                    xml::parse_initiate(text(&input["xml"]).as_bytes(), "multipart.data").unwrap();
                assert_eq!(upload_id, text(&expected["upload_id"]));
            }
            "initiate_reply_with_namespace" => {
                // The SDK fails on it; documentation shows it, so it is read here.
                assert!(expected["exception"].is_string());
                let upload_id =
                    xml::parse_initiate(text(&input["xml"]).as_bytes(), "multipart.data").unwrap();
                assert_eq!(upload_id, "UP-NS");
            }
            "list_parts_reply" => {
                let page =
                    xml::parse_list_parts(text(&input["xml"]).as_bytes(), "multipart.data", "U1").unwrap();
                assert_eq!(Some(page.is_truncated), expected["is_truncated"].as_bool());
                let marker = page.next_part_number_marker.map(|marker| marker.to_string());
                assert_eq!(marker.as_deref(), expected["next_marker"].as_str());
                let parts: Vec<Value> = page
                    .parts
                    .iter()
                    .map(|part| serde_json::json!([part.number, part.etag, part.size]))
                    .collect();
                // The SDK also tells when each part was stored, which nothing here needs to know.
                let expected = expected["parts"].as_array().expect("parts").iter();
                let expected: Vec<Value> =
                    expected.map(|part| serde_json::json!([part[0], part[1], part[2]])).collect();
                assert_eq!(parts, expected);
                assert!(page.parts.iter().all(|part| part.crc64.is_none()));
            }
            "list_uploads_reply_url_encoded" => {
                let body = text(&input["xml"]).as_bytes();
                let page = xml::parse_list_uploads(body).unwrap();
                assert_eq!(Some(page.is_truncated), expected["is_truncated"].as_bool());
                assert_eq!(page.next.0, text(&expected["next_key_marker"]));
                assert_eq!(page.next.1, text(&expected["next_upload_id_marker"]));
                let uploads: Vec<Value> = page
                    .uploads
                    .iter()
                    .map(|upload| serde_json::json!([upload.key, upload.upload_id]))
                    .collect();
                assert_eq!(Value::from(uploads), expected["uploads"]);
                // And it is not taken for another reply.
                assert!(xml::parse_list_parts(body, "", "").is_err());
                assert!(xml::parse_initiate(body, "").is_err());
                assert!(!xml::is_complete_result(body));
                assert_eq!(error_reply::parse(body), None);
            }
            "error_no_such_upload" | "error_callback_failed" => {
                assert_error_reply(&error_reply::parse(text(&input["body"]).as_bytes()).unwrap(), expected);
            }
            "error_in_header" => {
                let header = text(&input["headers"]["x-oss-err"]);
                assert_error_reply(&error_reply::from_header(header).unwrap(), expected);
            }
            "error_truncated_xml" => {
                // The SDK finds nothing. What is there to be found is more use than nothing.
                assert_eq!(text(&expected["code"]), "");
                let reply = error_reply::parse(text(&input["body"]).as_bytes()).unwrap();
                assert_eq!((reply.code.as_str(), reply.message.as_str()), ("InternalError", "broken"));
            }
            "error_empty_body" | "error_html_body" => {
                assert_eq!(text(&expected["code"]), "");
                assert_eq!(error_reply::parse(text(&input["body"]).as_bytes()), None);
            }
            other => panic!("nothing reads the vector {other}"),
        }
    });
}

fn assert_error_reply(reply: &error_reply::ErrorReply, expected: &Value) {
    assert_eq!(reply.code, text(&expected["code"]));
    assert_eq!(reply.message, text(&expected["message"]));
    assert_eq!(reply.request_id, text(&expected["request_id"]));
    assert_eq!(reply.ec, text(&expected["ec"]));
    assert_eq!(reply.detail("HostId"), Some("h"));
}

#[test]
fn callback_encoding() {
    for_each("callback_encoding", |name, vector| {
        let callback = callback_of(&vector["input"]);
        assert!(callback.encode_with_variables().is_ok(), "{name}");
        let encoded = callback.encode().unwrap();
        let (intermediate, output) = (&vector["intermediate"], &vector["output"]);
        assert_eq!(from_base64(&encoded.callback), text(&intermediate["callback_json"]), "{name}");
        assert_eq!(encoded.callback, text(&output["callback"]), "{name}");
        let variables = encoded.variables.as_deref();
        assert_eq!(
            variables.map(from_base64).as_deref(),
            intermediate["callback_var_json"].as_str(),
            "{name}"
        );
        assert_eq!(variables, output["callback_var"].as_str(), "{name}");

        let mut query = format!("callback={}", key::encode(&encoded.callback));
        if let Some(variables) = variables {
            query += &format!("&callback-var={}", key::encode(variables));
        }
        assert_eq!(query, text(&output["query_form"]), "{name}");

        let same = &vector["same_meaning"]["ascii_json_with_blanks"];
        assert_eq!(json_of(&encoded.callback), json_of(text(&same["callback"])), "{name}");
        assert_eq!(variables.map(json_of), same["callback_var"].as_str().map(json_of), "{name}");
    });
}

/// The library neither sends without a Content-Type nor, on its own, additional headers in a callback.
#[test]
fn callback_trigger() {
    for_each("callback_trigger", |name, vector| {
        let (intermediate, output) = (&vector["intermediate"], &vector["output"]);
        let base64 = |json: &Value| json.as_str().map(|json| BASE64_STANDARD.encode(json));
        let encoded = Encoded {
            callback: base64(&intermediate["callback_json"]).expect("settings"),
            variables: base64(&intermediate["callback_var_json"]),
        };
        assert_eq!(encoded.to_trigger(), text(&output["body"]), "{name}");

        let (v1_vector, v4_vector) = (&vector["v1_header"], &vector["v4_header"]);
        let signature =
            v1::sign(&Signed::of(v1_vector).request(v1_vector), &identity(v1_vector), clock(v1_vector));
        assert_eq!(signature.authorization, text(&v1_vector["output"]["authorization"]), "{name}");
        assert_eq!(signature.headers_added, pairs(&v1_vector["output"]["headers_added"]), "{name}");
        let (identity, now) = (identity(v4_vector), clock(v4_vector));
        let key = v4::SigningKey::new(&identity, &scope(v4_vector), now);
        let signature = v4::sign(&Signed::of(v4_vector).request(v4_vector), &identity, &key, now);
        assert_eq!(signature.authorization, text(&v4_vector["output"]["authorization"]), "{name}");
        assert_eq!(signature.headers_added, pairs(&v4_vector["output"]["headers_added"]), "{name}");

        if vector["input"]["config"]["additionalHeaders"].is_null() {
            assert_is_asked_for(vector, name);
        }
    });
}

/// Checks what the library itself asks for: the query, the headers and the body.
fn assert_is_asked_for(vector: &Value, name: &str) {
    let (input, output) = (&vector["input"], &vector["output"]);
    let credentials = Arc::new(Credentials::new("id", "secret", None).unwrap());
    let mut options = BucketOptions::default();
    options.set_signature(SignatureVersion::V1);
    let bucket = text(&input["bucket"]);
    let bucket = Bucket::new("https://oss-cn-hangzhou.aliyuncs.com", bucket, credentials, &options).unwrap();
    let presigned = bucket.presign_trigger_callback(text(&input["key"]), &callback_of(input), 60).unwrap();
    assert_eq!(presigned.method, text(&output["method"]), "{name}");
    assert!(presigned.url.contains("?x-oss-process&"), "{name}: {}", presigned.url);
    assert_eq!(presigned.body.as_deref(), output["body"].as_str(), "{name}");
    let header = |name: &str| presigned.headers.iter().find(|(other, _)| other == name).unwrap().1.as_str();
    assert_eq!(header("content-md5"), text(&output["content_md5"]), "{name}");
    if let Some((_, content_type)) = pairs(&vector["v1_header"]["input"]["headers"]).first() {
        assert_eq!(header("content-type"), content_type, "{name}");
    }
}

#[test]
fn callback_additional_headers() {
    for_each("callback_additional_headers", |name, vector| {
        let (config, output) = (&vector["input"]["config"], &vector["output"]);
        let mut callback =
            Callback::new(text(&config["callbackUrl"]), text(&config["callbackBody"])).unwrap();
        let Some(headers) = config["additionalHeaders"].as_object() else {
            // Headers are added one by one, so they are a map always.
            return assert_eq!(text(&output["rule"]), "map");
        };
        let added: Result<Vec<()>, Mistake> =
            headers.iter().map(|(header, value)| callback.add_header(header, text(value))).collect();
        assert_eq!(Some(added.is_ok()), output["accepted"].as_bool(), "{name}: {added:?}");
        match added {
            // Without headers there is no map.
            Ok(_) if headers.is_empty() => {
                assert!(json_of(&callback.encode().unwrap().callback)["additionalHeaders"].is_null())
            }
            Ok(_) => assert_eq!(callback.encode().unwrap().callback, text(&output["callback"]), "{name}"),
            Err(mistake) => assert!(
                mistake.to_string().contains(match text(&output["rule"]) {
                    "count" => "at most 10",
                    "empty_key" => "empty",
                    "key_characters" => "lower-case",
                    "value_cr_lf" => "line end",
                    "prefix" => "x-oss-",
                    other => panic!("unknown rule {other}"),
                }),
                "{name}: {mistake}"
            ),
        }
    });
}

#[test]
fn callback_body() {
    for_each("callback_body", |name, vector| {
        let input = &vector["input"];
        let mut callback = Callback::new("http://app.example.com", text(&input["callbackBody"])).unwrap();
        callback.set_body_type(body_type(text(&input["callbackBodyType"]))).unwrap();
        let mut values = Values::default();
        for (variable, value) in input["values"].as_object().expect("values") {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match variable.starts_with("x:") {
                true => callback.add_variable(variable, &value).unwrap(),
                false => values.set(variable, &value).unwrap(),
            }
        }
        let body = callback.render(&values).unwrap();
        assert_eq!(body, text(&vector["output"]["body"]), "{name}");
    });
}

fn callback_of(input: &Value) -> Callback {
    let config = input["config"].as_object().expect("config");
    let mut urls = text(&config["callbackUrl"]).split(';');
    let mut callback = Callback::new(urls.next().unwrap(), text(&config["callbackBody"])).unwrap();
    urls.for_each(|url| callback.add_url(url).unwrap());
    for (field, value) in config {
        match field.as_str() {
            "callbackUrl" | "callbackBody" => {}
            "callbackHost" => callback.set_host(text(value)).unwrap(),
            "callbackSNI" => callback.set_sni(value.as_bool().unwrap()).unwrap(),
            "callbackBodyType" => callback.set_body_type(body_type(text(value))).unwrap(),
            other => panic!("unknown field {other}"),
        }
    }
    for (name, value) in input["vars"].as_object().into_iter().flatten() {
        callback.add_variable(name, text(value)).unwrap();
    }
    callback
}

fn body_type(name: &str) -> BodyType {
    match name {
        "application/json" => BodyType::Json,
        "application/x-www-form-urlencoded" => BodyType::Form,
        other => panic!("unknown body type {other}"),
    }
}

fn from_base64(encoded: &str) -> String {
    String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}

fn json_of(encoded: &str) -> Value {
    serde_json::from_str(&from_base64(encoded)).unwrap()
}

#[test]
fn content_types() {
    // Where the table and the SDK's system table part on purpose: an archive is named by its outermost form.
    let ours = [("a.gz", "application/gzip"), ("a.tar.gz", "application/gzip")];
    let mut own_ways = 0;
    for_each("content_type", |name, vector| {
        let guess = content_type::guess(text(&vector["input"]["name"]));
        if let Some((_, own)) = ours.iter().find(|(known, _)| *known == name) {
            assert_eq!(guess, *own, "{name}");
            own_ways += 1;
        } else {
            assert_eq!(guess, text(&vector["output"]["alibabacloud-oss-v2 1.4.1"]), "{name}");
        }
    });
    assert_eq!(own_ways, ours.len());
}
